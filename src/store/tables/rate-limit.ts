// Token buckets of the rate limiter on Postgres.
import type { Instant } from './column-types.ts';

/** One bucket for each limit of a CRM. */
export interface RateBucketsTable {
  key: string;
  tokens: number;
  refilled_at: Instant;
  /** Set when the CRM asked for a pause (429): no token before this instant. */
  blocked_until: Instant | null;
}
