// The part of a rate limiter that does not depend on where the bucket is kept: reserve a token, wait until it is there.
//
// Reserving instead of asking again and again: the bucket may go below zero, so everybody is told at once when its turn is,
// in the order of asking, and a long queue costs one statement a call.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../domain/clock.ts';
import type { BucketSize, RateLimiter } from '../../domain/rate-limiter.ts';

export interface Reservation {
  /** How long until the token is there. */
  readonly waitMs: number;
  /** Epoch milliseconds of the latest drain's end; 0 = never drained. Another value later on means: reserve again. */
  readonly blockedUntil: number;
}

/** One bucket per key, shared by all processes. Times are the caller's clock, epoch milliseconds. */
export interface BucketStore {
  reserve(key: string, size: BucketSize, now: number): Promise<Reservation>;
  /** Empties the bucket for `forMs` and voids all reservations; a later end that was set before stays. */
  drain(key: string, forMs: number, now: number): Promise<void>;
  blockedUntil(key: string): Promise<number>;
}

/** Resolves after `ms`; rejects with the signal's reason. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

/**
 * A call that is aborted while it waits does not give its token back: those who came later have their turns already, and a
 * token given back would let two calls through at one of them.
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

// A longer timer fires at once (Node's timers hold 31 bits).
const LONGEST_TIMER_MS = 2 ** 31 - 1;

async function waitByTimer(ms: number, signal: AbortSignal): Promise<void> {
  try {
    for (let left = Math.ceil(ms); left > 0; left -= LONGEST_TIMER_MS) {
      await sleep(Math.min(left, LONGEST_TIMER_MS), undefined, { signal });
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
