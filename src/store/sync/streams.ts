// Streams: how far each was read. A page and its cursor are kept together or not at all.
import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely';
import type { ChangePage, Cursor } from '../../domain/crm-changes.ts';
import { dropUnlisted } from '../activities/activities.ts';
import { dropUnlistedOutcomes } from '../activities/outcomes.ts';
import { noLongerThere } from '../activities/removed-items.ts';
import { type DueManner, holdLeads } from '../leads/mark-due.ts';
import type { EditPolicy } from '../records/field-conflicts.ts';
import { markDirty, takeSnapshots } from '../records/save-snapshots.ts';
import type { StreamsTable, Tables } from '../tables/tables.ts';
import { keepItems } from './save-items.ts';

export interface StreamState {
  readonly cursor: Cursor | null;
  /** The last whole pass that began, by its run; `passing` while it is under way. */
  readonly pass: number | null;
  readonly passing: boolean;
  readonly completedAt: Date | null;
  readonly denied: string | null;
  /** What would open it. */
  readonly deniedFix: string | null;
  readonly deniedAt: Date | null;
  /** When the CRM was last asked whether we may see it; null = it is to be asked. */
  readonly probedAt: Date | null;
  readonly mappingHash: string | null;
}

interface StreamKey {
  readonly crm: string;
  readonly stream: string;
}

/** How far a stream was read when more of it was asked for. */
export type StreamStand = Pick<StreamState, 'cursor' | 'pass' | 'passing'>;

/**
 * Several read one stream beside each other: polls, webhooks, a whole pass that begins. Whoever does not find it where it was has been
 * overtaken, and must not put it back.
 */
function isWhereItWas({ crm, stream }: StreamKey, { cursor, pass, passing }: StreamStand): RawBuilder<boolean> {
  return sql<boolean>`crm = ${crm} and stream = ${stream} and passing = ${passing}
    and pass is not distinct from ${pass}::bigint
    and cursor is not distinct from ${cursor === null ? null : JSON.stringify(cursor)}::jsonb`;
}

export async function streamState(db: Kysely<Tables>, key: StreamKey): Promise<StreamState | null> {
  const row = await db
    .selectFrom('streams')
    .selectAll()
    .where('crm', '=', key.crm)
    .where('stream', '=', key.stream)
    .executeTakeFirst();
  if (!row) return null;
  return toState(row);
}

/** Forgets the cursor: the next pull of the stream is a whole pass, numbered by its run. */
export async function beginPass(
  db: Kysely<Tables>,
  key: StreamKey,
  pass: { run: number; mappingHash: string },
): Promise<void> {
  const values = { cursor: null, pass: pass.run, passing: true, mapping_hash: pass.mappingHash };
  await db
    .insertInto('streams')
    .values({ ...key, ...values, completed_at: null })
    .onConflict((conflict) => conflict.columns(['crm', 'stream']).doUpdateSet(values))
    .execute();
}

interface TakePage extends StreamKey, DueManner {
  readonly from: StreamStand;
  readonly pass: number | null;
  readonly now: Date;
  readonly askedAt: Date;
  readonly whenEdited?: EditPolicy;
}

/**
 * Keeps one page and its cursor in one transaction.
 * @returns false, and nothing is kept, when somebody else has moved the stream since
 */
export function takePage(db: Kysely<Tables>, page: ChangePage, options: TakePage): Promise<boolean> {
  const { crm, now } = options;
  return db.transaction().execute(async (tx) => {
    // First, as endPull does: two who hold the stream and the same leads would wait for each other.
    const { numAffectedRows: moved } = await sql`
      update leadgrade.streams set cursor = ${JSON.stringify(page.cursor)}::jsonb
      where ${isWhereItWas(options, options.from)}`.execute(tx);
    if (moved !== 1n) return false;
    const { gone, goneOutcomes } = await noLongerThere(tx, crm, page);
    // All at once: taken one after the other, two who want the same might wait for each other.
    const shown = [page.leads, page.dirty, page.activities, gone, page.outcomes, goneOutcomes].flat();
    await holdLeads(
      tx,
      crm,
      shown.map(({ ref }) => ref),
    );
    await takeSnapshots(tx, page.leads, options);
    await markDirty(tx, crm, page.dirty, now);
    await keepItems(tx, page, { gone, goneOutcomes }, options);
    return true;
  });
}

