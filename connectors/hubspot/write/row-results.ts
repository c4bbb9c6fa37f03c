// Matches the response of a batch update to its rows. HubSpot returns results in any order, and
// under another ID if a contact was merged.
import type { WriteResult } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { contactRef, mergedIds } from '../contacts/contact-mapping.ts';
import type { RowError } from '../http/error-response.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import { modifiedAt } from '../objects/modified-at.ts';
import { failed, type Row, resultOfError, rowErrorsById, rowFailure, throwIfConfiguration } from './row-errors.ts';

export interface MatchedResults {
  readonly results: WriteResult[];
  /** Rows for which HubSpot returned neither a result nor an error. */
  readonly missing: readonly Row[];
  /** Results under an ID that was not sent. */
  readonly unrequested: readonly HubSpotObject[];
}

/** @throws ConnectorError `configuration` */
export function matchResults(
  rows: readonly Row[],
  response: { results: readonly HubSpotObject[]; errors: readonly RowError[] },
  ourProperties: ReadonlySet<string>,
): MatchedResults {
  for (const error of response.errors) {
    throwIfConfiguration({ ...error, errors: [error] }, rowFailure(error), ourProperties);
  }
  const written = new Map(response.results.map((result) => [result.id, result]));
  const bad = rowErrorsById(rows, response.errors);
  const sent = new Set(rows.map((row) => row.id));
  const unrequested = response.results.filter((result) => !sent.has(result.id));
  const missing: Row[] = [];
  const results = rows.flatMap((row): WriteResult[] => {
    const result = written.get(row.id);
    if (result !== undefined) return [{ kind: 'written', ref: contactRef(row.id), modifiedAt: writtenAt(result) }];
    const error = bad.get(row.id);
    if (error !== undefined) return [resultOfError(row.id, error)];
    const survivor = unrequested.find((record) => mergedIds(record).includes(row.id));
    if (survivor !== undefined) return [merged(row.id, survivor)];
    missing.push(row);
    return [];
  });
  return { results, missing, unrequested };
}

/**
 * The result of a row that was sent alone and not returned: an unrequested record must be its
 * survivor.
 */
export function resultOfSingleRow(id: string, unrequested: readonly HubSpotObject[]): WriteResult {
  const [survivor] = unrequested;
  if (survivor !== undefined) return merged(id, survivor);
  const message = "HubSpot's response to the write does not name this contact";
  return failed(id, new ConnectorError({ kind: 'retry', crm: 'hubspot', message, code: 'NO_RESULT' }));
}

function merged(id: string, survivor: HubSpotObject): WriteResult {
  return { kind: 'merged', ref: contactRef(id), into: contactRef(survivor.id) };
}

function writtenAt(result: HubSpotObject): string | null {
  const known = result.properties.lastmodifieddate ?? result.updatedAt ?? null;
  return known === null ? null : modifiedAt(result);
}
