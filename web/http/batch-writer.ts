// Writes what several requests brought in one statement: while one is under way, those that come meanwhile gather for the next. Each is
// answered when its own is kept. Nothing gathers without end: a store that does not answer is given up, and so are those who wait for it.
import { withTimeout } from './with-timeout.ts';

interface BatchOptions {
  /** Items in one statement. */
  readonly maxBatch: number;
  /** Items that wait for theirs; who comes on top is refused. */
  readonly maxQueued: number;
  /** After which a statement is given up. What it keeps may come again, so it may be kept after all. */
  readonly timeoutMs: number;
}

interface Queued<T> {
  readonly item: T;
  readonly gone: AbortSignal;
  readonly done: PromiseWithResolvers<void>;
}

/** Keeps all of them, or none, and then throws. */
type WriteBatch<T> = (items: readonly T[]) => Promise<void>;

/**
 * @returns keeps an item; `gone` says that nobody waits for it any more. It throws what `keep` throws, and TimeoutError
 */
export function createBatchWriter<T>(
  keep: WriteBatch<T>,
  { maxBatch, maxQueued, timeoutMs: deadlineMs }: BatchOptions,
): (item: T, gone: AbortSignal) => Promise<void> {
  let waiting: Queued<T>[] = [];
  let isWriting = false;
  const writeInTime: WriteBatch<T> = (items) => withTimeout(deadlineMs, () => keep(items));
  const forgetGone = () => {
    waiting = waiting.filter(({ gone }) => !gone.aborted);
  };
  const writeQueued = async () => {
    isWriting = true;
    for (;;) {
      forgetGone();
      const batch = waiting.splice(0, maxBatch);
      if (batch.length === 0) break;
      await writeBatch(writeInTime, batch);
    }
    isWriting = false;
  };
  return async (item, gone) => {
    if (waiting.length >= maxQueued) forgetGone();
    if (waiting.length >= maxQueued) throw new Error(`${maxQueued} requests wait for the store`);
    const done = Promise.withResolvers<void>();
    waiting.push({ item, gone, done });
    if (!isWriting) void writeQueued();
    return done.promise;
  };
}

async function writeBatch<T>(keep: WriteBatch<T>, batch: readonly Queued<T>[]): Promise<void> {
  try {
    await keep(batch.map(({ item }) => item));
    for (const { done } of batch) done.resolve();
  } catch (error) {
    if (batch.length > 1 && isDataError(error)) return writeSingly(keep, batch);
    // A store that is away would be asked in vain for each of them.
    for (const { done } of batch) done.reject(error);
  }
}

/** One that cannot be kept costs no other. */
async function writeSingly<T>(keep: WriteBatch<T>, batch: readonly Queued<T>[]): Promise<void> {
  for (const each of batch) if (!each.gone.aborted) await writeBatch(keep, [each]);
}

// Data exceptions and violated constraints: https://www.postgresql.org/docs/current/errcodes-appendix.html
const DATA_ERROR_CODE = /^(22|23)[0-9A-Z]{3}$/;

function isDataError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && DATA_ERROR_CODE.test(error.code);
}
