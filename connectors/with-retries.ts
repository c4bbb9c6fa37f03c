// Passing trouble with a CRM, tried again: what all connectors do alike around a call.
import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import type { Patience } from './connector.ts';
import { ConnectorError } from './connector-error.ts';

/**
 * Later each time and with jitter, so that many processes do not come back at once.
 * @throws what `attempt` threw: at once when trying again cannot help, else when the attempts are used up
 */
export function withRetries<T>(attempt: () => Promise<T>, patience: Patience, signal: AbortSignal): Promise<T> {
  return pRetry(attempt, {
    retries: patience.retries,
    minTimeout: patience.firstWaitMs,
    maxTimeout: 30_000,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => isWorthRepeating(error, patience),
    onFailedAttempt: async ({ error, retriesLeft }) => {
      if (retriesLeft === 0 || !isWorthRepeating(error, patience)) return;
      if (error.retryAfterMs !== undefined) await sleep(error.retryAfterMs, undefined, { signal });
    },
  });
}

function isWorthRepeating(error: Error, patience: Patience): error is ConnectorError {
  return (
    error instanceof ConnectorError && error.kind === 'retry' && (error.retryAfterMs ?? 0) <= patience.longestWaitMs
  );
}
