// Reads objects by ID, 100 per call. When some are missing HubSpot responds 207, and one list of
// errors names both the objects that do not exist and those that only could not be read now. The
// two must never be confused.

import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { chunksOf } from '../../../src/domain/chunks.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { failedIds } from '../http/error-response.ts';
import { throwOnPartialFailure } from '../http/multi-status.ts';
import { batchSchema, type HubSpotObject } from '../http/responses/objects.ts';
import { READ_BATCH } from './object-reads.ts';

interface BatchRequest {
  readonly type: string;
  readonly ids: readonly string[];
  readonly properties: readonly string[];
  /** A unique property whose values `ids` are, e.g. `email`. */
  readonly idProperty?: string;
  /** Reads deleted objects that can still be restored, instead of existing ones. */
  readonly archived?: true;
  /**
   * Properties to read with their former values; HubSpot then accepts at most `HISTORY_BATCH` IDs
   * per call.
   */
  readonly propertiesWithHistory?: readonly string[];
  /** IDs per call; absent = `READ_BATCH`. */
  readonly size?: number;
}

export interface BatchReadResult {
  /** An object that was merged is returned under the ID of its survivor. */
  readonly records: readonly HubSpotObject[];
  /**
   * The requested IDs that do not exist, according to HubSpot. For an ID in neither list HubSpot
   * returned nothing.
   */
  readonly missing: ReadonlySet<string>;
}

/**
 * Reads any number of IDs in as few calls as HubSpot allows.
 * @throws ConnectorError `retry` when HubSpot could not read some of them, other than because they
 *   do not exist
 */
export async function batchRead(
  http: HubSpotHttp,
  request: BatchRequest,
  signal: AbortSignal,
): Promise<BatchReadResult> {
  const { type, properties, idProperty, propertiesWithHistory } = request;
  const records: HubSpotObject[] = [];
  const missing = new Set<string>();
  for (const ids of chunksOf([...new Set(request.ids)], request.size ?? READ_BATCH)) {
    const inputs = ids.map((id) => ({ id }));
    const body = {
      inputs,
      properties,
      ...(idProperty === undefined ? {} : { idProperty }),
      ...(propertiesWithHistory === undefined ? {} : { propertiesWithHistory }),
    };
    const query = request.archived === undefined ? {} : { query: { archived: 'true' } };
    const path = http.paths.batchRead(type);
    const what = `reading ${type}`;
    const response = await http.call(
      { what, method: 'POST', path, body, responseSchema: batchSchema, ...query },
      signal,
    );
    throwOnPartialFailure(type, response.errors);
    records.push(...response.results);
    for (const id of response.errors.flatMap(failedIds)) missing.add(id);
  }
  return { records, missing };
}

/**
 * HubSpot returned neither a requested object nor an error for it. That proves nothing; the read is
 * retried later.
 */
export function missingResult(type: string): ConnectorError {
  const message = `HubSpot's response to a read of ${type} omits objects that it does not report as missing`;
  return new ConnectorError({ kind: 'retry', crm: 'hubspot', message, code: 'NO_RESULT' });
}
