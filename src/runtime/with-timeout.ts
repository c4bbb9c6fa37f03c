// A time limit for work, so that a client gets a response in time and a process ends. Not p-timeout:
// it does not abort a signal, and with an AbortController around it there would be no less code.

/** The work did not finish in time; it may still succeed. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/**
 * @param start gets a signal that is aborted at the time limit
 * @throws TimeoutError after `ms`; the work continues, and its result is ignored
 */
export async function withTimeout<T>(ms: number, start: (timedOut: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController();
  const { promise: timedOut, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new TimeoutError(`no result within ${ms} ms`);
    deadline.abort(error);
    reject(error);
  }, ms);
  try {
    return await Promise.race([start(deadline.signal), timedOut]);
  } finally {
    clearTimeout(timer);
  }
}
