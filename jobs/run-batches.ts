// Batches for a CRM, several under way at a time.
import pMap from 'p-map';

/** Enough to hide the CRM's latency, few enough to leave its rate to the others. */
export const PARALLEL = 4;
/** Of what can wait: whoever cannot, and the door, find room beside it. */
export const PARALLEL_IMPORTS = 2;

/**
 * Every batch comes to its end, also when another fails: one that was left under way would be overtaken by the next try, and
 * an older answer would then replace a newer one.
 * @throws the first error, when none is under way any more
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
