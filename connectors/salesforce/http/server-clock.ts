// Salesforce's clock: the clock of this machine plus the offset of the last `Date` header.
import type { Clock } from '../../../src/domain/clock.ts';

export interface ServerClock {
  /** Stores the offset from the headers of a response. */
  update(headers: Headers): void;
  /** The current time (epoch ms); null before the first response. */
  now(): number | null;
}

export function createServerClock(clock: Clock): ServerClock {
  let skewMs: number | null = null;
  return {
    update(headers) {
      const date = Date.parse(headers.get('date') ?? '');
      if (!Number.isNaN(date)) skewMs = date - clock.now().getTime();
    },
    now: () => (skewMs === null ? null : clock.now().getTime() + skewMs),
  };
}
