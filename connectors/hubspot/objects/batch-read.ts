// Objects by id, a hundred a call. HubSpot answers 207 when some are missing, and then one list names both those that do not
// exist and those that only could not be read now: the two must never be taken for each other.

import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { chunksOf } from '../../../src/domain/chunks.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { failedIds } from '../http/error-response.ts';
import { throwOnPartialFailure } from '../http/multi-status.ts';
import { batchAnswer, type HubSpotObject } from '../http/responses.ts';
import { READ_BATCH } from './object-reads.ts';

interface BatchRequest {
  readonly type: string;
  readonly ids: readonly string[];
  readonly properties: readonly string[];
  /** A unique property that `ids` are values of, e.g. `email`. */
  readonly idProperty?: string;
  /** Asks among those that were deleted and can be restored, instead of those that are there. */
  readonly archived?: true;
  /** Properties whose former values are asked for as well; HubSpot then takes no more than `HISTORY_BATCH` ids a call. */
  readonly propertiesWithHistory?: readonly string[];
  /** Ids a call; absent: `READ_BATCH`. */
  readonly size?: number;
}

export interface BatchAnswer {
  /** An old id may answer under a new one. */
  readonly records: readonly HubSpotObject[];
  /** What HubSpot says does not exist, as it was asked for. An id that is in neither was simply not answered. */
  readonly missing: ReadonlySet<string>;
}

/**
 * Any number of ids, in as few calls as HubSpot allows.
 * @throws ConnectorError `retry` when HubSpot could not read some of them for any reason but that they do not exist
 */
export async function batchRead(http: HubSpotHttp, request: BatchRequest, signal: AbortSignal): Promise<BatchAnswer> {
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
    const answer = await http.call({ what, method: 'POST', path, body, answer: batchAnswer, ...query }, signal);
    throwOnPartialFailure(type, answer.errors);
    records.push(...answer.results);
    for (const id of answer.errors.flatMap(failedIds)) missing.add(id);
  }
  return { records, missing };
}

/** HubSpot said nothing of an object that it was asked for: nothing can be concluded, it is asked again later. */
export function missingResult(type: string): ConnectorError {
  const message = `HubSpot answered a read of ${type} without some that it has not named as missing`;
  return new ConnectorError({ kind: 'retry', crm: 'hubspot', message, code: 'NO_ANSWER' });
}
