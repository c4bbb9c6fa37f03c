// Reads the changes since a cursor, by SystemModstamp and ID, oldest first. Each page is a query of
// its own that begins after the last record of the page before, so any number of records may share
// one instant, and an interrupted poll resumes where it stopped.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Cursor } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { toInstant } from '../../../src/mapping/convert-value.ts';
import { PAGE_ROWS, type QueryContext, type Row, readRows } from './query.ts';
import { all, any, type Condition, compare, id, instant } from './soql.ts';

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
  position: z.object({ at: z.number(), id: z.string(), pollStartedAt: z.number() }).optional(),
});
export type ChangesCursor = z.infer<typeof changesCursorSchema>;

/** A cursor that begins at an instant of Salesforce's clock (epoch ms), minus the overlap. */
export function changesFrom(at: number): ChangesCursor {
  return { phase: 'changes', newest: at - OVERLAP_MS, newestReadAt: null, isOverlapRead: false, seen: [] };
}

export interface ChangedRows {
  /** Rows that no earlier poll read at this SystemModstamp. */
  readonly rows: readonly Row[];
  readonly cursor: ChangesCursor & Cursor;
}

interface ChangesSource {
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
  const fromStart = firstPageCondition(start);
  let cursor = start;
  for (;;) {
    const query = {
      what: `reading changed ${source.id}`,
      from: source.object,
      fields: ['SystemModstamp', 'IsDeleted', ...source.fields],
      includeDeleted: true,
      where: all(nextPageCondition(cursor.position) ?? fromStart, compare('SystemModstamp', '<', instant(until))),
      orderBy: ['SystemModstamp', 'Id'],
      limit: PAGE_ROWS,
    };
    const { rows, hasMore } = await readRows(parts, query, signal);
    const seen = new Set(cursor.seen);
    const unseen = rows.filter((row) => !seen.has(changeKey(row)));
    cursor = advance(cursor, rows, { pollStartedAt, hasMore, now: clock.now().getTime() });
    const hasProgress = hasMore || start.position !== undefined || cursor.isOverlapRead !== start.isOverlapRead;
    if (unseen.length > 0 || hasProgress) yield { rows: unseen, cursor };
    if (!hasMore) return;
  }
}

function nextPageCondition(position: ChangesCursor['position']): Condition | null {
  if (position === undefined) return null;
  const at = instant(position.at);
  return any(
    compare('SystemModstamp', '>', at),
    all(compare('SystemModstamp', '=', at), compare('Id', '>', id(position.id))),
  );
}

/**
 * Includes the overlap until it is read: a change made shortly before `newest` may not have been
 * visible yet.
 */
function firstPageCondition({ newest, newestReadAt, isOverlapRead }: ChangesCursor): Condition {
  if (isOverlapRead) return compare('SystemModstamp', '>', instant(newest));
  return compare('SystemModstamp', '>=', instant(newestReadAt === null ? newest : newest - OVERLAP_MS));
}

interface PollStep {
  /** When the poll began (epoch ms, our clock). */
  readonly pollStartedAt: number;
  readonly hasMore: boolean;
  readonly now: number;
}

function advance(
  cursor: ChangesCursor,
  rows: readonly Row[],
  { pollStartedAt, hasMore, now }: PollStep,
): ChangesCursor {
  const newest = Math.max(cursor.newest, ...rows.map(modstamp));
  const hasMoved = newest > cursor.newest || (cursor.newestReadAt === null && rows.length > 0);
  const newestReadAt = hasMoved ? now : cursor.newestReadAt;
  const seen = [...new Set([...cursor.seen, ...rows.map(changeKey)])].filter(
    (key) => modstampOfKey(key) >= newest - OVERLAP_MS,
  );
  const last = rows.at(-1);
  return {
    phase: 'changes',
    newest,
    newestReadAt,
    // A poll that began at least OVERLAP_MS after the newest change was first read has missed no
    // earlier change. Both times come from our own clock, so a wrong clock does no harm.
    isOverlapRead: hasMore
      ? !hasMoved && cursor.isOverlapRead
      : newestReadAt !== null && pollStartedAt - newestReadAt >= OVERLAP_MS,
    // The newest keys are stored; the other changes are only read once more.
    seen: seen.toSorted((a, b) => modstampOfKey(a) - modstampOfKey(b)).slice(-MAX_SEEN_KEYS),
    ...(hasMore && last !== undefined ? { position: { at: modstamp(last), id: last.id, pollStartedAt } } : {}),
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
