// The portal's API calls of the day. All its private apps share them, so Leadgrade stops at its own
// share (`calls_for_others` in the mapping). Every response reports how many calls are left; only the daily
// usage reports when they come back.
import { z } from 'zod';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Clock } from '../../../src/domain/clock.ts';

export interface DailyQuota {
  /** Stores the usage that a response reports in its headers. */
  recordUsage(headers: Headers): void;
  /**
   * @throws ConnectorError `budget-spent` when Leadgrade's share is used up: no call is made before
   *   the reset
   */
  check(signal: AbortSignal): Promise<void>;
  /** The error to throw when HubSpot refuses a call because the whole quota is used up. */
  toQuotaError(error: ConnectorError, signal: AbortSignal): Promise<ConnectorError>;
}

type FetchReset = (signal: AbortSignal) => Promise<number | null>;

interface QuotaParts {
  /** The share of the day's calls, by all apps, at which Leadgrade stops; 0 to 1. */
  readonly share: number;
  readonly clock: Clock;
  /** The next reset in epoch ms by our clock; null = HubSpot does not report it. Costs a call. */
  readonly fetchReset: FetchReset;
}

// The wait when HubSpot does not report the reset.
const UNKNOWN_RESET_WAIT_MS = 3_600_000;
// The reset is fetched when only this share of the quota is left: HubSpot does not report it after
// the last call.
const NEARLY_SPENT = 0.1;

export function createDailyQuota({ share, clock, fetchReset }: QuotaParts): DailyQuota {
  let usage: { readonly limit: number; readonly remaining: number } | null = null;
  const reset = createResetTime(clock, fetchReset);
  const isBelow = (part: number) => usage !== null && usage.remaining <= Math.floor(usage.limit * part);

  function quotaError(message: string, cause?: unknown): ConnectorError {
    const until = reset.waitUntil();
    return new ConnectorError({
      kind: 'budget-spent',
      crm: 'hubspot',
      message,
      code: 'DAILY',
      fix: `Leadgrade continues by itself at ${new Date(until).toISOString()}. To get more calls, lower calls_for_others in mappings/hubspot.yaml or buy a larger API limit for the portal.`,
      retryAfterMs: Math.max(1, until - clock.now().getTime()),
      cause,
    });
  }

  return {
    recordUsage(headers) {
      const limit = parseCount(headers.get('x-hubspot-ratelimit-daily'));
      const remaining = parseCount(headers.get('x-hubspot-ratelimit-daily-remaining'));
      if (limit !== null && remaining !== null) usage = { limit, remaining };
    },
    async check(signal) {
      // No call was made since the reset, so the last response reported the usage before it.
      if (reset.clearIfPast()) usage = null;
      if (!reset.isKnown() && isBelow(Math.max(1 - share, NEARLY_SPENT))) await reset.fetch(signal);
      if (usage === null || !isBelow(1 - share) || share >= 1) return;
      const { limit, remaining } = usage;
      throw quotaError(`${remaining} of the portal's ${limit} API calls of the day are left, reserved for other apps`);
    },
    async toQuotaError(error, signal) {
      if (!reset.isKnown()) await reset.fetch(signal);
      return quotaError(error.message, error.cause);
    },
  };
}

/** When the quota is reset; all instants in epoch ms by our clock. */
function createResetTime(clock: Clock, fetchReset: FetchReset) {
  let resetAt: number | null = null;
  let fetching: Promise<void> | null = null;
  /**
   * HubSpot did not report the reset. It is not fetched again before this instant, or every call
   * would cost two.
   */
  let unknownUntil: number | null = null;
  const isPast = (at: number | null) => at === null || at <= clock.now().getTime();
  return {
    isKnown: () => resetAt !== null,
    clearIfPast(): boolean {
      if (resetAt === null || !isPast(resetAt)) return false;
      resetAt = null;
      return true;
    },
    /** Concurrent callers share one call. */
    async fetch(signal: AbortSignal): Promise<void> {
      if (!isPast(unknownUntil)) return;
      fetching ??= fetchReset(signal)
        .then((at) => {
          resetAt = isPast(at) ? null : at;
          if (resetAt === null) unknownUntil = clock.now().getTime() + UNKNOWN_RESET_WAIT_MS;
        })
        .finally(() => {
          fetching = null;
        });
      await fetching;
    },
    /**
     * No call is made before this instant. Then one call reports the usage, also when the reset was
     * unknown.
     */
    waitUntil(): number {
      resetAt ??= clock.now().getTime() + UNKNOWN_RESET_WAIT_MS;
      return resetAt;
    },
  };
}

function parseCount(text: string | null): number | null {
  const value = Number(text);
  return text !== null && text !== '' && Number.isFinite(value) && value >= 0 ? value : null;
}

export const dailyUsageSchema = z.looseObject({
  results: z.array(
    z.looseObject({
      currentUsage: z.number().optional(),
      usageLimit: z.number().optional(),
      resetsAt: z.string().optional(),
    }),
  ),
});
