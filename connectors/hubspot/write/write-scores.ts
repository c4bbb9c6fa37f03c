// Writes Leadgrade's properties in batches of 100. A bad row does not keep the others from being
// written: a refused batch is sent again without the rows that the error names, or else in halves.

import type { ScorePatch, WriteResult } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { chunksOf } from '../../../src/domain/chunks.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { writtenFields } from '../../../src/mapping/write-back.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { type ErrorBody, HubSpotHttpError, isObjectNotFound } from '../http/error-response.ts';
import { batchSchema } from '../http/responses/objects.ts';
import type { HubSpotParts } from '../parts.ts';
import { failed, gone, type Row, resultOfError, rowErrorsById, throwIfConfiguration } from './row-errors.ts';
import { matchResults, resultOfSingleRow } from './row-results.ts';

export const WRITE_BATCH = 100;

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
  for (const batch of chunksOf([...rows.values()], WRITE_BATCH)) {
    results.push(...(await writeBatch(http, batch, signal)));
  }
  return results;
}

/** All values are strings; an empty one clears the property. */
function toProperties(mapping: Mapping, patch: ScorePatch): Readonly<Record<string, string>> {
  const properties = writtenFields(mapping).flatMap(({ field, property }) => {
    const value = patch.values[field];
    return value === undefined ? [] : [[property, value === null ? '' : String(value)] as const];
  });
  return Object.fromEntries(properties);
}

async function writeBatch(http: HubSpotHttp, rows: readonly Row[], signal: AbortSignal): Promise<WriteResult[]> {
  if (rows.length === 0) return [];
  const path = http.paths.batchUpdate('contacts');
  const body = { inputs: rows };
  try {
    const response = await http.call(
      { what: 'writing scores', method: 'POST', path, body, responseSchema: batchSchema },
      signal,
    );
    const { results, missing, unrequested } = matchResults(rows, response);
    for (const row of missing) {
      // Written alone, a row gets a response that belongs to no other row.
      if (rows.length > 1) results.push(...(await writeRest(http, [row], signal)));
      else results.push(resultOfSingleRow(row.id, unrequested));
    }
    return results;
  } catch (error) {
    if (!(error instanceof ConnectorError) || !(error.cause instanceof HubSpotHttpError)) throw error;
    if (error.kind !== 'invalid' && error.kind !== 'not-found') throw error;
    const { body: errorBody } = error.cause;
    if (error.kind === 'not-found' && !isAboutContacts(errorBody)) throw error;
    throwIfConfiguration(errorBody, error);
    return await writeWithoutBadRows(http, rows, error, errorBody, signal);
  }
}

/** A wrong path or a misrouted gateway responds 404 as well; then no contact is gone. */
function isAboutContacts(body: ErrorBody): boolean {
  return isObjectNotFound(body) || /\b(not exist|deleted)\b/i.test(body.message ?? '');
}

async function writeWithoutBadRows(
  http: HubSpotHttp,
  rows: readonly Row[],
  error: ConnectorError,
  body: ErrorBody,
  signal: AbortSignal,
): Promise<WriteResult[]> {
  const [only] = rows;
  if (rows.length === 1 && only !== undefined) {
    return [error.kind === 'not-found' ? gone(only.id) : failed(only.id, error)];
  }
  const bad = rowErrorsById(rows, body.errors ?? []);
  if (bad.size > 0) {
    const good = rows.filter((row) => !bad.has(row.id));
    return [...[...bad].map(([id, rowError]) => resultOfError(id, rowError)), ...(await writeRest(http, good, signal))];
  }
  const middle = Math.ceil(rows.length / 2);
  const first = await writeBatch(http, rows.slice(0, middle), signal);
  return [...first, ...(await writeRest(http, rows.slice(middle), signal))];
}

/** Errors after which a later call may succeed. */
const TEMPORARY: ReadonlySet<string> = new Set(['retry', 'rate-limited', 'budget-spent']);

/**
 * Writes rows after other rows of the batch. A temporary failure must not lose the results of
 * those.
 */
async function writeRest(http: HubSpotHttp, rows: readonly Row[], signal: AbortSignal): Promise<WriteResult[]> {
  try {
    return await writeBatch(http, rows, signal);
  } catch (error) {
    if (!(error instanceof ConnectorError) || !TEMPORARY.has(error.kind)) throw error;
    return rows.map(({ id }) => failed(id, error));
  }
}
