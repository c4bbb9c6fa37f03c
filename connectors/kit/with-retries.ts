// Retries temporary failures of a CRM call; used by all connectors.
import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import type { RetryOptions } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';

/**
 * Backs off exponentially with jitter, so that many processes do not retry at the same instant.
 * @throws the error of `attempt`: at once if a retry cannot help, else after the last attempt
 */
export function withRetries<T>(attempt: () => Promise<T>, retryOptions: RetryOptions, signal: AbortSignal): Promise<T> {
  let waitedMs = 0;
  const isRetryable = (error: Error): error is ConnectorError =>
    error instanceof ConnectorError &&
    error.kind === 'retry' &&
    waitedMs + (error.retryAfterMs ?? 0) <= retryOptions.maxThrottleWaitMs;
  return pRetry(attempt, {
    retries: retryOptions.retries,
    minTimeout: retryOptions.initialDelayMs,
    maxTimeout: 30_000,
    randomize: true,
    signal,
    shouldRetry: async ({ error }) => {
      if (!isRetryable(error)) return false;
      if (error.retryAfterMs !== undefined) {
        waitedMs += error.retryAfterMs;
        // After an abort, pRetry throws the signal's own reason.
        await sleep(error.retryAfterMs, undefined, { signal }).catch(() => undefined);
      }
      return true;
    },
  });
}
