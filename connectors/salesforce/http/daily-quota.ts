// The org's API calls of the last 24 hours. All apps of the org share this quota, so Leadgrade
// stops at its own share (`calls_for_others` in the mapping). Every response reports the usage:
// Sforce-Limit-Info: api-usage=18/5000.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm

import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Clock } from '../../../src/domain/clock.ts';

export interface DailyQuota {
  /** Stores the usage that a response reports in its headers. */
  recordUsage(headers: Headers): void;
  /** @throws ConnectorError `budget-spent` when Leadgrade's share is used up */
  check(): void;
  /** The error to throw when Salesforce refuses a call because the whole quota is used up. */
  toQuotaError(error: ConnectorError): ConnectorError;
}

// The 24 hours are a rolling window: calls become available again as yesterday's leave it, a few
// every quarter of an hour.
const RECHECK_MS = 15 * 60_000;

export function createDailyQuota({ share, clock }: { share: number; clock: Clock }): DailyQuota {
  let usage: { readonly used: number; readonly limit: number; readonly at: number } | null = null;

  const quotaError = (message: string, cause?: unknown) =>
    new ConnectorError({
      kind: 'budget-spent',
      crm: 'salesforce',
      message,
      code: 'DAILY',
      fix: 'Leadgrade continues by itself as calls leave the 24-hour window. To get more calls, lower calls_for_others in mappings/salesforce.yaml, raise POLL_SECONDS, or buy more API calls from Salesforce.',
      retryAfterMs: RECHECK_MS,
      cause,
    });

  return {
    recordUsage(headers) {
      const [, used, limit] = /\bapi-usage=(\d+)\/(\d+)/.exec(headers.get('sforce-limit-info') ?? '') ?? [];
      if (used !== undefined) usage = { used: Number(used), limit: Number(limit), at: clock.now().getTime() };
    },
    check() {
      // Once the stored usage is RECHECK_MS old, one call is made to read the current usage.
      if (usage === null || clock.now().getTime() - usage.at >= RECHECK_MS) return;
      const { used, limit } = usage;
      if (used < limit * share) return;
      throw quotaError(
        `${limit - used} of the org's ${limit} API calls per 24 hours are left, reserved for other apps`,
      );
    },
    toQuotaError: (error) => quotaError(error.message, error),
  };
}
