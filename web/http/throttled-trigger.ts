// Throttles the enqueueing of a job: a burst of requests enqueues it a few times, not once a
// request.

/** Time between two calls. */
const INTERVAL_MS = 100;

/**
 * @param enqueue enqueues the job; if it fails, no work is lost, because the poll job enqueues it,
 *   too
 * @returns triggers a call now, or after the interval; never waits, never throws
 */
export function createThrottledTrigger(enqueue: () => Promise<void>, onFailure: () => void): () => void {
  let isRunning = false;
  let isTriggered = false;
  const run = async () => {
    while (isTriggered) {
      isTriggered = false;
      await enqueue().catch(onFailure);
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
    isRunning = false;
  };
  return () => {
    isTriggered = true;
    if (isRunning) return;
    isRunning = true;
    void run();
  };
}
