// The nightly slots: a cron expression on the wall clock of a time zone.
import { CronExpressionParser } from 'cron-parser';

export interface Slot {
  /** The local date, `2026-11-22`: identifies the slot, also when the clocks change. */
  readonly date: string;
  readonly at: Date;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** No time zone sets its clocks back by more. */
const MAX_REPEAT_MINUTES = 120;

/**
 * The latest slot at or before `now`.
 * @param cron five fields, e.g. `0 2 * * *`
 * @param timezone IANA name. A slot in the skipped hour of spring runs after the gap; one in the
 *   repeated hour of autumn runs once.
 */
export function latestSlot(cron: string, timezone: string, now: Date): Slot {
  // The wall clock, treated as UTC. With its own time zones, cron-parser skips a slot in the hour
  // that spring skips, and fails where that hour begins at midnight.
  const wall = wallClock(timezone);
  // `prev` is exclusive; the second includes a slot at exactly this minute.
  const currentDate = new Date(latestShown(wall, now) + 1_000);
  const slot = CronExpressionParser.parse(cron, { currentDate, tz: 'UTC' }).prev().getTime();
  const at = Math.min(instantOf(wall, slot), now.getTime());
  return { date: new Date(slot).toISOString().slice(0, 10), at: new Date(at) };
}

/**
 * Converts epoch milliseconds to the local time of the zone, expressed as epoch milliseconds of
 * UTC.
 */
type WallClock = (at: number) => number;

function wallClock(timezone: string): WallClock {
  // The Swedish date format is that of ISO 8601.
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'medium' });
  return (at) => Date.parse(`${format.format(at).replace(' ', 'T')}Z`);
}

/** The latest local time so far. After the clocks were set back, it is the time before that. */
function latestShown(wall: WallClock, now: Date): number {
  const minutes = Array.from({ length: MAX_REPEAT_MINUTES }, (_, minute) => now.getTime() - minute * MINUTE_MS);
  return Math.max(...minutes.map(wall));
}

/**
 * The first instant with this local time. A skipped local time is shifted by the length of the gap.
 */
function instantOf(wall: WallClock, shown: number): number {
  const offsets = [shown - DAY_MS, shown + DAY_MS].map((near) => wall(near) - near);
  const candidates = offsets.map((offset) => shown - offset);
  const matching = candidates.filter((at) => wall(at) === shown);
  return matching.length > 0 ? Math.min(...matching) : Math.max(...candidates);
}

export function localDate(at: Date, timezone: string): string {
  return new Date(wallClock(timezone)(at.getTime())).toISOString().slice(0, 10);
}
