// What Salesforce says of a record that it did not write -> what became of it. The same for collections and bulk jobs.
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm

import type { RecordRef, WriteResult } from '../../../src/crm/connector.ts';
import { ConnectorError, type ConnectorErrorKind } from '../../../src/crm/connector-error.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import { redactPersonalData } from '../../kit/redact.ts';
import { fetchLeads } from '../people/fetch-leads.ts';
import type { SalesforceParts } from '../streams/stream.ts';
import { mayWrite } from './own-fields.ts';

export interface RowError {
  readonly code: string;
  readonly message: string;
  /** API names of the fields concerned; none: the whole record. */
  readonly fields: readonly string[];
}

export interface RefusedRow {
  readonly ref: RecordRef;
  readonly errors: readonly RowError[];
}

/** - `fate`: the record may be gone, merged or converted. - `access`: this user may not write it, or nothing of its object. */
type Meaning = 'configuration' | 'access' | 'fate' | 'invalid' | 'retry';

/** The first that one of a row's errors means counts. */
const ORDER: readonly Meaning[] = ['configuration', 'access', 'fate', 'invalid', 'retry'];

const PASSING: ReadonlySet<string> = new Set([
  'UNABLE_TO_LOCK_ROW',
  'SERVER_UNAVAILABLE',
  'REQUEST_RUNNING_TOO_LONG',
  'QUERY_TIMEOUT',
  'ALL_OR_NONE_OPERATION_ROLLED_BACK',
]);

const FATE: ReadonlySet<string> = new Set([
  'CANNOT_UPDATE_CONVERTED_LEAD',
  'ENTITY_IS_DELETED',
  'INVALID_CROSS_REFERENCE_KEY',
  'NOT_FOUND',
]);

const CONFIGURATION: ReadonlySet<string> = new Set(['INVALID_FIELD']);

/** The same for every record where they concern our own fields; a trigger may mean others. */
const CONFIGURATION_OF_OUR_FIELDS: ReadonlySet<string> = new Set([
  'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
  'INVALID_TYPE_ON_FIELD_IN_RECORD',
]);

const RECORD_FIX = "Check the org's rules, flows and triggers for this record; then leadgrade errors retry.";
const FIXES: Readonly<Record<string, string>> = {
  DUPLICATES_DETECTED:
    'A duplicate rule blocks edits: let it alert only, or merge the duplicates. Then leadgrade errors retry.',
  ENTITY_IS_LOCKED:
    'An approval process locks the record: it is written when a result changes, or with leadgrade errors retry.',
  NUMBER_OUTSIDE_VALID_RANGE: 'Give the field of ours more digits in Salesforce; then leadgrade errors retry.',
  STRING_TOO_LONG: 'Give the field of ours more characters in Salesforce; then leadgrade errors retry.',
};

/**
 * One outcome for each row, in any order. Asks Salesforce where records have gone.
 * @throws ConnectorError `configuration` for what is the same for every record until somebody changes the org
 */
export async function resultsOfRefused(
  parts: SalesforceParts,
  rows: readonly RefusedRow[],
  signal: AbortSignal,
): Promise<readonly WriteResult[]> {
  const ours = new Set(writtenFields(parts.mapping).map(({ property }) => property.toLowerCase()));
  const read = rows.map(({ ref, errors }) => ({ ref, ...decisive(errors, ours) }));
  const configuration = read.find(({ meaning }) => meaning === 'configuration');
  if (configuration !== undefined) throw toConfigurationError(configuration.error);
  await throwUnlessWritable(
    parts,
    read.filter(({ meaning }) => meaning === 'access'),
    signal,
  );
  const fates = read.filter(({ meaning }) => meaning === 'fate');
  const others = read.filter(({ meaning }) => meaning !== 'fate');
  return [
    ...others.map(({ ref, meaning, error }): WriteResult => {
      return { kind: 'failed', ref, error: asFailure(error, meaning === 'retry' ? 'retry' : 'invalid') };
    }),
    ...(await fatesOf(parts, fates, signal)),
  ];
}

function decisive(errors: readonly RowError[], ours: ReadonlySet<string>): { meaning: Meaning; error: RowError } {
  const read = errors.map((error) => ({ meaning: meaningOf(error, ours), error }));
  const found = ORDER.flatMap((meaning) => read.filter((each) => each.meaning === meaning))[0];
  return found ?? { meaning: 'retry', error: { code: 'NO_REASON', message: 'without a reason', fields: [] } };
}

