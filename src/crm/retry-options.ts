// How often and how long a connector retries a call. Each connector has its own defaults; tests of
// failures use shorter ones.

export interface RetryOptions {
  /** For one attempt, from the request to the last byte of the response. */
  readonly timeoutMs: number;
  /** The maximum number of retries after the first attempt. */
  readonly retries: number;
  /** The delay before the first retry. It doubles with each retry, with jitter. */
  readonly initialDelayMs: number;
  /**
   * The maximum total wait that 429 responses and Retry-After headers impose on one call. The job
   * handles a longer one.
   */
  readonly maxThrottleWaitMs: number;
}
