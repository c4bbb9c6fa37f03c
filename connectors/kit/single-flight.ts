// Work that several wait for at once and that is done once: a login, a description of an object.

interface Shared<T> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  waiting: number;
}

/**
 * All who ask while the work is under way get the same result. One who is aborted goes away alone; the work is broken off
 * when nobody waits for it any more.
 */
export function singleFlight<T>(work: (signal: AbortSignal) => Promise<T>): (signal: AbortSignal) => Promise<T> {
  let current: Shared<T> | null = null;
  return async (signal) => {
    signal.throwIfAborted();
    current ??= begin(work);
    const mine = current;
    mine.waiting += 1;
    try {
      return await unlessAborted(mine.result, signal);
    } finally {
      mine.waiting -= 1;
      if (mine.waiting === 0) {
        mine.stop.abort();
        if (current === mine) current = null;
      }
    }
  };
}

function begin<T>(work: (signal: AbortSignal) => Promise<T>): Shared<T> {
  const stop = new AbortController();
  const result = work(stop.signal);
  // When all have gone away, nobody hears how it ended.
  result.catch(() => undefined);
  return { result, stop, waiting: 0 };
}

/** @throws the signal's reason as soon as it is aborted */
async function unlessAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([result, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
