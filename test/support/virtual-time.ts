// Virtual time for concurrent tasks: the clock stands still while a task works, and jumps to the earliest wake-up when all tasks
// wait. Hours take as long as their statements, and a run has the same result every time.
import type { Clock } from '../../src/domain/clock.ts';

interface Sleeper {
  readonly at: number;
  wake(): void;
}

export interface VirtualTime {
  readonly clock: Clock;
  /** Waits in virtual time. Only inside `run`. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Runs all tasks at once, to their end. */
  run(tasks: readonly (() => Promise<void>)[]): Promise<void>;
}

export function virtualTime(startedAt: number): VirtualTime {
  let now = startedAt;
  let awake = 0;
  const sleepers: Sleeper[] = [];

  const advance = (): void => {
    if (awake > 0 || sleepers.length === 0) return;
    sleepers.sort((a, b) => a.at - b.at);
    const next = sleepers.shift();
    if (next === undefined) return;
    now = Math.max(now, next.at);
    awake++;
    next.wake();
  };

  const wait = (ms: number, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const sleeper = { at: now + ms, wake: resolve };
      sleepers.push(sleeper);
      signal.addEventListener('abort', () => {
        const place = sleepers.indexOf(sleeper);
        if (place < 0) return;
        sleepers.splice(place, 1);
        awake++;
        reject(signal.reason);
      });
      awake--;
      advance();
    });
  };

  const run = async (tasks: readonly (() => Promise<void>)[]): Promise<void> => {
    awake += tasks.length;
    const end = () => {
      awake--;
      advance();
    };
    await Promise.all(tasks.map((task) => task().finally(end)));
  };

  return { clock: { now: () => new Date(now) }, wait, run };
}
