// The portal's calls of the day. All its private apps share them, so we stop before the last of them is gone: the others have
// work to do as well (HUBSPOT_DAILY_QUOTA_SHARE). Every answer says how many are left, only the usage says when they come back.
import { z } from 'zod';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Clock } from '../../../src/domain/clock.ts';

interface Left {
  readonly limit: number;
  readonly remaining: number;
}

export interface DailyQuota {
  /** What an answer's headers say. */
  note(headers: Headers): void;
  /** @throws ConnectorError `budget-spent` when our share of the day is used up: nothing is asked before the reset */
  check(signal: AbortSignal): Promise<void>;
  /** HubSpot has refused a call because the day is used up: what to throw. */
  refused(error: ConnectorError, signal: AbortSignal): Promise<ConnectorError>;
}

interface BudgetParts {
  /** Of the day's calls, those that may be used up when we still ask; 0 to 1. */
  readonly share: number;
  readonly clock: Clock;
  /** Epoch milliseconds by our clock of the next reset, as HubSpot says now; null when it does not say. Costs a call. */
  readonly askForReset: (signal: AbortSignal) => Promise<number | null>;
}

// Without any word from HubSpot on when the calls come back.
const UNTOLD_WAIT_MS = 3_600_000;
// From here on we want to know the reset: when the last call is gone, HubSpot will not say it either.
const NEARLY_SPENT = 0.1;

export function createDailyQuota({ share, clock, askForReset }: BudgetParts): DailyQuota {
  let left: Left | null = null;
  let resetAt: number | null = null;
  let asking: Promise<void> | null = null;
  /** HubSpot did not say when the day ends: until then it is not asked again, or every call would cost two. */
  let untoldUntil: number | null = null;

  const isPast = (at: number | null) => at === null || at <= clock.now().getTime();
  const isBelow = (part: number) => left !== null && left.remaining <= Math.floor(left.limit * part);
  // Nothing has been asked since the reset, so what the last answer said is of yesterday.
  const forgetYesterday = () => {
    if (resetAt === null || !isPast(resetAt)) return;
    left = null;
    resetAt = null;
  };

  /** One call for all that wait for the answer. */
  async function learnReset(signal: AbortSignal): Promise<void> {
    if (!isPast(untoldUntil)) return;
    asking ??= askForReset(signal)
      .then((at) => {
        resetAt = isPast(at) ? null : at;
        if (resetAt === null) untoldUntil = clock.now().getTime() + UNTOLD_WAIT_MS;
      })
      .finally(() => {
        asking = null;
      });
    await asking;
  }

  function spent(message: string, cause?: unknown): ConnectorError {
    const now = clock.now().getTime();
    const until = resetAt ?? now + UNTOLD_WAIT_MS;
    // Until then nothing is asked; then one call tells, also when HubSpot has not said when the day ends.
    resetAt = until;
    return new ConnectorError({
      kind: 'budget-spent',
      crm: 'hubspot',
      message,
      code: 'DAILY',
      fix: `It goes on by itself at ${new Date(until).toISOString()}. For more calls a day: another HUBSPOT_DAILY_QUOTA_SHARE, or a larger API limit of the portal.`,
      retryAfterMs: Math.max(1, until - now),
      cause,
    });
  }

  return {
    note(headers) {
      const limit = count(headers.get('x-hubspot-ratelimit-daily'));
      const remaining = count(headers.get('x-hubspot-ratelimit-daily-remaining'));
      if (limit !== null && remaining !== null) left = { limit, remaining };
    },
    async check(signal) {
      forgetYesterday();
      if (resetAt === null && isBelow(Math.max(1 - share, NEARLY_SPENT))) await learnReset(signal);
      if (left === null || !isBelow(1 - share) || share >= 1) return;
      const { limit, remaining } = left;
      throw spent(`Of the portal's ${limit} calls of the day ${remaining} are left, and those are for its other apps`);
    },
    async refused(error, signal) {
      if (resetAt === null) await learnReset(signal);
      return spent(error.message, error.cause);
    },
  };
}

function count(text: string | null): number | null {
  const value = Number(text);
  return text !== null && text !== '' && Number.isFinite(value) && value >= 0 ? value : null;
}

export const usageAnswer = z.looseObject({
  results: z.array(
    z.looseObject({
      currentUsage: z.number().optional(),
      usageLimit: z.number().optional(),
      resetsAt: z.string().optional(),
    }),
  ),
});