function meaningOf({ code, message, fields }: RowError, ours: ReadonlySet<string>): Meaning {
  if (CONFIGURATION.has(code)) return 'configuration';
  if (CONFIGURATION_OF_OUR_FIELDS.has(code)) {
    // The Bulk API does not always name the field.
    const isOurs = fields.length === 0 || fields.some((field) => ours.has(field.toLowerCase()));
    return isOurs ? 'configuration' : 'invalid';
  }
  if (code.startsWith('INSUFFICIENT_ACCESS') || code === 'INVALID_FIELD_FOR_INSERT_UPDATE') return 'access';
  // With a field it is about what the field refers to, not about the record.
  if (FATE.has(code)) return fields.length === 0 || fields.includes('Id') ? 'fate' : 'invalid';
  // A lock that an automation of the org met with comes in its words.
  return PASSING.has(code) || /\bUNABLE_TO_LOCK_ROW\b/.test(message) ? 'retry' : 'invalid';
}

interface RefusedOne {
  readonly ref: RecordRef;
  readonly error: RowError;
}

/** Who may write our fields at all, may not write these records: that is no matter of all of them. */
async function throwUnlessWritable(parts: SalesforceParts, rows: readonly RefusedOne[], signal: AbortSignal) {
  if (rows.length === 0) return;
  // As it is now, not as it was when it was last described.
  parts.schema.forget();
  for (const { ref, error } of rows) {
    if (!(await mayWrite(parts, ref.object, signal))) throw toConfigurationError(error);
  }
}

async function fatesOf(
  parts: SalesforceParts,
  rows: readonly RefusedOne[],
  signal: AbortSignal,
): Promise<readonly WriteResult[]> {
  if (rows.length === 0) return [];
  try {
    const refs = rows.map(({ ref }) => ref);
    const found = await fetchLeads(parts, refs, signal);
    return found.map((each): WriteResult => {
      if (each.kind === 'merged') return { kind: 'merged', ref: each.ref, into: each.into };
      if (each.kind === 'gone') return { kind: 'gone', ref: each.ref };
      // It is back.
      const error = rows.find(({ ref }) => ref.id === each.ref.id)?.error;
      return { kind: 'failed', ref: each.ref, error: asFailure(error ?? NO_ANSWER, 'retry') };
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ConnectorError)) throw error;
    // The others of the call have been written: that must not be forgotten for this.
    return rows.map(({ ref, error: refused }) => ({ kind: 'failed', ref, error: asFailure(refused, 'retry') }));
  }
}

const NO_ANSWER: RowError = { code: 'NO_ANSWER', message: 'Salesforce did not say what became of it', fields: [] };

/** A record that Salesforce said nothing of: it is written again. */
export function missingResult(ref: RecordRef): WriteResult {
  return { kind: 'failed', ref, error: asFailure(NO_ANSWER, 'retry') };
}

function asFailure({ code, message }: RowError, kind: ConnectorErrorKind): ConnectorError {
  const fix = FIXES[code] ?? (code.startsWith('INSUFFICIENT_ACCESS') ? SHARING_FIX : RECORD_FIX);
  return new ConnectorError({
    kind,
    crm: 'salesforce',
    message: `Salesforce refused the scores of a record: ${withoutValues(message)}`,
    code,
    ...(kind === 'invalid' ? { fix } : {}),
  });
}

const SHARING_FIX =
  'Let the integration user edit the record (sharing rules, or Modify All of the object); then leadgrade errors retry.';

/** What is the same for every record: nothing more can be written until somebody changes the org. */
export function toConfigurationError({ code, message, fields }: RowError): ConnectorError {
  const named = fields.length === 0 ? '' : ` (${fields.join(', ')})`;
  return new ConnectorError({
    kind: 'configuration',
    crm: 'salesforce',
    message: `Salesforce cannot keep the scores: ${withoutValues(message)}${named}`,
    code,
    fix: 'Run leadgrade doctor: it names the field or permission that is missing. leadgrade setup creates fields and values.',
  });
}

// Salesforce quotes the value that it refuses: of our own fields it is the explanation, which speaks of the person.
const QUOTED =
  /(data value too large|invalid (?:email address|phone number)|valid range on numeric field|Cannot deserialize instance of \w+)[\s\S]*$/i;

function withoutValues(message: string): string {
  return redactPersonalData(message.replace(QUOTED, '$1').trim() || 'without a reason');
}
