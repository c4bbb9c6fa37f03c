// The rate limits of the portal, as token buckets that stay within HubSpot's rolling windows.
import type { BucketSize } from '../../../src/domain/limits/rate-limiter.ts';

export const BURST_KEY = 'hubspot:burst';
export const SEARCH_KEY = 'hubspot:search';

// Free and Starter portals: 100 calls per 10 s and app. Every response but a search's reports the
// portal's own limit.
const DEFAULT_LIMIT = 100;
const DEFAULT_WINDOW_MS = 10_000;

// Search: 5 per second and account (older pages: 4). A burst of 1 and 3 per second stay within 4 in
// any second.
export const SEARCH_SIZE: BucketSize = { burst: 1, perSecond: 3 };

/**
 * @param limit calls per window, from X-HubSpot-RateLimit-Max
 * @returns a steady flow of 95.5 % of them, and a burst of 2 %. The rest is for calls that arrive later than they were
 *   granted: with 190 calls in 10 s, a window with the burst has 5 calls to spare, and any other 8
 */
export function bucketSize(limit = DEFAULT_LIMIT, windowMs = DEFAULT_WINDOW_MS): BucketSize {
  return { burst: Math.max(1, Math.floor(limit * 0.02)), perSecond: Math.max(0.1, (limit * 955) / windowMs) };
}

/**
 * The size that the headers of a response report; null if they report none, as those of a search.
 */
export function sizeFromHeaders(headers: Headers): BucketSize | null {
  const limit = parsePositive(headers.get('x-hubspot-ratelimit-max'));
  const windowMs = parsePositive(headers.get('x-hubspot-ratelimit-interval-milliseconds'));
  return limit === null ? null : bucketSize(limit, windowMs ?? DEFAULT_WINDOW_MS);
}

function parsePositive(text: string | null): number | null {
  const value = Number(text);
  return text !== null && Number.isFinite(value) && value > 0 ? value : null;
}
