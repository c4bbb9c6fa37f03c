// Reads companies by ID with a bounded cache: many contacts share a company.

import type { HubSpotHttp } from '../http/client.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import { batchRead, missingResult, type ReadFailures } from '../objects/batch-read.ts';

const MAX_CACHED = 5000;

export interface Companies {
  /** Null for a company that was deleted or merged: the next read of the link returns another. */
  readonly of: ReadonlyMap<string, HubSpotObject | null>;
  /** The companies that could not be read, by ID; they are absent in `of`. */
  readonly failed: ReadFailures;
}

/** Reads companies in batches, recently read ones from the cache. */
export type CompanyReader = (ids: readonly string[], signal: AbortSignal) => Promise<Companies>;

export function createCompanyReader(http: HubSpotHttp, properties: readonly string[]): CompanyReader {
  const cache = new Map<string, HubSpotObject | null>();
  return async (ids, signal) => {
    const wanted = [...new Set(ids)];
    const uncached = wanted.filter((id) => !cache.has(id));
    const read = await batchRead(http, { type: 'companies', ids: uncached, properties }, signal);
    const failed = new Map(read.failed);
    const found = new Map<string, HubSpotObject | null>(read.records.map((company) => [company.id, company]));
    // A company under an ID that was not requested is the survivor of a requested one.
    const hasSurvivors = read.records.some((company) => !uncached.includes(company.id));
    for (const id of uncached.filter((each) => !found.has(each) && !failed.has(each))) {
      // HubSpot returned neither the company nor that it does not exist.
      if (read.missing.has(id) || hasSurvivors) found.set(id, null);
      else failed.set(id, missingResult('companies'));
    }
    const known = wanted.filter((id) => !failed.has(id));
    const result = new Map(known.map((id) => [id, found.get(id) ?? cache.get(id) ?? null]));
    for (const [id, company] of found) cache.set(id, company);
    // Evicts the oldest entries first: a Map iterates in the order of insertion.
    for (const id of cache.keys()) {
      if (cache.size <= MAX_CACHED) break;
      cache.delete(id);
    }
    return { of: result, failed };
  };
}
