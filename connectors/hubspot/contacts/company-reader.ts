// Reads companies by ID with a bounded cache: many contacts share a company.

import type { HubSpotHttp } from '../http/client.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import { batchRead, missingResult } from '../objects/batch-read.ts';

const MAX_CACHED = 5000;

/**
 * Reads companies in batches, recently read ones from the cache. The result is null for a company
 * that was deleted or merged: the next read of the contact's link returns another company.
 * @throws ConnectorError `retry` when HubSpot returns neither a company nor that it does not exist
 */
export type CompanyReader = (
  ids: readonly string[],
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, HubSpotObject | null>>;

export function createCompanyReader(http: HubSpotHttp, properties: readonly string[]): CompanyReader {
  const cache = new Map<string, HubSpotObject | null>();
  return async (ids, signal) => {
    const wanted = [...new Set(ids)];
    const uncached = wanted.filter((id) => !cache.has(id));
    const { records, missing } = await batchRead(http, { type: 'companies', ids: uncached, properties }, signal);
    const found = new Map<string, HubSpotObject | null>(uncached.map((id) => [id, null]));
    // A company under an ID that was not requested is the survivor of a requested one.
    const hasSurvivors = records.some((company) => !found.has(company.id));
    for (const company of records) found.set(company.id, company);
    const isIncomplete = uncached.some((id) => found.get(id) === null && !missing.has(id));
    if (isIncomplete && !hasSurvivors) throw missingResult('companies');
    const result = new Map(wanted.map((id) => [id, found.get(id) ?? cache.get(id) ?? null]));
    for (const [id, company] of found) cache.set(id, company);
    // Evicts the oldest entries first: a Map iterates in the order of insertion.
    for (const id of cache.keys()) {
      if (cache.size <= MAX_CACHED) break;
      cache.delete(id);
    }
    return result;
  };
}
