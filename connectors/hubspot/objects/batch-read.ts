// Reads objects by ID, 100 per call. When some are missing HubSpot responds 207, and one list of
// errors names both the objects that do not exist and those that only could not be read now. The
// two must never be confused.
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { chunksOf } from '../../../src/domain/lists/chunks.ts';
import { isolateFailures } from '../../kit/isolate-failures.ts';
import { blameOf, isUp } from '../http/blame.ts';
import type { HubSpotHttp } from '../http/client.ts';
import { failedIds, isObjectNotFound } from '../http/error-response.ts';
import { failuresById } from '../http/multi-status.ts';
import { unexpectedItem } from '../http/parse-response.ts';
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

/** The objects that could not be read, by the requested ID. */
export type ReadFailures = ReadonlyMap<string, ConnectorError>;

export interface BatchReadResult {
  /** An object that was merged is returned under the ID of its survivor. */
  readonly records: readonly HubSpotObject[];
  /**
   * The requested IDs that do not exist, according to HubSpot. For an ID in none of the lists
   * HubSpot returned nothing.
   */
  readonly missing: ReadonlySet<string>;
  /**
   * Objects that HubSpot could not read, other than because they do not exist, or returned in an
   * unexpected shape.
   */
  readonly failed: ReadFailures;
}

/**
 * Reads any number of IDs in as few calls as HubSpot allows. One that HubSpot cannot read costs
 * further calls, and no other object.
 * @throws ConnectorError of any kind when all of them cannot be read
 */
export async function batchRead(
  http: HubSpotHttp,
  request: BatchRequest,
  signal: AbortSignal,
): Promise<BatchReadResult> {
  const records: HubSpotObject[] = [];
  const missing = new Set<string>();
  const failed = new Map<string, ConnectorError>();
  for (const chunk of chunksOf([...new Set(request.ids)], request.size ?? READ_BATCH)) {
    const read = await isolateFailures(chunk, {
      send: (ids, isRetried) => readBatch(http, { ...request, ids }, isRetried, signal),
      blameOf,
      isUp: () => isUp(http, signal),
    });
    // Every single read failed alike: the request is refused, not the objects.
    const last = read.failed.at(-1);
    if (read.notSent.length > 0 && last !== undefined) throw last.error;
    for (const result of read.results) {
      records.push(...result.records);
      for (const id of result.missing) missing.add(id);
      for (const [id, error] of result.failed) failed.set(id, error);
    }
    for (const { item, error } of read.failed) failed.set(item, error);
  }
  return { records, missing, failed };
}

async function readBatch(
  http: HubSpotHttp,
  request: BatchRequest,
  isRetried: boolean,
  signal: AbortSignal,
): Promise<BatchReadResult> {
  const { type, ids, properties, idProperty, propertiesWithHistory } = request;
  const body = {
    inputs: ids.map((id) => ({ id })),
    properties,
    ...(idProperty === undefined ? {} : { idProperty }),
    ...(propertiesWithHistory === undefined ? {} : { propertiesWithHistory }),
  };
  const query = request.archived === undefined ? {} : { query: { archived: 'true' } };
  const path = http.paths.batchRead(type);
  const call = { what: `reading ${type}`, method: 'POST', path, body, isRetried, ...query } as const;
  const { results, errors } = await http.call({ ...call, responseSchema: batchSchema }, signal);
  const unexpected = results.unexpected.flatMap((item) => {
    return item.id === null ? [] : [[item.id, unexpectedItem(call.what, item)] as const];
  });
  return {
    records: results.valid,
    missing: new Set(errors.filter(isObjectNotFound).flatMap(failedIds)),
    failed: new Map([...failuresById(type, errors), ...unexpected]),
  };
}

/**
 * HubSpot returned neither a requested object nor an error for it. That proves nothing; the read is
 * retried later.
 */
export function missingResult(type: string): ConnectorError {
  const message = `HubSpot's response to a read of ${type} omits objects that it does not report as missing`;
  return new ConnectorError({ kind: 'retry', crm: 'hubspot', message, code: 'NO_RESULT' });
}
