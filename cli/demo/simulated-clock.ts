// A clock that runs with the real one and can be put forward: three days of a demo take a minute.
import type { Clock } from '../../src/domain/clock.ts';

export interface SimulatedClock extends Clock {
  /** Does nothing when `instant` is past already. */
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
