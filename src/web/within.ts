// A promise with a deadline: who waits for an answer over HTTP is told in time that there is none.

/** @throws Error when it takes longer; what was begun goes on and is not heard any more */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
