// API versions, and the remaining quotas of the org.
import type { Reply } from '../../http/reply.ts';
import { ok } from '../../http/reply.ts';
import { type Endpoint, LAST_VERSION } from '../http/endpoint.ts';

const FIRST_LISTED = 60;

/** GET /services/data; needs no token. */
export function listVersions(): Reply {
  const numbers = Array.from({ length: LAST_VERSION - FIRST_LISTED + 1 }, (_, at) => FIRST_LISTED + at);
  return ok(numbers.map((n) => ({ label: `Version ${n}`, url: `/services/data/v${n}.0`, version: `${n}.0` })));
}

/** https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_limits.htm */
export const limits: Endpoint = ({ context, org }) => {
  const { usage, jobs } = context;
  const queries = jobs.all().filter(({ kind }) => kind === 'query').length;
  const batches = jobs.all().filter(({ kind }) => kind === 'ingest').length;
  const left = (Max: number, used: number) => ({ Max, Remaining: Math.max(0, Max - used) });
  return ok({
    DailyApiRequests: left(usage.limit, usage.used(org.clock.now())),
    DailyBulkApiBatches: left(15_000, batches),
    DailyBulkV2QueryJobs: left(10_000, queries),
  });
};
