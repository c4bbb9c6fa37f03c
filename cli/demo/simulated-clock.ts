// A clock that follows the real one and can be advanced: three simulated days take a minute.
import type { Clock } from '../../src/domain/clock.ts';

export interface SimulatedClock extends Clock {
  /** Does nothing if `instant` is in the past. */
  forwardTo(instant: Date): void;
}

export function simulatedClock(base: Clock): SimulatedClock {
  let ahead = 0;
  return {
    now: () => new Date(base.now().getTime() + ahead),
    forwardTo: (instant) => {
      ahead = Math.max(ahead, instant.getTime() - base.now().getTime());
    },
  };
}
