// What changed since a cursor, by SystemModstamp and id, oldest first. Every page is a query of its own that begins behind the
// last record of the one before, so that it does not matter how many carry one instant, and a poll that was broken off goes
// on where it was. A transaction becomes visible after the instant it carries, so a poll reads again what the one before may
// not have been shown yet; what it did see there is remembered by id and instant, so that an idle poll costs one query.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Cursor } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { toInstant } from '../../../src/mapping/convert-value.ts';
import { PAGE_ROWS, type Reader, type Row, readRows } from './query.ts';
import { all, any, type Condition, compare, id, instant } from './soql.ts';

/** Longer than a transaction of Salesforce usually lasts. */
const OVERLAP_MS = 180_000;
const MOST_REMEMBERED = 2_000;
const SHOWN_CHARACTERS = 8;

export const changesCursorSchema = z.object({
  phase: z.literal('changes'),
  /** The newest SystemModstamp seen (epoch ms, Salesforce's clock). */
  last: z.number(),
  /** When that was first seen, by our clock; null: `last` is where to begin, the overlap is in it. */
  lastSeenAt: z.number().nullable(),
  /** Whatever was changed by `last` was visible to the last poll. */
  settled: z.boolean(),
  /** `id@modstamp#shown` of what was seen within the overlap. */
  seen: z.array(z.string()),
  /** A poll under way has come to this record; when it began, by our clock. */
  reached: z.object({ at: z.number(), id: z.string(), began: z.number() }).optional(),
});
export type ChangesCursor = z.infer<typeof changesCursorSchema>;

/** Begins at an instant of Salesforce's clock, minus the overlap. */
export function changesFrom(at: number): ChangesCursor {
  return { phase: 'changes', last: at - OVERLAP_MS, lastSeenAt: null, settled: false, seen: [] };
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
  const began = start.reached?.began ?? clock.now().getTime();
  // What changes while we read comes with the next poll: else a busy org would never be read to its end.
  const until = (await http.now(signal)) + 1_000;
  const from = beginning(start);
  let cursor = start;
  for (;;) {
    const query = {
      what: `reading changed ${source.id}`,
      from: source.object,
      fields: ['SystemModstamp', 'IsDeleted', ...source.fields],
      deleted: true,
      where: all(behind(cursor.reached) ?? from, compare('SystemModstamp', '<', instant(until))),
      orderBy: ['SystemModstamp', 'Id'],
      limit: PAGE_ROWS,
    };
    const { rows, more } = await readRows(parts, query, signal);
    const seen = new Set(cursor.seen);
    const fresh = rows.filter((row) => !seen.has(mark(row)));
    cursor = advance(cursor, rows, { began, more, now: clock.now().getTime() });
    const isStep = more || start.reached !== undefined || cursor.settled !== start.settled;
    if (fresh.length > 0 || isStep) yield { rows: fresh, cursor };
    if (!more) return;
  }
}

function behind(reached: ChangesCursor['reached']): Condition | null {
  if (reached === undefined) return null;
  const at = instant(reached.at);
  return any(
    compare('SystemModstamp', '>', at),
    all(compare('SystemModstamp', '=', at), compare('Id', '>', id(reached.id))),
  );
}

/** Until everything has settled, what was changed shortly before may not have been visible yet. */
function beginning({ last, lastSeenAt, settled }: ChangesCursor): Condition {
  if (settled) return compare('SystemModstamp', '>', instant(last));
  return compare('SystemModstamp', '>=', instant(lastSeenAt === null ? last : last - OVERLAP_MS));
}

interface PollStep {
  /** When the poll began, by our clock. */
  readonly began: number;
  readonly more: boolean;
  readonly now: number;
}

function advance(cursor: ChangesCursor, rows: readonly Row[], { began, more, now }: PollStep): ChangesCursor {
  const newest = Math.max(cursor.last, ...rows.map(modstamp));
  const hasMoved = newest > cursor.last || (cursor.lastSeenAt === null && rows.length > 0);
  const lastSeenAt = hasMoved ? now : cursor.lastSeenAt;
  const seen = [...new Set([...cursor.seen, ...rows.map(mark)])].filter(
    (each) => markedAt(each) >= newest - OVERLAP_MS,
  );
  const last = rows.at(-1);
  return {
    phase: 'changes',
    last: newest,
    lastSeenAt,
    // A poll that began when the newest change had been known for the overlap missed nothing before it. Only our own clock is
    // compared with itself.
    settled: more ? !hasMoved && cursor.settled : lastSeenAt !== null && began - lastSeenAt >= OVERLAP_MS,
    // The newest are kept: the others are merely read once more.
    seen: seen.toSorted((a, b) => markedAt(a) - markedAt(b)).slice(-MOST_REMEMBERED),
    ...(more && last !== undefined ? { reached: { at: modstamp(last), id: last.id, began } } : {}),
  };
}

/** When Salesforce last changed the record (epoch ms). @throws ConnectorError `invalid` when the row does not say */
export function modstamp({ values }: Row): number {
  const raw = values.SystemModstamp;
  const at = typeof raw === 'string' ? toInstant(raw) : null;
  if (at !== null) return at;
  const message = "Salesforce's answer has a record without SystemModstamp";
  throw new ConnectorError({ kind: 'invalid', crm: 'salesforce', message, code: 'UNEXPECTED_ANSWER' });
}

/** Salesforce keeps whole seconds: a record that was changed twice in one is told by what it shows. */
function mark(row: Row): string {
  const shown = createHash('sha1').update(JSON.stringify(row.values)).digest('base64url').slice(0, SHOWN_CHARACTERS);
  return `${row.id}@${modstamp(row)}#${shown}`;
}

function markedAt(text: string): number {
  return Number(text.slice(text.lastIndexOf('@') + 1, text.lastIndexOf('#')));
}
