// The error of one row -> its meaning, and the ConnectorError that describes it. Shared by
// collection calls and bulk jobs.
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm
import type { RecordRef, WriteResult } from '../../../src/crm/connector.ts';
import { ConnectorError, type ConnectorErrorKind } from '../../../src/crm/connector-error.ts';
import { ownPropertiesIn, redactPersonalData, safeCode } from '../../kit/redact.ts';

export interface RowError {
  readonly code: string;
  readonly message: string;
  /** API names of the fields concerned; empty: the whole record. */
  readonly fields: readonly string[];
}

/**
 * - `access`: this user cannot edit the record, or no record of its object.
 * - `missing`: the record may be deleted, merged or converted.
 */
type RowErrorMeaning = 'configuration' | 'access' | 'missing' | 'invalid' | 'retry';

/** If a row has several errors, the first meaning in this order decides. */
const PRECEDENCE: readonly RowErrorMeaning[] = ['configuration', 'access', 'missing', 'invalid', 'retry'];

const TEMPORARY: ReadonlySet<string> = new Set([
  'UNABLE_TO_LOCK_ROW',
  'SERVER_UNAVAILABLE',
  'REQUEST_RUNNING_TOO_LONG',
  'QUERY_TIMEOUT',
  'ALL_OR_NONE_OPERATION_ROLLED_BACK',
]);

const MISSING: ReadonlySet<string> = new Set([
  'CANNOT_UPDATE_CONVERTED_LEAD',
  'ENTITY_IS_DELETED',
  'INVALID_CROSS_REFERENCE_KEY',
  'NOT_FOUND',
]);

/**
 * Equal for every record if they concern our own fields; a trigger may raise them for other fields.
 */
const CONFIGURATION_OF_OWN_FIELDS: ReadonlySet<string> = new Set([
  // In a collection an unknown field is the error of each record that has it; the message names it.
  'INVALID_FIELD',
  'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
  'INVALID_TYPE_ON_FIELD_IN_RECORD',
]);

/**
 * The error of a row that decides about its result.
 * @param ownFields names of Leadgrade's own fields, in lower case
 */
export function decidingError(
  errors: readonly RowError[],
  ownFields: ReadonlySet<string>,
): { meaning: RowErrorMeaning; error: RowError } {
  const candidates = errors.map((error) => ({ meaning: meaningOf(error, ownFields), error }));
  const found = PRECEDENCE.flatMap((meaning) => candidates.filter((candidate) => candidate.meaning === meaning))[0];
  return found ?? { meaning: 'retry', error: { code: 'NO_REASON', message: 'no reason given', fields: [] } };
}

function meaningOf({ code, message, fields }: RowError, ownFields: ReadonlySet<string>): RowErrorMeaning {
  if (CONFIGURATION_OF_OWN_FIELDS.has(code)) {
    const quoted = [...message.matchAll(/'(\w+)'/g)].map(([, name = '']) => name);
    const named = [...fields, ...quoted.filter((name) => /__p?c$/.test(name))];
    // The Bulk API does not always name the field.
    const isOwn =
      named.length === 0 || named.some((field) => ownFields.has(field.toLowerCase().replace(/__pc$/, '__c')));
    return isOwn ? 'configuration' : 'invalid';
  }
  if (code.startsWith('INSUFFICIENT_ACCESS') || code === 'INVALID_FIELD_FOR_INSERT_UPDATE') return 'access';
  // If the error names a field, it concerns the record that the field references.
  if (MISSING.has(code)) return fields.length === 0 || fields.includes('Id') ? 'missing' : 'invalid';
  // An automation of the org that cannot lock a row raises an error with a code of its own; only
  // the message names the lock.
  return TEMPORARY.has(code) || /\bUNABLE_TO_LOCK_ROW\b/.test(message) ? 'retry' : 'invalid';
}

const RECORD_FIX =
  'Check the rules, flows and triggers of the org for this record, then run "npx leadgrade errors retry".';
const SHARING_FIX =
  'Let the integration user edit the record (sharing rules, or Modify All on the object), then run "npx leadgrade errors retry".';
const FIXES: Readonly<Record<string, string>> = {
  DUPLICATES_DETECTED:
    'A duplicate rule blocks edits: let it only alert, or merge the duplicates, then run "npx leadgrade errors retry".',
  ENTITY_IS_LOCKED:
    'An approval process locks the record. It is written when its result changes, or by "npx leadgrade errors retry".',
  INVALID_PERSON_ACCOUNT_OPERATION:
    'Let the integration user read and edit Account: the scores of a person account are written through it. Then run "npx leadgrade errors retry".',
  NUMBER_OUTSIDE_VALID_RANGE:
    'Allow more digits for the Leadgrade field in Salesforce, then run "npx leadgrade errors retry".',
  STRING_TOO_LONG:
    'Allow more characters for the Leadgrade field in Salesforce, then run "npx leadgrade errors retry".',
};

/** The error of a single record. */
export function toRecordError({ code, message }: RowError, kind: ConnectorErrorKind): ConnectorError {
  const fix = FIXES[code] ?? (code.startsWith('INSUFFICIENT_ACCESS') ? SHARING_FIX : RECORD_FIX);
  return new ConnectorError({
    kind,
    crm: 'salesforce',
    message: `Salesforce refused the scores of a record: ${safeCode(code) ?? 'REFUSED'}${ownPropertiesIn(message)}`,
    reason: withoutValues(message),
    code: safeCode(code) ?? 'REFUSED',
    ...(kind === 'invalid' ? { fix } : {}),
  });
}

/** An error that is equal for every record: no score can be written until the org is changed. */
export function toConfigurationError({ code, message, fields }: RowError): ConnectorError {
  const names = fields.filter((field) => safeCode(field) !== null);
  const named = names.length === 0 ? ownPropertiesIn(message) : ` (${names.join(', ')})`;
  return new ConnectorError({
    kind: 'configuration',
    crm: 'salesforce',
    message: `Salesforce cannot store the scores: ${safeCode(code) ?? 'REFUSED'}${named}`,
    reason: withoutValues(message),
    code: safeCode(code) ?? 'REFUSED',
    fix: 'Run "npx leadgrade doctor": it names the missing field or permission. "npx leadgrade setup" creates fields and values.',
  });
}

export const NO_RESULT: RowError = { code: 'NO_RESULT', message: 'Salesforce returned no result', fields: [] };

/** For a record without a result in Salesforce's response: it is written again. */
export function missingResult(ref: RecordRef): WriteResult {
  return { kind: 'failed', ref, error: toRecordError(NO_RESULT, 'retry') };
}

// Salesforce quotes the value that it refuses. Among our own fields that is the explanation, which
// describes a person.
const QUOTED =
  /(data value too large|invalid (?:email address|phone number)|valid range on numeric field|Cannot deserialize instance of \w+)[\s\S]*$/i;

function withoutValues(message: string): string {
  return redactPersonalData(message.replace(QUOTED, '$1').trim() || 'no reason given');
}
