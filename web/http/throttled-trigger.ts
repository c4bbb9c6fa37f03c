// Rings for a job as often as there is reason to, and no more often than it can be heard: a storm of requests is a few rings.

/** Between two rings. */
const INTERVAL_MS = 100;

/**
 * @param ring asks for the job; when it fails, nothing is lost: the tick rings, too
 * @returns tells that there is work; never waits, never throws
 */
export function createThrottledTrigger(ring: () => Promise<void>, onFailure: () => void): () => void {
  let isRinging = false;
  let isWanted = false;
  const ringUntilQuiet = async () => {
    while (isWanted) {
      isWanted = false;
      await ring().catch(onFailure);
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
    isRinging = false;
  };
  return () => {
    isWanted = true;
    if (isRinging) return;
    isRinging = true;
    void ringUntilQuiet();
  };
}
