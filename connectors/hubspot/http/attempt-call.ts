// One attempt of a call: rate limit, request, validated response. No retries.
import type { Clock } from '../../../src/domain/clock.ts';
import type { BucketSize, RateLimiter } from '../../../src/domain/limits/rate-limiter.ts';
import type { Call } from './call.ts';
import { toConnectorError } from './error-response.ts';
import { parseResponse } from './parse-response.ts';
import { BURST_KEY, bucketSize, SEARCH_KEY, SEARCH_SIZE, sizeFromHeaders } from './rate-limits.ts';
import { sendRequest } from './send-request.ts';
import type { HubSpotSettings } from './settings.ts';

export interface CallAttempts {
  /** @throws ConnectorError of any kind */
  attempt<T>(call: Call<T>, signal: AbortSignal): Promise<T>;
  apiCallCount(): number;
  /**
   * HubSpot's clock minus ours in milliseconds, from the last response; null before the first one.
   */
  clockSkewMs(): number | null;
}

interface AttemptParts {
  readonly settings: HubSpotSettings;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Called with the headers of every response. */
  readonly onResponseHeaders: (headers: Headers) => void;
}

export function createCallAttempts(parts: AttemptParts): CallAttempts {
  const { settings, limiter, clock, timeoutMs, onResponseHeaders } = parts;
  const credentials = {
    accessToken: settings.HUBSPOT_ACCESS_TOKEN,
    basePath: settings.HUBSPOT_API_URL.replace(/\/+$/, ''),
  };
  let size: BucketSize = bucketSize();
  let skewMs: number | null = null;
  let calls = 0;
  return {
    apiCallCount: () => calls,
    clockSkewMs: () => skewMs,
    async attempt(call, signal) {
      await limiter.acquire(BURST_KEY, size, signal);
      if (call.isSearch) await limiter.acquire(SEARCH_KEY, SEARCH_SIZE, signal);
      calls += 1;
      const { response, text } = await sendRequest(credentials, call, timeoutMs, signal);
      const now = clock.now();
      size = sizeFromHeaders(response.headers) ?? size;
      const date = Date.parse(response.headers.get('date') ?? '');
      if (!Number.isNaN(date)) skewMs = date - now.getTime();
      onResponseHeaders(response.headers);
      if (!response.ok) throw toConnectorError(call.what, response, text, now);
      return parseResponse(call, response.status, text);
    },
  };
}
