// Every call to HubSpot goes through here: rate limit, total time-out, retry, and an answer that is checked before use.
// The SDK's own retry and limiter do not cover `apiRequest`, are shared by all its clients, and have no time-out.
import { Client } from '@hubspot/api-client';
import type { RetryOptions } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import type { BucketSize, RateLimiter } from '../../../src/domain/rate-limiter.ts';
import { withRetries } from '../../kit/with-retries.ts';
import { type ApiPaths, apiPaths } from './api-version.ts';
import type { Call } from './call.ts';
import { createDailyQuota, usageAnswer } from './daily-quota.ts';
import { toConnectorError } from './error-response.ts';
import { BURST_KEY, bucketSize, SEARCH_KEY, SEARCH_SIZE, sizeFromHeaders } from './rate-limits.ts';
import { readAnswer, sendRequest } from './send-request.ts';
import type { HubSpotSettings } from './settings.ts';

export interface HubSpotHttp {
  readonly paths: ApiPaths;
  /** @throws ConnectorError of every kind; `retry` only after the attempts are used up */
  call<T>(call: Call<T>, signal: AbortSignal): Promise<T>;
  callsMade(): number;
  /** HubSpot's clock minus ours in milliseconds, as the last answer told it; null before any. */
  clockSkewMs(): number | null;
}

const DEFAULT_PATIENCE: RetryOptions = {
  timeoutMs: 30_000,
  retries: 5,
  initialDelayMs: 500,
  maxThrottleWaitMs: 60_000,
};

interface HttpParts {
  readonly settings: HubSpotSettings;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  readonly patience?: RetryOptions;
}

export function createHttp({ settings, limiter, clock, patience = DEFAULT_PATIENCE }: HttpParts): HubSpotHttp {
  const client = new Client({
    accessToken: settings.HUBSPOT_ACCESS_TOKEN,
    basePath: settings.HUBSPOT_API_URL.replace(/\/+$/, ''),
  });
  const paths = apiPaths(settings.HUBSPOT_API_VERSION);
  let size: BucketSize = bucketSize();
  let skew: number | null = null;
  let calls = 0;
  const budget = createDailyQuota({ share: settings.HUBSPOT_DAILY_QUOTA_SHARE, clock, askForReset });

  async function attempt<T>(call: Call<T>, signal: AbortSignal): Promise<T> {
    await limiter.acquire(BURST_KEY, size, signal);
    if (call.search) await limiter.acquire(SEARCH_KEY, SEARCH_SIZE, signal);
    calls += 1;
    const { response, text } = await sendRequest(client, call, patience.timeoutMs, signal);
    const now = clock.now();
    size = sizeFromHeaders(response.headers) ?? size;
    const date = Date.parse(response.headers.get('date') ?? '');
    if (!Number.isNaN(date)) skew = date - now.getTime();
    budget.note(response.headers);
    if (!response.ok) throw toConnectorError(call.what, response, text, now);
    return readAnswer(call, response.status, text);
  }

  async function withDailyQuota<T>(call: Call<T>, signal: AbortSignal): Promise<T> {
    await budget.check(signal);
    try {
      return await attempt(call, signal);
    } catch (error) {
      const isSpent = error instanceof ConnectorError && error.kind === 'budget-spent';
      throw isSpent ? await budget.refused(error, signal) : error;
    }
  }

  /** A 429 costs no attempt: the bucket is drained for everybody, and the call goes on when it fills again. */
  async function withRateLimit<T>(call: Call<T>, signal: AbortSignal, waited = 0): Promise<T> {
    try {
      return await withDailyQuota(call, signal);
    } catch (error) {
      if (!isRateLimited(error)) throw error;
      const wait = Math.max(1, error.retryAfterMs ?? 1000);
      await limiter.drain(call.search ? SEARCH_KEY : BURST_KEY, wait);
      if (waited + wait > patience.maxThrottleWaitMs) throw error;
      return await withRateLimit(call, signal, waited + wait);
    }
  }

  /** By HubSpot's own clock, as the day is its. */
  async function askForReset(signal: AbortSignal): Promise<number | null> {
    const what = 'reading the daily usage';
    try {
      const usage = await attempt({ what, path: paths.dailyUsage, answer: usageAnswer }, signal);
      const resets = usage.results.map((each) => Date.parse(each.resetsAt ?? '')).filter((at) => !Number.isNaN(at));
      return resets.length === 0 ? null : Math.min(...resets) - (skew ?? 0);
    } catch (error) {
      if (error instanceof ConnectorError) return null;
      throw error;
    }
  }

  return {
    paths,
    callsMade: () => calls,
    clockSkewMs: () => skew,
    call: (call, signal) => withRetries(() => withRateLimit(call, signal), patience, signal),
  };
}

function isRateLimited(error: unknown): error is ConnectorError {
  return error instanceof ConnectorError && error.kind === 'rate-limited';
}
