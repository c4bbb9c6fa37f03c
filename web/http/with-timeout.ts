// A deadline for what somebody waits for: who asks over HTTP is told in time that there is no answer.

/** There was no answer in time; what was begun may still come about. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/**
 * @param begin is told by the signal that nobody listens any more
 * @throws TimeoutError when it takes longer; what was begun goes on and is not heard any more
 */
export async function withTimeout<T>(ms: number, begin: (late: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new TimeoutError(`no answer within ${ms} ms`);
    deadline.abort(error);
    reject(error);
  }, ms);
  try {
    return await Promise.race([begin(deadline.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
