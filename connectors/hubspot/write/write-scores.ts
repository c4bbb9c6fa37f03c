// Writes Leadgrade's properties in batches of 100. A bad row does not keep the others from being
// written: a refused batch is sent again without the rows that the error names, or else in halves.

import type { ScorePatch, WriteResult } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { chunksOf } from '../../../src/domain/lists/chunks.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import { type Blame, isolateFailures } from '../../kit/isolate-failures.ts';
import { blameOf, isUp } from '../http/blame.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { type ErrorBody, HubSpotHttpError, isObjectNotFound } from '../http/error-response.ts';
import { batchSchema } from '../http/responses/objects.ts';
import type { HubSpotParts } from '../parts.ts';
import {
  failed,
  gone,
  type Row,
  resultOfError,
  rowErrorsById,
  singleRowFailure,
  throwIfConfiguration,
} from './row-errors.ts';
import { type MatchedResults, matchResults, resultOfSingleRow } from './row-results.ts';

export const WRITE_BATCH = 100;
/** HubSpot allows 19 calls a second; a full batch takes up to a second. */
export const WRITES_AT_ONCE = 16;

/** HubSpot truncates a text property at 65,536 characters. */
export const MAX_TEXT_LENGTH = 65_536;

/**
 * Returns one result per patch. A repeated write changes nothing, so a time-out is simply retried.
 * @throws ConnectorError `configuration` when a property or an option is missing (no further score
 *   can be written until it exists); any kind that concerns the call and not a row
 */
export async function writeScores(
  { http, mapping }: Pick<HubSpotParts, 'http' | 'mapping'>,
  patches: readonly ScorePatch[],
  signal: AbortSignal,
): Promise<readonly WriteResult[]> {
  const rows = new Map(
    patches.map((patch) => [patch.ref.id, { id: patch.ref.id, properties: toProperties(mapping, patch) }]),
  );
  const results: WriteResult[] = [];
  const ourProperties = new Set(writtenFields(mapping).map(({ property }) => property));
  for (const batch of chunksOf([...rows.values()], WRITE_BATCH)) {
    results.push(...(await writeBatch({ http, signal, ourProperties }, batch)));
  }
  return results;
}

/** All values are strings; an empty one clears the property. */
function toProperties(mapping: Mapping, patch: ScorePatch): Readonly<Record<string, string>> {
  const properties = writtenFields(mapping).flatMap(({ key, property }) => {
    const value = patch.values[key];
    return value === undefined ? [] : [[property, value === null ? '' : String(value)] as const];
  });
  return Object.fromEntries(properties);
}

interface Writer {
  readonly http: HubSpotHttp;
  readonly signal: AbortSignal;
  /** The names of our properties. */
  readonly ourProperties: ReadonlySet<string>;
}

/** Errors after which a later call may succeed. */
const TEMPORARY: ReadonlySet<string> = new Set(['retry', 'rate-limited', 'budget-spent']);

/**
 * Writes rows; those that HubSpot refuses without naming them are found by halving.
 * @throws ConnectorError when no row was written and the failure concerns no single row
 */
async function writeBatch(writer: Writer, rows: readonly Row[]): Promise<WriteResult[]> {
  const done: WriteResult[] = [];
  try {
    const { failed: refused, notSent } = await isolateFailures(rows, {
      send: async (part, isFirst) => {
        done.push(...(await writeRows(writer, part, isFirst)));
      },
      blameOf: blameOfWrite,
      isUp: () => isUp(writer.http, writer.signal),
    });
    const errors = refused.map(({ item, error }) => [item.id, singleRowFailure(error)] as const);
    done.push(...errors.map(([id, error]) => (error.kind === 'not-found' ? gone(id) : failed(id, error))));
    const same = errors.at(-1)?.[1];
    if (same !== undefined) done.push(...notSent.map(({ id }) => failed(id, same)));
    return done;
  } catch (error) {
    // A temporary failure must not lose the results of the rows before.
    if (!(error instanceof ConnectorError) || !TEMPORARY.has(error.kind) || done.length === 0) throw error;
    const written = new Set(done.map(({ ref }) => ref.id));
    return [...done, ...rows.filter(({ id }) => !written.has(id)).map(({ id }) => failed(id, error))];
  }
}

/** A wrong path or a misrouted gateway responds 404 as well; then no contact is gone. */
function blameOfWrite(error: ConnectorError): Blame {
  if (error.kind !== 'not-found') return blameOf(error);
  return error.cause instanceof HubSpotHttpError && isAboutContacts(error.cause.body) ? 'items' : 'none';
}

/**
 * One call for all rows, and one more without the rows that a refusal names.
 * @throws ConnectorError of any kind; a refusal of single rows only if it does not name them
 */
async function writeRows(writer: Writer, rows: readonly Row[], isRetried: boolean): Promise<WriteResult[]> {
  if (rows.length === 0) return [];
  const { http, signal, ourProperties } = writer;
  const path = http.paths.batchUpdate('contacts');
  const call = { what: 'writing scores', method: 'POST', path, body: { inputs: rows }, isRetried } as const;
  try {
    const { results, errors } = await http.call({ ...call, responseSchema: batchSchema }, signal);
    // A result of an unexpected shape is a result all the same.
    const others = results.unexpected.flatMap(({ id }) => (id === null ? [] : [{ id, properties: {} }]));
    const matched = matchResults(rows, { results: [...results.valid, ...others], errors }, ourProperties);
    return [...matched.results, ...(await writeMissing(writer, rows, matched))];
  } catch (error) {
    if (!(error instanceof ConnectorError) || blameOfWrite(error) !== 'items') throw error;
    return await writeWithoutNamed(writer, rows, error);
  }
}

/**
 * Writes the rows that a refusal does not name.
 * @throws the refusal if it names none, ConnectorError `configuration`
 */
async function writeWithoutNamed(writer: Writer, rows: readonly Row[], error: ConnectorError): Promise<WriteResult[]> {
  const body = error.cause instanceof HubSpotHttpError ? error.cause.body : {};
  throwIfConfiguration(body, error, writer.ourProperties);
  const bad = rowErrorsById(rows, body.errors ?? []);
  if (bad.size === 0) throw error;
  const named = [...bad].map(([id, rowError]) => resultOfError(id, rowError));
  const good = rows.filter((row) => !bad.has(row.id));
  return good.length === 0 ? named : [...named, ...(await writeBatch(writer, good))];
}

/** A row without a result is written alone: its response belongs to no other row. */
async function writeMissing(writer: Writer, rows: readonly Row[], matched: MatchedResults): Promise<WriteResult[]> {
  const { missing, unrequested } = matched;
  if (rows.length === 1) return missing.map(({ id }) => resultOfSingleRow(id, unrequested));
  const results: WriteResult[] = [];
  for (const row of missing) results.push(...(await writeAlone(writer, row)));
  return results;
}

async function writeAlone(writer: Writer, row: Row): Promise<WriteResult[]> {
  try {
    return await writeBatch(writer, [row]);
  } catch (error) {
    if (!(error instanceof ConnectorError) || !TEMPORARY.has(error.kind)) throw error;
    return [failed(row.id, error)];
  }
}

function isAboutContacts(body: ErrorBody): boolean {
  return isObjectNotFound(body) || /\b(not exist|deleted)\b/i.test(body.message ?? '');
}
