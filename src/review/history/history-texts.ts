// The history of a score as text, one line for each change. Pure.
import { signed } from '../plan/text-tables.ts';
import type { Change, HistoryResult } from './history.ts';

/** Parts of one line that are printed; the others are one part. */
const MAX_PARTS = 5;

/** `2026-11-24 08:12  B2 nurture → A1 sales  62 → 78  Viewed pricing on 2026-11-24 (+25), decay (-9)` */
export function changeLine(change: Change): string {
  const { at, before, after, causes } = change;
  const place =
    before === null || placeOf(before) === placeOf(after) ? placeOf(after) : `${placeOf(before)} → ${placeOf(after)}`;
  const total = before === null ? `${after.total}` : `${before.total} → ${after.total}`;
  const reasons = [...(before === null ? ['first score'] : causes), ...partTexts(change)];
  return `${minuteOf(at)}  ${place}  ${total}${reasons.length === 0 ? '' : `  ${reasons.join(', ')}`}`;
}

/** `2026-11-24 08:12`, in UTC. */
export function minuteOf(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace('T', ' ');
}

function placeOf({ cell, grade, status }: HistoryResult): string {
  return `${cell ?? grade} ${status}`;
}

function partTexts({ parts }: Change): string[] {
  const shown = parts.length > MAX_PARTS ? parts.slice(0, MAX_PARTS - 1) : parts;
  const rest = parts.slice(shown.length);
  const sum = rest.reduce((all, { points }) => all + points, 0);
  const more = rest.length === 0 ? [] : [`${rest.length} more (${signed(sum)})`];
  return [...shown.map(({ text, points }) => `${text} (${signed(points)})`), ...more];
}
