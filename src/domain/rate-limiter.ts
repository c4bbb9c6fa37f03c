// A token bucket that all processes share (src/store has one in Postgres, one in Redis). Connectors are handed one.

/** `perSecond` tokens a second flow in, up to `burst`. Chosen so that burst + window * perSecond stays within the CRM's limit. */
export interface BucketSize {
  readonly burst: number;
  readonly perSecond: number;
}

export interface RateLimiter {
  /** Waits for one token of the bucket named `key` (e.g. `hubspot:burst`). Rejects with the signal's reason when aborted. */
  acquire(key: string, size: BucketSize, signal: AbortSignal): Promise<void>;
  /** The CRM said that the bucket is empty: nobody takes from it for `forMs`. */
  drain(key: string, forMs: number): Promise<void>;
}