interface EndOfPull extends StreamKey {
  readonly from: StreamStand;
  readonly now: Date;
  /** The object whose records the stream lists, if it lists records. */
  readonly lists: string | null;
  /** Set when the pull was a whole pass. */
  readonly pass: number | null;
}

/**
 * The stream was read to its end. After a whole pass, what it did not show is gone, or is read again to be sure.
 * @returns false, and nothing changes, when somebody else has moved the stream since
 */
export function endPull(db: Kysely<Tables>, end: EndOfPull): Promise<boolean> {
  const { crm, stream, now, pass } = end;
  return db.transaction().execute(async (tx) => {
    const { numAffectedRows: ended } = await sql`
      update leadgrade.streams set completed_at = ${now}, passing = false
      where ${isWhereItWas(end, end.from)}`.execute(tx);
    if (ended !== 1n) return false;
    if (pass !== null) {
      await dropUnlisted(tx, { crm, stream, pass }, now);
      await dropUnlistedOutcomes(tx, { crm, stream, pass }, now);
      await sql`
        update leadgrade.records set dirty_at = ${now}
        where crm = ${crm} and object = ${end.lists} and state = 'live' and listed_pass is distinct from ${pass}
          and read_at < (select started_at from leadgrade.runs where id = ${pass})`.execute(tx);
    }
    return true;
  });
}

export interface Denial {
  readonly reason: string;
  readonly fix: string | null;
}

/** This token or portal may not see the stream: nothing is known of what it would show. */
export async function denyStream(
  db: Kysely<Tables>,
  key: StreamKey,
  { denied, mappingHash, now }: { denied: Denial; mappingHash: string; now: Date },
): Promise<void> {
  const { reason, fix } = denied;
  // Without a pass: a backfill that is still under way when it opens again begins one, or would take it for read.
  const closed = {
    denied: reason,
    denied_fix: fix,
    passing: false,
    pass: null,
    cursor: null,
    mapping_hash: mappingHash,
  };
  await db
    .insertInto('streams')
    .values({ ...key, ...closed, completed_at: null, denied_at: now, probed_at: now })
    .onConflict((conflict) =>
      conflict.columns(['crm', 'stream']).doUpdateSet({
        ...closed,
        denied_at: sql<Date>`coalesce(streams.denied_at, excluded.denied_at)`,
        probed_at: now,
      }),
    )
    .execute();
}

/**
 * The stream was asked for and is open to us. One that was closed is read from its beginning, and until then it counts as never
 * read: nobody is scored without what it will show.
 */
export async function admitStream(db: Kysely<Tables>, key: StreamKey, now: Date): Promise<void> {
  const open = { denied: null, denied_fix: null, denied_at: null, probed_at: now };
  await db
    .insertInto('streams')
    .values({ ...key, ...open, cursor: null, pass: null, completed_at: null, mapping_hash: null })
    .onConflict((conflict) =>
      conflict.columns(['crm', 'stream']).doUpdateSet({
        ...open,
        completed_at: sql<Date | null>`case when streams.denied is null then streams.completed_at end`,
      }),
    )
    .execute();
}

function toState(row: Selectable<StreamsTable>): StreamState {
  const { cursor, pass, passing, denied } = row;
  const dates = { completedAt: row.completed_at, deniedAt: row.denied_at, probedAt: row.probed_at };
  return { cursor, pass, passing, denied, deniedFix: row.denied_fix, ...dates, mappingHash: row.mapping_hash };
}

/** The stream was asked for, and nothing is new. */
export async function noteProbed(db: Kysely<Tables>, key: StreamKey, now: Date): Promise<void> {
  await db
    .updateTable('streams')
    .set({ probed_at: now })
    .where('crm', '=', key.crm)
    .where('stream', '=', key.stream)
    .execute();
}

/** What we may see is asked at the next pull, not only a day after the last time. */
export async function probeAgain(db: Kysely<Tables>, crm: string): Promise<void> {
  await db.updateTable('streams').set({ probed_at: null }).where('crm', '=', crm).execute();
}

export interface StreamSummary extends StreamState, StreamKey {}

export async function allStreams(db: Kysely<Tables>): Promise<readonly StreamSummary[]> {
  const rows = await db.selectFrom('streams').selectAll().orderBy('crm').orderBy('stream').execute();
  return rows.map((row) => ({ crm: row.crm, stream: row.stream, ...toState(row) }));
}
