// Passing trouble with a CRM, tried again: what all connectors do alike around a call.
import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import type { RetryOptions } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';

/**
 * Later each time and with jitter, so that many processes do not come back at once.
 * @throws what `attempt` threw: at once when trying again cannot help, else when the attempts are used up
 */
export function withRetries<T>(attempt: () => Promise<T>, patience: RetryOptions, signal: AbortSignal): Promise<T> {
  let waited = 0;
  const isWorthRepeating = (error: Error): error is ConnectorError =>
    error instanceof ConnectorError &&
    error.kind === 'retry' &&
    waited + (error.retryAfterMs ?? 0) <= patience.maxThrottleWaitMs;
  return pRetry(attempt, {
    retries: patience.retries,
    minTimeout: patience.initialDelayMs,
    maxTimeout: 30_000,
    randomize: true,
    signal,
    shouldRetry: async ({ error }) => {
      if (!isWorthRepeating(error)) return false;
      if (error.retryAfterMs !== undefined) {
        waited += error.retryAfterMs;
        // An abort is thrown by pRetry, with the signal's own reason.
        await sleep(error.retryAfterMs, undefined, { signal }).catch(() => undefined);
      }
      return true;
    },
  });
}
