// A rate limiter for tests of connectors: it records each acquisition; with `pace` it also enforces the sizes.
import { setTimeout as sleep } from 'node:timers/promises';
import type { BucketSize, RateLimiter } from '../../src/domain/limits/rate-limiter.ts';

export interface MemoryLimiter extends RateLimiter {
  readonly taken: { key: string; size: BucketSize }[];
  readonly drained: { key: string; forMs: number }[];
}

export function createMemoryLimiter({ pace }: { pace: boolean } = { pace: false }): MemoryLimiter {
  const taken: MemoryLimiter['taken'] = [];
  const drained: MemoryLimiter['drained'] = [];
  // When the bucket was (or will be) empty: it fills from there at its rate, up to its burst.
  const emptyAt = new Map<string, number>();
  return {
    taken,
    drained,
    async acquire(key, size, signal) {
      signal.throwIfAborted();
      taken.push({ key, size });
      if (!pace) return;
      const now = performance.now();
      const full = (size.burst / size.perSecond) * 1000;
      const since = Math.max(emptyAt.get(key) ?? -Infinity, now - full) + 1000 / size.perSecond;
      emptyAt.set(key, since);
      if (since > now) await sleep(since - now, undefined, { signal });
    },
    async drain(key, forMs) {
      drained.push({ key, forMs });
      if (pace) emptyAt.set(key, Math.max(emptyAt.get(key) ?? -Infinity, performance.now() + forMs));
    },
  };
}
