// Group commit: writes the items of several requests in one statement. While a statement runs, new
// items are queued for the next one. A request gets its response when its item is stored. The queue
// is bounded, and a statement that takes too long fails, as do the items that wait for it.
import { withTimeout } from '../../src/runtime/with-timeout.ts';
import { isRefusedValue } from '../../src/store/refused-value.ts';

interface BatchOptions {
  /** Items in one statement. */
  readonly maxBatch: number;
  /** Queued items; further ones are refused. */
  readonly maxQueued: number;
  /**
   * Time limit of one statement. It may still commit afterwards, so an item may be stored and sent
   * again.
   */
  readonly timeoutMs: number;
}

interface Queued<T> {
  readonly item: T;
  readonly abandoned: AbortSignal;
  readonly done: PromiseWithResolvers<void>;
}

/** Stores all items, or none and throws. */
type WriteBatch<T> = (items: readonly T[]) => Promise<void>;

/**
 * @returns stores an item; `abandoned` is aborted when the request no longer waits for it. It
 *   throws what `write` throws, and TimeoutError
 */
export function createBatchWriter<T>(
  write: WriteBatch<T>,
  { maxBatch, maxQueued, timeoutMs }: BatchOptions,
): (item: T, abandoned: AbortSignal) => Promise<void> {
  let queue: Queued<T>[] = [];
  let isWriting = false;
  const writeInTime: WriteBatch<T> = (items) => withTimeout(timeoutMs, () => write(items));
  const removeAbandoned = () => {
    queue = queue.filter(({ abandoned }) => !abandoned.aborted);
  };
  const writeQueued = async () => {
    isWriting = true;
    for (;;) {
      removeAbandoned();
      const batch = queue.splice(0, maxBatch);
      if (batch.length === 0) break;
      await writeBatch(writeInTime, batch);
    }
    isWriting = false;
  };
  return async (item, abandoned) => {
    if (queue.length >= maxQueued) removeAbandoned();
    if (queue.length >= maxQueued) throw new Error(`${maxQueued} requests are queued for the database`);
    const done = Promise.withResolvers<void>();
    queue.push({ item, abandoned, done });
    if (!isWriting) void writeQueued();
    return done.promise;
  };
}

async function writeBatch<T>(write: WriteBatch<T>, batch: readonly Queued<T>[]): Promise<void> {
  try {
    await write(batch.map(({ item }) => item));
    for (const { done } of batch) done.resolve();
  } catch (error) {
    if (batch.length > 1 && isRefusedValue(error)) return writeSingly(write, batch);
    // The database is down: writing the items one by one would fail, too.
    for (const { done } of batch) done.reject(error);
  }
}

/** An item with invalid data must not fail the others. */
async function writeSingly<T>(write: WriteBatch<T>, batch: readonly Queued<T>[]): Promise<void> {
  for (const queued of batch) if (!queued.abandoned.aborted) await writeBatch(write, [queued]);
}
