// The sandbox's own clock: it starts where it is told, runs with the real one, and can be made to jump.
import type { Clock } from '../src/domain/clock.ts';

export interface SandboxClock {
  /** Epoch milliseconds. */
  now(): number;
  jumpTo(instant: Date): void;
}

/** @param start where the clock begins; absent: at the base clock's instant */
export function createSandboxClock(base: Clock, start?: Date): SandboxClock {
  let offset = start === undefined ? 0 : start.getTime() - base.now().getTime();
  return {
    now: () => base.now().getTime() + offset,
    jumpTo: (instant) => {
      offset = instant.getTime() - base.now().getTime();
    },
  };
}
