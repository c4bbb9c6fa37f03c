// What changed since a cursor, by SystemModstamp and id, oldest first. Every page is a query of its own that begins behind the
// last record of the one before, so that it does not matter how many carry one instant, and a poll that was broken off goes
// on where it was. A transaction becomes visible after the instant it carries, so a poll begins some minutes before the
// newest change that was seen; what it saw there already is remembered by id and instant, so that an idle poll costs one query.
import { z } from 'zod';
import type { Clock } from '../../src/domain/clock.ts';
import { toInstant } from '../../src/mapping/convert-value.ts';
import type { Cursor } from '../connector.ts';
import { PAGE_ROWS, type Reader, type Row, readRows } from './query.ts';
import { all, any, type Condition, compare, id, instant } from './soql.ts';

/** Longer than a transaction of Salesforce usually lasts. */
export const OVERLAP_MS = 180_000;
const MOST_REMEMBERED = 2_000;

export const changesCursorSchema = z.object({
  phase: z.literal('changes'),
  /** The newest SystemModstamp seen (epoch ms, Salesforce's clock). */
  last: z.number(),
  /** When that was first seen, by our clock; null: `last` is where to begin, the overlap is in it. */
  lastSeenAt: z.number().nullable(),
  /** `id@modstamp` of what was seen within the overlap. */
  seen: z.array(z.string()),
  /** A poll under way has come to this record. */
  reached: z.object({ at: z.number(), id: z.string() }).optional(),
});
export type ChangesCursor = z.infer<typeof changesCursorSchema>;

/** Begins at an instant of Salesforce's clock, minus the overlap. */
export function changesFrom(at: number): ChangesCursor {
  return { phase: 'changes', last: at - OVERLAP_MS, lastSeenAt: null, seen: [] };
}

export interface ChangedRows {
  /** Not seen before at this SystemModstamp. */
  readonly rows: readonly Row[];
  readonly cursor: ChangesCursor & Cursor;
}

interface ChangesSource {
  readonly id: string;
  readonly object: string;
  readonly fields: readonly string[];
}

export async function* readChanges(
  parts: Reader & { readonly clock: Clock },
  source: ChangesSource,
  start: ChangesCursor,
  signal: AbortSignal,
): AsyncGenerator<ChangedRows> {
  const { clock, http } = parts;
  // What changes while we read comes with the next poll: else a busy org would never be read to its end.
  const until = clock.now().getTime() + http.clockSkewMs() + 1_000;
  const from = beginning(start, clock.now());
  let cursor = start;
  for (;;) {
    const query = {
      what: `reading changed ${source.id}`,
      from: source.object,
      fields: ['SystemModstamp', 'IsDeleted', ...source.fields],
      deleted: true,
      where: all(since(from, cursor.reached), compare('SystemModstamp', '<', instant(until))),
      orderBy: ['SystemModstamp', 'Id'],
      limit: PAGE_ROWS,
    };
    const { rows, more } = await readRows(parts, query, signal);
    const seen = new Set(cursor.seen);
    const fresh = rows.filter((row) => !seen.has(mark(row)));
    cursor = advance(cursor, rows, more, clock.now());
    if (fresh.length > 0 || start.reached !== undefined || more) yield { rows: fresh, cursor };
    if (!more) return;
  }
}

function since(from: number, reached: ChangesCursor['reached']): Condition {
  if (reached === undefined) return compare('SystemModstamp', '>=', instant(from));
  const at = instant(reached.at);
  return any(
    compare('SystemModstamp', '>', at),
    all(compare('SystemModstamp', '=', at), compare('Id', '>', id(reached.id))),
  );
}

/**
 * Before the newest change by the overlap, less the time that has passed since it was first seen. Only our own clock is
 * compared with itself.
 */
function beginning({ last, lastSeenAt }: ChangesCursor, now: Date): number {
  if (lastSeenAt === null) return last;
  return last - Math.max(0, OVERLAP_MS - Math.max(0, now.getTime() - lastSeenAt));
}

function advance(cursor: ChangesCursor, rows: readonly Row[], more: boolean, now: Date): ChangesCursor {
  const newest = Math.max(cursor.last, ...rows.map(modstamp));
  const hasMoved = newest > cursor.last || (cursor.lastSeenAt === null && rows.length > 0);
  const seen = [...new Set([...cursor.seen, ...rows.map(mark)])].filter(
    (each) => markedAt(each) >= newest - OVERLAP_MS,
  );
  const last = rows.at(-1);
  return {
    phase: 'changes',
    last: newest,
    lastSeenAt: hasMoved ? now.getTime() : cursor.lastSeenAt,
    // The newest are kept: the others are merely read once more.
    seen: seen.toSorted((a, b) => markedAt(a) - markedAt(b)).slice(-MOST_REMEMBERED),
    ...(more && last !== undefined ? { reached: { at: modstamp(last), id: last.id } } : {}),
  };
}

/** When Salesforce last changed the record (epoch ms). */
export function modstamp({ values }: Row): number {
  const raw = values.SystemModstamp;
  return typeof raw === 'string' ? (toInstant(raw) ?? 0) : 0;
}

function mark(row: Row): string {
  return `${row.id}@${modstamp(row)}`;
}

function markedAt(text: string): number {
  return Number(text.slice(text.lastIndexOf('@') + 1));
}
