// The sandbox's own clock: it starts at a given instant, advances with the base clock, and can be
// set.

/** A source of the current instant, e.g. the system's. */
export interface BaseClock {
  now(): Date;
}

export interface SandboxClock {
  /** Epoch milliseconds. */
  now(): number;
  setTime(instant: Date): void;
}

/** @param start the first instant; absent: the base clock's */
export function createSandboxClock(base: BaseClock, start?: Date): SandboxClock {
  let offset = start === undefined ? 0 : start.getTime() - base.now().getTime();
  return {
    now: () => base.now().getTime() + offset,
    setTime: (instant) => {
      offset = instant.getTime() - base.now().getTime();
    },
  };
}
