// Writes what several requests brought in one statement: while one is under way, those that come meanwhile gather for the next. Each is
// answered when its own is kept.

interface Waiting<T> {
  readonly item: T;
  readonly done: PromiseWithResolvers<void>;
}

/**
 * @param keep all of them, or none: it throws, and then each is tried alone, so that one that cannot be kept costs no other
 * @param most at a time
 */
export function createGatherer<T>(
  keep: (items: readonly T[]) => Promise<void>,
  most: number,
): (item: T) => Promise<void> {
  let waiting: Waiting<T>[] = [];
  let isKeeping = false;
  const keepWaiting = async () => {
    isKeeping = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, most);
      waiting = waiting.slice(most);
      await keepBatch(keep, batch);
    }
    isKeeping = false;
  };
  return (item) => {
    const done = Promise.withResolvers<void>();
    waiting.push({ item, done });
    if (!isKeeping) void keepWaiting();
    return done.promise;
  };
}

async function keepBatch<T>(keep: (items: readonly T[]) => Promise<void>, batch: readonly Waiting<T>[]): Promise<void> {
  try {
    await keep(batch.map(({ item }) => item));
    for (const { done } of batch) done.resolve();
  } catch (error) {
    const [only, ...others] = batch;
    if (others.length === 0) only?.done.reject(error);
    else for (const each of batch) await keepBatch(keep, [each]);
  }
}
