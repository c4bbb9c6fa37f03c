// HubSpot's rate limits for one private app: rolling windows and a daily quota. Sources:
// sandbox/hubspot.md.
import { HubSpotError } from '../hubspot-error.ts';
import type { Tier } from '../tier.ts';

export const BURST_WINDOW_MS = 10_000;
const SEARCH_WINDOW_MS = 1_000;
const SEARCH_LIMIT = 5;
/** Calls in any window. */
export const BURST_LIMIT: Readonly<Record<Tier, number>> = { free: 100, pro: 190, enterprise: 190 };
const DAY_LIMIT: Readonly<Record<Tier, number>> = { free: 250_000, pro: 650_000, enterprise: 1_000_000 };
const DAY_MS = 86_400_000;

/** At most `limit` calls in any window of `windowMs`. */
class RollingWindow {
  readonly limit: number;
  readonly #windowMs: number;
  #calls: number[] = [];

  constructor(limit: number, windowMs: number) {
    this.limit = limit;
    this.#windowMs = windowMs;
  }

  /** False if the window is full; a rejected call does not count. */
  tryAcquire(now: number): boolean {
    this.#removeExpired(now);
    if (this.#calls.length >= this.limit) return false;
    this.#calls.push(now);
    return true;
  }

  remaining(now: number): number {
    this.#removeExpired(now);
    return this.limit - this.#calls.length;
  }

  // A call later than `now` was made before the clock was set back.
  #removeExpired(now: number): void {
    if (this.#calls.some((at) => at <= now - this.#windowMs || at > now)) {
      this.#calls = this.#calls.filter((at) => at > now - this.#windowMs && at <= now);
    }
  }
}

export class RateLimits {
  readonly dayLimit: number;
  readonly #appKey: string;
  readonly #burst: RollingWindow;
  readonly #search = new RollingWindow(SEARCH_LIMIT, SEARCH_WINDOW_MS);
  #day = Number.NaN;
  #today = 0;

  /** @param app the IDs by which an error names the group of calls that has reached the limit */
  constructor(tier: Tier, dayLimit: number | undefined, app: { readonly portalId: number; readonly appId: number }) {
    this.#appKey = `${app.appId}:${app.portalId}`;
    this.#burst = new RollingWindow(BURST_LIMIT[tier], BURST_WINDOW_MS);
    this.dayLimit = dayLimit ?? DAY_LIMIT[tier];
  }

  /** @throws HubSpotError 429. A call that the burst limit rejects still counts for the day. */
  acquire(kind: 'search' | 'other', now: number): void {
    if (this.usedToday(now) >= this.dayLimit) throw dailyLimit();
    this.#today += 1;
    if (kind === 'search') {
      if (!this.#search.tryAcquire(now)) throw searchTooFast();
    } else if (!this.#burst.tryAcquire(now)) {
      throw burstLimit(this.#appKey);
    }
  }

  usedToday(now: number): number {
    const day = Math.floor(now / DAY_MS);
    if (day !== this.#day) {
      this.#day = day;
      this.#today = 0;
    }
    return this.#today;
  }

  /** When the daily quota resets: midnight in the account's time zone, which is UTC here. */
  resetsAt(now: number): number {
    return (Math.floor(now / DAY_MS) + 1) * DAY_MS;
  }

  headers(kind: 'search' | 'other', now: number): Record<string, string> {
    const daily = {
      'X-HubSpot-RateLimit-Daily': String(this.dayLimit),
      'X-HubSpot-RateLimit-Daily-Remaining': String(Math.max(0, this.dayLimit - this.usedToday(now))),
    };
    if (kind === 'search') return daily;
    const max = this.#burst.limit;
    const remaining = this.#burst.remaining(now);
    return {
      ...daily,
      'X-HubSpot-RateLimit-Max': String(max),
      'X-HubSpot-RateLimit-Remaining': String(remaining),
      'X-HubSpot-RateLimit-Interval-Milliseconds': String(BURST_WINDOW_MS),
      'X-HubSpot-RateLimit-Secondly': String(max / 10),
      'X-HubSpot-RateLimit-Secondly-Remaining': String(Math.min(remaining, max / 10)),
    };
  }
}

// https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines: this body, with a
// `requestId`. It has no `category`.
function dailyLimit(): HubSpotError {
  return new HubSpotError(429, {
    status: 'error',
    message: 'You have reached your daily limit.',
    errorType: 'RATE_LIMIT',
    policyName: 'DAILY',
    requestId: '3d3e35b7-0dae-4b9f-a6e3-9c230cbcf8dd',
  });
}

// Of a recorded response, with its `groupName`. The SDK tells this limit by its policy:
// https://github.com/HubSpot/hubspot-api-nodejs/blob/master/src/services/decorators/RetryDecorator.ts
function burstLimit(appKey: string): HubSpotError {
  return new HubSpotError(429, {
    status: 'error',
    message: 'You have reached your ten_secondly_rolling limit.',
    errorType: 'RATE_LIMIT',
    policyName: 'TEN_SECONDLY_ROLLING',
    groupName: `publicapi:private_app-api-calls-ten-secondly:${appKey}`,
  });
}

// Search has its own body, without a policy name.
function searchTooFast(): HubSpotError {
  return new HubSpotError(429, {
    status: 'error',
    message: 'You have reached your secondly limit.',
    category: 'RATE_LIMITS',
  });
}
