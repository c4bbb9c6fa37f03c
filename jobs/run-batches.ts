// Runs batches of calls to a CRM, several at a time.
import pMap from 'p-map';

/** Enough to hide the CRM's latency, few enough to leave some of its rate limit to other jobs. */
export const PARALLEL = 4;
/** Concurrency for imports; the rest is reserved for urgent records and webhook requests. */
export const PARALLEL_IMPORTS = 2;

/**
 * Every batch is finished, also when another one fails. A batch that was still running could be
 * overtaken by the retry, and its older response would replace a newer one.
 * @throws the first error, after the last batch has ended
 */
export async function runBatches<T>(
  batches: readonly T[],
  work: (batch: T) => Promise<void>,
  concurrency = PARALLEL,
): Promise<void> {
  try {
    await pMap(batches, work, { concurrency, stopOnError: false });
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    const [first]: unknown[] = error.errors;
    throw first;
  }
}
