// Dates in a time zone, such as `22 Nov 2026`. Each day is written once; Intl is asked once a day for the offset of the zone.
import { remember } from '../compile/remember.ts';

const DAY = 86_400_000;
/** More than ten years of days. A full memory is emptied. */
const MAX_DAYS = 4_000;
/** There are about 600 names. */
const MAX_ZONES = 1_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** By epoch milliseconds. */
export type DateText = (at: number) => string;

/** @param timeZone an IANA name @throws RangeError when it is unknown */
export const dateIn = remember<string, DateText>(
  // UTC without Intl, whose first format costs a third of the CPU time of `node -e 0`.
  (timeZone) => (timeZone === 'UTC' ? utcDate : localDate(timeZone)),
  MAX_ZONES,
);

const utcDay = remember((day: number) => {
  const date = new Date(day * DAY);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}, MAX_DAYS);

function utcDate(at: number): string {
  return utcDay(Math.floor(at / DAY));
}

function localDate(timeZone: string): DateText {
  const offsetAt = offsetsOf(timeZone);
  // null: the clocks are changed on that day of UTC.
  const offsetOn = remember((day: number) => {
    const offset = offsetAt(day * DAY);
    return offset === offsetAt((day + 1) * DAY) ? offset : null;
  }, MAX_DAYS);
  return (at) => utcDate(at + (offsetOn(Math.floor(at / DAY)) ?? offsetAt(at)));
}

/** The milliseconds by which the clocks of a zone are ahead of UTC. */
function offsetsOf(timeZone: string): (at: number) => number {
  const numeric = { year: 'numeric', month: 'numeric', day: 'numeric' } as const;
  const time = { hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const;
  const format = new Intl.DateTimeFormat('en-US', { timeZone, ...numeric, ...time });
  return (at) => {
    const second = Math.floor(at / 1000) * 1000;
    const parts = new Map(format.formatToParts(second).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? Number.NaN;
    const [year, month, day] = [part('year'), part('month') - 1, part('day')];
    return Date.UTC(year, month, day, part('hour'), part('minute'), part('second')) - second;
  };
}
