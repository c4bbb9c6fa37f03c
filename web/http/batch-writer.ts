// Writes what several requests brought in one statement: while one is under way, those that come meanwhile gather for the next. Each is
// answered when its own is kept. Nothing gathers without end: a store that does not answer is given up, and so are those who wait for it.
import { within } from './with-timeout.ts';

interface Gathering {
  /** Items in one statement. */
  readonly most: number;
  /** Items that wait for theirs; who comes on top is refused. */
  readonly mostWaiting: number;
  /** After which a statement is given up. What it keeps may come again, so it may be kept after all. */
  readonly deadlineMs: number;
}

interface Waiting<T> {
  readonly item: T;
  readonly gone: AbortSignal;
  readonly done: PromiseWithResolvers<void>;
}

/** Keeps all of them, or none, and then throws. */
type Keep<T> = (items: readonly T[]) => Promise<void>;

/**
 * @returns keeps an item; `gone` says that nobody waits for it any more. It throws what `keep` throws, and TimeoutError
 */
export function createGatherer<T>(
  keep: Keep<T>,
  { most, mostWaiting, deadlineMs }: Gathering,
): (item: T, gone: AbortSignal) => Promise<void> {
  let waiting: Waiting<T>[] = [];
  let isKeeping = false;
  const keepInTime: Keep<T> = (items) => within(deadlineMs, () => keep(items));
  const forgetGone = () => {
    waiting = waiting.filter(({ gone }) => !gone.aborted);
  };
  const keepWaiting = async () => {
    isKeeping = true;
    for (;;) {
      forgetGone();
      const batch = waiting.splice(0, most);
      if (batch.length === 0) break;
      await keepBatch(keepInTime, batch);
    }
    isKeeping = false;
  };
  return async (item, gone) => {
    if (waiting.length >= mostWaiting) forgetGone();
    if (waiting.length >= mostWaiting) throw new Error(`${mostWaiting} requests wait for the store`);
    const done = Promise.withResolvers<void>();
    waiting.push({ item, gone, done });
    if (!isKeeping) void keepWaiting();
    return done.promise;
  };
}

async function keepBatch<T>(keep: Keep<T>, batch: readonly Waiting<T>[]): Promise<void> {
  try {
    await keep(batch.map(({ item }) => item));
    for (const { done } of batch) done.resolve();
  } catch (error) {
    if (batch.length > 1 && isOfTheData(error)) return keepSingly(keep, batch);
    // A store that is away would be asked in vain for each of them.
    for (const { done } of batch) done.reject(error);
  }
}

/** One that cannot be kept costs no other. */
async function keepSingly<T>(keep: Keep<T>, batch: readonly Waiting<T>[]): Promise<void> {
  for (const each of batch) if (!each.gone.aborted) await keepBatch(keep, [each]);
}

// Data exceptions and violated constraints: https://www.postgresql.org/docs/current/errcodes-appendix.html
const OF_THE_DATA = /^(22|23)[0-9A-Z]{3}$/;

function isOfTheData(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && OF_THE_DATA.test(error.code);
}
