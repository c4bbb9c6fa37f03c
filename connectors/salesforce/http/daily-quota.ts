// The org's API calls of the last 24 hours. Every app of the org shares this quota, so Leadgrade stops at its own share
// (SALESFORCE_DAILY_QUOTA_SHARE). Every response reports the usage: Sforce-Limit-Info: api-usage=18/5000.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm

import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Clock } from '../../../src/domain/clock.ts';

export interface DailyQuota {
  /** What an answer's headers say. */
  note(headers: Headers): void;
  /** @throws ConnectorError `budget-spent` when our share is used up */
  check(): void;
  /** Salesforce has refused a call because all are used: what to throw. */
  refused(error: ConnectorError): ConnectorError;
}

// The 24 hours roll on: calls come back as those of yesterday fall out, a few each quarter of an hour.
const ASK_AGAIN_MS = 15 * 60_000;

export function createDailyQuota({ share, clock }: { share: number; clock: Clock }): DailyQuota {
  let usage: { readonly used: number; readonly limit: number; readonly at: number } | null = null;

  const spent = (message: string, cause?: unknown) =>
    new ConnectorError({
      kind: 'budget-spent',
      crm: 'salesforce',
      message,
      code: 'DAILY',
      fix: 'It goes on by itself as the calls of the last 24 hours become fewer. For more of them: a larger SALESFORCE_DAILY_QUOTA_SHARE, a larger POLL_SECONDS, or more API calls from Salesforce.',
      retryAfterMs: ASK_AGAIN_MS,
      cause,
    });

  return {
    note(headers) {
      const [, used, limit] = /\bapi-usage=(\d+)\/(\d+)/.exec(headers.get('sforce-limit-info') ?? '') ?? [];
      if (used !== undefined) usage = { used: Number(used), limit: Number(limit), at: clock.now().getTime() };
    },
    check() {
      // After a while one call is made to learn how many there are now.
      if (usage === null || clock.now().getTime() - usage.at >= ASK_AGAIN_MS) return;
      const { used, limit } = usage;
      if (used < limit * share) return;
      throw spent(`Of the org's ${limit} calls of 24 hours ${limit - used} are left, and those are for others`);
    },
    refused: (error) => spent(error.message, error),
  };
}
