// Every call to HubSpot goes through this client: rate limit, daily quota, total time-out, retries,
// and validation of the response before its use. The SDK's own retry and limiter do not cover
// `apiRequest`, are shared by all its clients, and have no time-out.
import type { RetryOptions } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import type { RateLimiter } from '../../../src/domain/limits/rate-limiter.ts';
import { withRetries } from '../../kit/with-retries.ts';
import { type ApiPaths, apiPaths } from './api-version.ts';
import { type CallAttempts, createCallAttempts } from './attempt-call.ts';
import type { Call } from './call.ts';
import { createDailyQuota, dailyUsageSchema } from './daily-quota.ts';
import { BURST_KEY, SEARCH_KEY } from './rate-limits.ts';
import type { HubSpotSettings } from './settings.ts';

export interface HubSpotHttp {
  readonly paths: ApiPaths;
  /** @throws ConnectorError of any kind; `retry` only after the last attempt has failed */
  call<T>(call: Call<T>, signal: AbortSignal): Promise<T>;
  /** Calls made so far, retries included. */
  apiCallCount(): number;
  /**
   * HubSpot's clock minus ours in milliseconds, from the last response; null before the first one.
   */
  clockSkewMs(): number | null;
}

const DEFAULT_RETRY_OPTIONS: RetryOptions = {
  timeoutMs: 30_000,
  retries: 5,
  initialDelayMs: 500,
  maxThrottleWaitMs: 60_000,
};

interface HttpParts {
  readonly settings: HubSpotSettings;
  /** The share of the day's calls, by all apps, at which Leadgrade stops. */
  readonly callShare: number;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  readonly retryOptions?: RetryOptions;
}

export function createHttp({
  settings,
  callShare,
  limiter,
  clock,
  retryOptions = DEFAULT_RETRY_OPTIONS,
}: HttpParts): HubSpotHttp {
  const paths = apiPaths(settings.HUBSPOT_API_VERSION);
  const { timeoutMs, maxThrottleWaitMs } = retryOptions;
  const onResponseHeaders = (headers: Headers) => quota.recordUsage(headers);
  const attempts = createCallAttempts({ settings, limiter, clock, timeoutMs, onResponseHeaders });
  const quota = createDailyQuota({
    share: callShare,
    clock,
    fetchReset: (signal) => fetchReset(attempts, paths.dailyUsage, signal),
  });

  async function withDailyQuota<T>(call: Call<T>, signal: AbortSignal): Promise<T> {
    await quota.check(signal);
    try {
      return await attempts.attempt(call, signal);
    } catch (error) {
      const isSpent = error instanceof ConnectorError && error.kind === 'budget-spent';
      throw isSpent ? await quota.toQuotaError(error, signal) : error;
    }
  }

  /**
   * A 429 costs no attempt: the bucket is drained for all processes, and the call continues when it
   * has refilled.
   */
  async function withRateLimit<T>(call: Call<T>, signal: AbortSignal, waitedMs = 0): Promise<T> {
    try {
      return await withDailyQuota(call, signal);
    } catch (error) {
      if (!(error instanceof ConnectorError) || error.kind !== 'rate-limited') throw error;
      const waitMs = Math.max(1, error.retryAfterMs ?? 1000);
      await limiter.drain(call.isSearch ? SEARCH_KEY : BURST_KEY, waitMs);
      if (waitedMs + waitMs > maxThrottleWaitMs) throw error;
      return await withRateLimit(call, signal, waitedMs + waitMs);
    }
  }

  return {
    paths,
    apiCallCount: attempts.apiCallCount,
    clockSkewMs: attempts.clockSkewMs,
    call: (call, signal) => {
      const retries = call.isRetried === false ? 0 : retryOptions.retries;
      return withRetries(() => withRateLimit(call, signal), { ...retryOptions, retries }, signal);
    },
  };
}

/** The reset is an instant of HubSpot's clock; the skew converts it to ours. */
async function fetchReset(attempts: CallAttempts, path: string, signal: AbortSignal): Promise<number | null> {
  try {
    const call = { what: 'reading the daily usage', path, responseSchema: dailyUsageSchema };
    const { results } = await attempts.attempt(call, signal);
    const resets = results.map(({ resetsAt }) => Date.parse(resetsAt ?? '')).filter((at) => !Number.isNaN(at));
    return resets.length === 0 ? null : Math.min(...resets) - (attempts.clockSkewMs() ?? 0);
  } catch (error) {
    if (error instanceof ConnectorError) return null;
    throw error;
  }
}
