// Reads the changes since a cursor, by SystemModstamp and ID, oldest first. Each page begins after
// the last record of the page before, so any number of records may share one instant, and an
// interrupted poll resumes where it stopped.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Cursor, FailedPart } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { toInstant } from '../../../src/mapping/values/convert-value.ts';
import type { QueryContext, Row, UnreadableRow } from './query.ts';
import { type PeriodPage, type Position, positionSchema, readPeriod } from './read-period.ts';

/**
 * A transaction becomes visible later than the instant that it carries, so a poll re-reads this
 * overlap before the newest change. It is longer than a Salesforce transaction usually takes.
 */
const OVERLAP_MS = 180_000;
const MAX_SEEN_KEYS = 2_000;
const FINGERPRINT_LENGTH = 8;

export const changesCursorSchema = z.object({
  phase: z.literal('changes'),
  /** The newest SystemModstamp read (epoch ms, Salesforce's clock). */
  newest: z.number(),
  /**
   * When `newest` was first read (epoch ms, our clock); null before the first change: `newest` then
   * includes the overlap.
   */
  newestReadAt: z.number().nullable(),
  /**
   * Every change up to `newest` was visible to the last poll: the overlap need not be read again.
   */
  isOverlapRead: z.boolean(),
  /**
   * Keys (`id@modstamp#fingerprint`) of the changes that were read within the overlap. With them an
   * idle poll costs one query and yields nothing.
   */
  seen: z.array(z.string()),
  /** The last record of an unfinished poll, and when that poll began (epoch ms, our clock). */
  position: positionSchema.extend({ pollStartedAt: z.number() }).optional(),
});
export type ChangesCursor = z.infer<typeof changesCursorSchema>;

/** A cursor that begins at an instant of Salesforce's clock (epoch ms), minus the overlap. */
export function changesFrom(at: number): ChangesCursor {
  return { phase: 'changes', newest: at - OVERLAP_MS, newestReadAt: null, isOverlapRead: false, seen: [] };
}

export interface ChangedRows {
  /** Rows that no earlier poll read at this SystemModstamp. */
  readonly rows: readonly Row[];
  readonly unreadable: readonly UnreadableRow[];
  /** Periods that could not be read. */
  readonly failed: readonly FailedPart[];
  readonly cursor: ChangesCursor & Cursor;
}

export interface ChangesSource {
  readonly id: string;
  readonly object: string;
  readonly fields: readonly string[];
}

export async function* readChanges(
  parts: QueryContext & { readonly clock: Clock },
  source: ChangesSource,
  start: ChangesCursor,
  signal: AbortSignal,
): AsyncGenerator<ChangedRows> {
  const { clock, http } = parts;
  const pollStartedAt = start.position?.pollStartedAt ?? clock.now().getTime();
  // The next poll reads what changes during this one: without this bound the poll of a busy org
  // would never end.
  const until = (await http.now(signal)) + 1_000;
  let cursor = start;
  const query = changesQuery(source);
  const period = { ...firstPosition(start), until };
  for await (const page of readPeriod(parts, query, period, signal)) {
    const { rows, unreadable } = withModstamp(page);
    const seen = new Set(cursor.seen);
    const unseen = rows.filter((row) => !seen.has(changeKey(row)));
    cursor = advance(cursor, rows, { pollStartedAt, next: page.next, now: clock.now().getTime() });
    const hasProgress =
      page.next !== null || start.position !== undefined || cursor.isOverlapRead !== start.isOverlapRead;
    const hasContent = unseen.length + unreadable.length + page.failed.length > 0;
    if (hasContent || hasProgress) yield { rows: unseen, unreadable, failed: page.failed, cursor };
  }
}

export function changesQuery({ id: stream, object, fields }: ChangesSource) {
  return {
    what: `reading changed ${stream}`,
    from: object,
    fields: ['SystemModstamp', 'IsDeleted', ...fields],
    includeDeleted: true,
  };
}

/** Rows without a SystemModstamp cannot be ordered: Salesforce always returns it. */
export function withModstamp({ rows, unreadable }: Pick<PeriodPage, 'rows' | 'unreadable'>) {
  const isDated = ({ values }: Row) =>
    typeof values.SystemModstamp === 'string' && toInstant(values.SystemModstamp) !== null;
  const undated = rows
    .filter((row) => !isDated(row))
    .map((row) => ({ id: row.id, reason: 'SystemModstamp is missing' }));
  return { rows: rows.filter(isDated), unreadable: [...unreadable, ...undated] };
}

/**
 * Includes the overlap until it is read: a change made shortly before `newest` may not have been
 * visible yet.
 */
function firstPosition({ position, newest, newestReadAt, isOverlapRead }: ChangesCursor) {
  if (position !== undefined) return { start: { at: position.at, id: position.id } };
  if (isOverlapRead) return { start: { at: newest, id: null }, isOpenStart: true };
  return { start: { at: newestReadAt === null ? newest : newest - OVERLAP_MS, id: null } };
}

interface PollStep {
  /** When the poll began (epoch ms, our clock). */
  readonly pollStartedAt: number;
  readonly next: Position | null;
  readonly now: number;
}

function advance(cursor: ChangesCursor, rows: readonly Row[], { pollStartedAt, next, now }: PollStep): ChangesCursor {
  const newest = Math.max(cursor.newest, ...rows.map(modstamp));
  const hasMoved = newest > cursor.newest || (cursor.newestReadAt === null && rows.length > 0);
  const newestReadAt = hasMoved ? now : cursor.newestReadAt;
  const seen = [...new Set([...cursor.seen, ...rows.map(changeKey)])].filter(
    (key) => modstampOfKey(key) >= newest - OVERLAP_MS,
  );
  return {
    phase: 'changes',
    newest,
    newestReadAt,
    // A poll that began at least OVERLAP_MS after the newest change was first read has missed no
    // earlier change. Both times come from our own clock, so a wrong clock does no harm.
    isOverlapRead:
      next !== null
        ? !hasMoved && cursor.isOverlapRead
        : newestReadAt !== null && pollStartedAt - newestReadAt >= OVERLAP_MS,
    // The newest keys are stored; the other changes are only read once more.
    seen: seen.toSorted((a, b) => modstampOfKey(a) - modstampOfKey(b)).slice(-MAX_SEEN_KEYS),
    ...(next === null ? {} : { position: { ...next, pollStartedAt } }),
  };
}

/**
 * When Salesforce last changed the record (epoch ms).
 * @throws ConnectorError `invalid` when the row has no SystemModstamp
 */
export function modstamp({ values }: Row): number {
  const raw = values.SystemModstamp;
  const at = typeof raw === 'string' ? toInstant(raw) : null;
  if (at !== null) return at;
  const message = "Salesforce's response contains a record without SystemModstamp";
  throw new ConnectorError({ kind: 'invalid', crm: 'salesforce', message, code: 'UNEXPECTED_RESPONSE' });
}

/**
 * SystemModstamp has whole seconds, so a fingerprint of the values tells apart two changes within
 * one second.
 */
function changeKey(row: Row): string {
  const hash = createHash('sha1').update(JSON.stringify(row.values)).digest('base64url');
  return `${row.id}@${modstamp(row)}#${hash.slice(0, FINGERPRINT_LENGTH)}`;
}

function modstampOfKey(key: string): number {
  return Number(key.slice(key.lastIndexOf('@') + 1, key.lastIndexOf('#')));
}
