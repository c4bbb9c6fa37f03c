// How fast this portal may be called: a token bucket that stays within HubSpot's rolling windows.
import type { BucketSize } from '../../../src/domain/rate-limiter.ts';

export const BURST_KEY = 'hubspot:burst';
export const SEARCH_KEY = 'hubspot:search';

// Free and Starter portals: 100 in 10 s an app. Answers other than searches tell the portal's own limit.
const DEFAULT_LIMIT = 100;
const DEFAULT_WINDOW_MS = 10_000;

// Search: 5 a second an account (older pages: 4). One at once and 3 more a second stay within 4 in any second.
export const SEARCH_SIZE: BucketSize = { burst: 1, perSecond: 3 };

/**
 * @param limit calls in a window, as X-HubSpot-RateLimit-Max says
 * @returns 5 % of them at once, the rest as a steady flow: burst + window * perSecond = limit, in any window
 */
export function bucketSize(limit = DEFAULT_LIMIT, windowMs = DEFAULT_WINDOW_MS): BucketSize {
  const burst = Math.max(1, Math.floor(limit * 0.05));
  return { burst, perSecond: Math.max(0.1, ((limit - burst) * 1000) / windowMs) };
}

/** The size that an answer's headers tell; null where they tell none (searches never do). */
export function sizeFromHeaders(headers: Headers): BucketSize | null {
  const limit = positive(headers.get('x-hubspot-ratelimit-max'));
  const window = positive(headers.get('x-hubspot-ratelimit-interval-milliseconds'));
  return limit === null ? null : bucketSize(limit, window ?? DEFAULT_WINDOW_MS);
}

function positive(text: string | null): number | null {
  const value = Number(text);
  return text !== null && Number.isFinite(value) && value > 0 ? value : null;
}
