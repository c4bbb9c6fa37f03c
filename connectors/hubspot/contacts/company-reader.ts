// Companies by id with a bounded memory for one pass: many contacts share a company.

import type { HubSpotHttp } from '../http/client.ts';
import type { HubSpotObject } from '../http/responses.ts';
import { batchRead, missingResult } from '../objects/batch-read.ts';

const MOST_KEPT = 5000;

/**
 * Reads companies in batches; those read lately come from memory. A company that is gone or was merged is null: the link
 * tells of another one next time.
 * @throws ConnectorError `retry` when HubSpot says of a company neither what it is nor that it is gone
 */
export type CompanyReader = (
  ids: readonly string[],
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, HubSpotObject | null>>;

export function createCompanyReader(http: HubSpotHttp, properties: readonly string[]): CompanyReader {
  const kept = new Map<string, HubSpotObject | null>();
  return async (ids, signal) => {
    const wanted = [...new Set(ids)];
    const unread = wanted.filter((id) => !kept.has(id));
    const { records, missing } = await batchRead(http, { type: 'companies', ids: unread, properties }, signal);
    const found = new Map<string, HubSpotObject | null>(unread.map((id) => [id, null]));
    // A company under an id that nobody asked for is what one of those became.
    const merged = records.some((company) => !found.has(company.id));
    for (const company of records) found.set(company.id, company);
    const silent = unread.some((id) => found.get(id) === null && !missing.has(id));
    if (silent && !merged) throw missingResult('companies');
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
