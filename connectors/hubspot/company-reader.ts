// Companies by id with a bounded memory for one pass: many contacts share a company.
import type { HubSpotObject } from './answers.ts';
import type { HubSpotHttp } from './http.ts';
import { batchRead } from './object-reads.ts';

const MOST_KEPT = 5000;

/** Reads companies in batches; those read lately come from memory. A company that is gone is null. */
export type CompanyReader = (
  ids: readonly string[],
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, HubSpotObject | null>>;

export function createCompanyReader(http: HubSpotHttp, properties: readonly string[]): CompanyReader {
  const kept = new Map<string, HubSpotObject | null>();
  return async (ids, signal) => {
    const wanted = [...new Set(ids)];
    const missing = wanted.filter((id) => !kept.has(id));
    const read = await batchRead(http, { type: 'companies', ids: missing, properties }, signal);
    const found = new Map<string, HubSpotObject | null>(missing.map((id) => [id, null]));
    for (const company of read) found.set(company.id, company);
    const answer = new Map(wanted.map((id) => [id, found.get(id) ?? kept.get(id) ?? null]));
    for (const [id, company] of found) kept.set(id, company);
    // The oldest go first: a Map keeps the order of insertion.
    for (const id of kept.keys()) {
      if (kept.size <= MOST_KEPT) break;
      kept.delete(id);
    }
    return answer;
  };
}
