// When: the tick by BullMQ's scheduler, the nightly slots by cron expression and time zone.
import { CronExpressionParser } from 'cron-parser';

export interface Slot {
  /** The local date, `2026-11-22`: what makes a slot the same slot, however the clock is put back or forward. */
  readonly date: string;
  readonly at: Date;
}

/**
 * The latest slot at or before `now`.
 * @param cron five fields, e.g. `0 2 * * *`
 * @param timezone IANA name; an hour that spring skips is made up after the gap, one that autumn repeats counts once
 */
export function latestSlot(cron: string, timezone: string, now: Date): Slot {
  // `prev` is strictly before: a slot of this very second is one, too.
  const expression = CronExpressionParser.parse(cron, { currentDate: new Date(now.getTime() + 1_000), tz: timezone });
  const at = expression.prev().toDate();
  return { date: localDate(at, timezone), at };
}

export function localDate(at: Date, timezone: string): string {
  // Sweden writes dates as ISO does.
  return new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short' }).format(at);
}
