// The part of a rate limiter that does not depend on the storage of the bucket: reserve a token,
// then wait for it.
//
// Tokens are reserved instead of polled: the bucket can go below zero, so each request learns at
// once how long it must wait. Requests are served in their order, and each costs one statement
// however many wait.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../domain/clock.ts';
import type { BucketSize, RateLimiter } from '../../domain/limits/rate-limiter.ts';

export interface Reservation {
  /** Time until the token is available. */
  readonly waitMs: number;
  /**
   * End of the latest drain (epoch ms); 0 = never drained. If it differs after the wait, reserve
   * again.
   */
  readonly blockedUntil: number;
}

/**
 * One bucket for each key, shared by all processes. Instants are epoch ms of the caller's clock.
 */
export interface BucketStore {
  reserve(key: string, size: BucketSize, now: number): Promise<Reservation>;
  /**
   * Empties the bucket for `forMs` and invalidates all reservations. A later end that was set
   * before stays.
   */
  drain(key: string, forMs: number, now: number): Promise<void>;
  blockedUntil(key: string): Promise<number>;
}

/** Resolves after `ms`; rejects with the signal's reason. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

/**
 * A request that is aborted while it waits does not return its token: later requests have their
 * times already, and a returned token would let two requests through at one of these times.
 */
export function tokenBucketLimiter(store: BucketStore, clock: Clock, wait: Wait = waitByTimer): RateLimiter {
  return {
    async acquire(key, size, signal) {
      for (;;) {
        signal.throwIfAborted();
        const { waitMs, blockedUntil } = await store.reserve(key, size, clock.now().getTime());
        if (waitMs <= 0) return;
        await wait(waitMs, signal);
        if ((await store.blockedUntil(key)) === blockedUntil) return;
      }
    },
    drain: (key, forMs) => store.drain(key, forMs, clock.now().getTime()),
  };
}

// A longer timer fires at once: Node's timers have 31 bits.
const MAX_TIMER_MS = 2 ** 31 - 1;

async function waitByTimer(ms: number, signal: AbortSignal): Promise<void> {
  try {
    for (let left = Math.ceil(ms); left > 0; left -= MAX_TIMER_MS) {
      await sleep(Math.min(left, MAX_TIMER_MS), undefined, { signal });
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
