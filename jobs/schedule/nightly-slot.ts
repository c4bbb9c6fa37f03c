// When: the tick by BullMQ's scheduler, the nightly slots by cron expression and time zone.
import { CronExpressionParser } from 'cron-parser';

export interface Slot {
  /** The local date, `2026-11-22`: what makes a slot the same slot, however the clock is put back or forward. */
  readonly date: string;
  readonly at: Date;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** No clock is put back by more. */
const LONGEST_REPEAT_MINUTES = 120;

/**
 * The latest slot at or before `now`.
 * @param cron five fields, e.g. `0 2 * * *`
 * @param timezone IANA name; an hour that spring skips is made up after the gap, one that autumn repeats counts once
 */
export function latestSlot(cron: string, timezone: string, now: Date): Slot {
  // On the wall clock, written as if it were UTC: in zones of its own cron-parser passes over what spring skips, and gives up
  // where that is midnight.
  const wall = wallClock(timezone);
  // `prev` is strictly before: a slot of this very minute is one, too.
  const currentDate = new Date(furthest(wall, now) + 1_000);
  const slot = CronExpressionParser.parse(cron, { currentDate, tz: 'UTC' }).prev().getTime();
  const at = Math.min(instantOf(wall, slot), now.getTime());
  return { date: new Date(slot).toISOString().slice(0, 10), at: new Date(at) };
}

/** Epoch milliseconds -> what the zone's clocks show then, as epoch milliseconds of UTC. */
type WallClock = (at: number) => number;

function wallClock(timezone: string): WallClock {
  // Sweden writes dates as ISO does.
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'medium' });
  return (at) => Date.parse(`${format.format(at).replace(' ', 'T')}Z`);
}

/** The latest that the clocks have shown: where they were put back, what they showed before. */
function furthest(wall: WallClock, now: Date): number {
  const minutes = Array.from({ length: LONGEST_REPEAT_MINUTES }, (_, minute) => now.getTime() - minute * MINUTE_MS);
  return Math.max(...minutes.map(wall));
}

/** When the clocks showed that first; of what they never showed, as much later as they were put forward. */
function instantOf(wall: WallClock, shown: number): number {
  const offsets = [shown - DAY_MS, shown + DAY_MS].map((near) => wall(near) - near);
  const candidates = offsets.map((offset) => shown - offset);
  const right = candidates.filter((at) => wall(at) === shown);
  return right.length > 0 ? Math.min(...right) : Math.max(...candidates);
}

export function localDate(at: Date, timezone: string): string {
  return new Date(wallClock(timezone)(at.getTime())).toISOString().slice(0, 10);
}
