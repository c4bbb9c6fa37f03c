// Shares one execution among concurrent callers: a login, a description of an object.

interface Flight<T> {
  readonly result: Promise<T>;
  readonly abort: AbortController;
  callers: number;
}

/**
 * All callers during one execution get the same result. A caller whose signal is aborted leaves
 * alone; the execution is aborted when its last caller has left.
 */
export function singleFlight<T>(work: (signal: AbortSignal) => Promise<T>): (signal: AbortSignal) => Promise<T> {
  let current: Flight<T> | null = null;
  return async (signal) => {
    signal.throwIfAborted();
    current ??= start(work);
    const flight = current;
    flight.callers += 1;
    try {
      return await unlessAborted(flight.result, signal);
    } finally {
      flight.callers -= 1;
      if (flight.callers === 0) {
        flight.abort.abort();
        if (current === flight) current = null;
      }
    }
  };
}

function start<T>(work: (signal: AbortSignal) => Promise<T>): Flight<T> {
  const abort = new AbortController();
  const result = work(abort.signal);
  // After the last caller has left, a rejection would be unhandled.
  result.catch(() => undefined);
  return { result, abort, callers: 0 };
}

/** @throws the signal's reason as soon as it is aborted */
async function unlessAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([result, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
