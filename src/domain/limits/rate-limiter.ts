// A token bucket shared by all processes. src/store implements it in Postgres and in Redis;
// connectors receive it as an argument.

/**
 * The bucket refills with `perSecond` tokens per second, up to `burst`. Choose both so that
 * burst + window * perSecond stays within the CRM's limit.
 */
export interface BucketSize {
  readonly burst: number;
  readonly perSecond: number;
}

export interface RateLimiter {
  /**
   * Waits for a token of the bucket `key` (e.g. `hubspot:burst`). Rejects with the signal's reason
   * on abort.
   */
  acquire(key: string, size: BucketSize, signal: AbortSignal): Promise<void>;
  /** Empties the bucket for `forMs`, after the CRM reported that its limit is reached. */
  drain(key: string, forMs: number): Promise<void>;
}
