// Streams: how far each was read. A page and its cursor are kept together or not at all.
import { type Kysely, type Selectable, sql } from 'kysely';
import type { ChangePage, Cursor, LinkFindings } from '../domain/crm-changes.ts';
import { dropActivities, dropUnlisted, takeActivities } from './activities.ts';
import { markDirty, takeSnapshots } from './records.ts';
import type { StreamsTable, Tables } from './tables.ts';

export interface StreamState {
  readonly cursor: Cursor | null;
  /** The last whole pass that began, by its run; `passing` while it is under way. */
  readonly pass: number | null;
  readonly passing: boolean;
  readonly completedAt: Date | null;
  readonly denied: string | null;
  readonly deniedAt: Date | null;
  readonly mappingHash: string | null;
}

interface StreamKey {
  readonly crm: string;
  readonly stream: string;
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
  const values = { cursor: null, pass: pass.run, passing: true, denied: null, mapping_hash: pass.mappingHash };
  await db
    .insertInto('streams')
    .values({ ...key, ...values, completed_at: null })
    .onConflict((conflict) => conflict.columns(['crm', 'stream']).doUpdateSet(values))
    .execute();
}

interface TakePage extends StreamKey {
  readonly pass: number | null;
  readonly now: Date;
  readonly askedAt: Date;
}

/** Keeps one page and its cursor in one transaction. */
export async function takePage(db: Kysely<Tables>, page: ChangePage, options: TakePage): Promise<void> {
  const { crm, stream, now } = options;
  await db.transaction().execute(async (tx) => {
    await takeSnapshots(tx, page.leads, options);
    await markDirty(tx, crm, page.dirty, now);
    await takeActivities(tx, page.activities, options);
    await dropActivities(tx, crm, page.gone, now);
    await tx
      .updateTable('streams')
      .set({ cursor: JSON.stringify(page.cursor) })
      .where('crm', '=', crm)
      .where('stream', '=', stream)
      .execute();
  });
}

/** Keeps what a comparison of links found; it belongs to no stream's cursor. */
export async function takeFindings(
  db: Kysely<Tables>,
  found: LinkFindings,
  options: { crm: string; now: Date },
): Promise<void> {
  const { crm, now } = options;
  await db.transaction().execute(async (tx) => {
    await markDirty(tx, crm, found.dirty, now);
    for (const [stream, activities] of Map.groupBy(found.activities, (activity) => activity.stream)) {
      await takeActivities(tx, activities, { crm, stream, now, pass: null });
    }
    await dropActivities(tx, crm, found.gone, now);
  });
}

interface EndOfPull extends StreamKey {
  readonly now: Date;
  /** The object whose records the stream lists, if it lists records. */
  readonly lists: string | null;
  /** Set when the pull was a whole pass. */
  readonly pass: number | null;
}

/** The stream was read to its end. After a whole pass, what it did not show is gone, or is read again to be sure. */
export async function endPull(db: Kysely<Tables>, end: EndOfPull): Promise<void> {
  const { crm, stream, now, pass } = end;
  await db.transaction().execute(async (tx) => {
    if (pass !== null) {
      await dropUnlisted(tx, { crm, stream, pass }, now);
      await sql`
        update leadgrade.records set dirty_at = ${now}
        where crm = ${crm} and object = ${end.lists} and state = 'live' and listed_pass is distinct from ${pass}
          and read_at < (select started_at from leadgrade.runs where id = ${pass})`.execute(tx);
    }
    await tx
      .updateTable('streams')
      .set({ completed_at: now, passing: false, denied: null })
      .where('crm', '=', crm)
      .where('stream', '=', stream)
      .execute();
  });
}

/** This token or portal may not see the stream: nothing is known of what it would show. */
export async function denyStream(db: Kysely<Tables>, key: StreamKey, reason: string, now: Date): Promise<void> {
  await db
    .updateTable('streams')
    .set({ denied: reason, denied_at: now, passing: false, cursor: null })
    .where('crm', '=', key.crm)
    .where('stream', '=', key.stream)
    .execute();
}

function toState(row: Selectable<StreamsTable>): StreamState {
  const { cursor, pass, passing, denied } = row;
  const dates = { completedAt: row.completed_at, deniedAt: row.denied_at };
  return { cursor, pass, passing, denied, ...dates, mappingHash: row.mapping_hash };
}

/** Streams that were refused are asked for at the next pull, not only a day later. */
export async function askDeniedAgain(db: Kysely<Tables>, crm: string): Promise<void> {
  await db
    .updateTable('streams')
    .set({ denied_at: null })
    .where('crm', '=', crm)
    .where('denied', 'is not', null)
    .execute();
}

export interface StreamSummary extends StreamState, StreamKey {}

export async function allStreams(db: Kysely<Tables>): Promise<readonly StreamSummary[]> {
  const rows = await db.selectFrom('streams').selectAll().orderBy('crm').orderBy('stream').execute();
  return rows.map((row) => ({ crm: row.crm, stream: row.stream, ...toState(row) }));
}
