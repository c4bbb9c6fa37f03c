// Streams: how far each was read. A page and its cursor are kept together or not at all.
import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely';
import type { ChangePage, Cursor } from '../../domain/crm-changes.ts';
import { tombstoneUnlisted } from '../activities/activities.ts';
import { tombstoneUnlistedOutcomes } from '../activities/outcomes.ts';
import { findRemovedItems } from '../activities/removed-items.ts';
import { lockLeadsOfRecords, type MarkDueOptions } from '../leads/mark-due.ts';
import type { EditPolicy } from '../records/field-conflicts.ts';
import { markDirty, saveSnapshots } from '../records/save-snapshots.ts';
import type { StreamsTable, Tables } from '../tables/tables.ts';
import { savePageItems } from './save-items.ts';

export interface StreamState {
  readonly cursor: Cursor | null;
  /** The last whole pass that began, by its run; `passing` while it is under way. */
  readonly fullSyncRunId: number | null;
  readonly fullSyncActive: boolean;
  readonly completedAt: Date | null;
  readonly unavailableReason: string | null;
  /** What would open it. */
  readonly unavailableFix: string | null;
  readonly unavailableSince: Date | null;
  /** When the CRM was last asked whether we may see it; null = it is to be asked. */
  readonly availabilityCheckedAt: Date | null;
  readonly mappingHash: string | null;
}

interface StreamKey {
  readonly crm: string;
  readonly stream: string;
}

/** How far a stream was read when more of it was asked for. */
export type StreamPosition = Pick<StreamState, 'cursor' | 'fullSyncRunId' | 'fullSyncActive'>;

/**
 * Several read one stream beside each other: polls, webhooks, a whole pass that begins. Whoever does not find it where it was has been
 * overtaken, and must not put it back.
 */
function isWhereItWas(
  { crm, stream }: StreamKey,
  { cursor, fullSyncRunId, fullSyncActive }: StreamPosition,
): RawBuilder<boolean> {
  return sql<boolean>`crm = ${crm} and stream = ${stream} and full_sync_active = ${fullSyncActive}
    and full_sync_run_id is not distinct from ${fullSyncRunId}::bigint
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
export async function startFullSync(
  db: Kysely<Tables>,
  key: StreamKey,
  sync: { run: number; mappingHash: string },
): Promise<void> {
  const values = { cursor: null, full_sync_run_id: sync.run, full_sync_active: true, mapping_hash: sync.mappingHash };
  await db
    .insertInto('streams')
    .values({ ...key, ...values, completed_at: null })
    .onConflict((conflict) => conflict.columns(['crm', 'stream']).doUpdateSet(values))
    .execute();
}

interface SavePageOptions extends StreamKey, MarkDueOptions {
  readonly from: StreamPosition;
  readonly fullSyncRunId: number | null;
  readonly now: Date;
  readonly askedAt: Date;
  readonly whenEdited?: EditPolicy;
}

/**
 * Keeps one page and its cursor in one transaction.
 * @returns false, and nothing is kept, when somebody else has moved the stream since
 */
export function savePage(db: Kysely<Tables>, page: ChangePage, options: SavePageOptions): Promise<boolean> {
  const { crm, now } = options;
  return db.transaction().execute(async (tx) => {
    // First, as endPull does: two who hold the stream and the same leads would wait for each other.
    const { numAffectedRows: moved } = await sql`
      update leadgrade.streams set cursor = ${JSON.stringify(page.cursor)}::jsonb
      where ${isWhereItWas(options, options.from)}`.execute(tx);
    if (moved !== 1n) return false;
    const { gone, goneOutcomes } = await findRemovedItems(tx, crm, page);
    // All at once: taken one after the other, two who want the same might wait for each other.
    const shown = [page.leads, page.dirty, page.activities, gone, page.outcomes, goneOutcomes].flat();
    await lockLeadsOfRecords(
      tx,
      crm,
      shown.map(({ ref }) => ref),
    );
    await saveSnapshots(tx, page.leads, options);
    await markDirty(tx, crm, page.dirty, now);
    await savePageItems(tx, page, { gone, goneOutcomes }, options);
    return true;
  });
}

interface FinishPullOptions extends StreamKey {
  readonly from: StreamPosition;
  readonly now: Date;
  /** The object whose records the stream lists, if it lists records. */
  readonly listsObject: string | null;
  /** Set when the pull was a whole pass. */
  readonly fullSyncRunId: number | null;
}

/**
 * The stream was read to its end. After a whole pass, what it did not show is gone, or is read again to be sure.
 * @returns false, and nothing changes, when somebody else has moved the stream since
 */
export function finishPull(db: Kysely<Tables>, end: FinishPullOptions): Promise<boolean> {
  const { crm, stream, now, fullSyncRunId } = end;
  return db.transaction().execute(async (tx) => {
    const { numAffectedRows: ended } = await sql`
      update leadgrade.streams set completed_at = ${now}, full_sync_active = false
      where ${isWhereItWas(end, end.from)}`.execute(tx);
    if (ended !== 1n) return false;
    if (fullSyncRunId !== null) {
      await tombstoneUnlisted(tx, { crm, stream, fullSyncRunId }, now);
      await tombstoneUnlistedOutcomes(tx, { crm, stream, fullSyncRunId }, now);
      await sql`
        update leadgrade.records set dirty_at = ${now}
        where crm = ${crm} and object = ${end.listsObject} and state = 'live' and last_full_sync_run_id is distinct from ${fullSyncRunId}
          and read_at < (select started_at from leadgrade.runs where id = ${fullSyncRunId})`.execute(tx);
    }
    return true;
  });
}

export interface Unavailability {
  readonly reason: string;
  readonly fix: string | null;
}

/** This token or portal may not see the stream: nothing is known of what it would show. */
export async function markStreamUnavailable(
  db: Kysely<Tables>,
  key: StreamKey,
  { unavailable, mappingHash, now }: { unavailable: Unavailability; mappingHash: string; now: Date },
): Promise<void> {
  const { reason, fix } = unavailable;
  // Without a pass: a backfill that is still under way when it opens again begins one, or would take it for read.
  const closed = {
    unavailable_reason: reason,
    unavailable_fix: fix,
    full_sync_active: false,
    full_sync_run_id: null,
    cursor: null,
    mapping_hash: mappingHash,
  };
  await db
    .insertInto('streams')
    .values({ ...key, ...closed, completed_at: null, unavailable_since: now, availability_checked_at: now })
    .onConflict((conflict) =>
      conflict.columns(['crm', 'stream']).doUpdateSet({
        ...closed,
        unavailable_since: sql<Date>`coalesce(streams.unavailable_since, excluded.unavailable_since)`,
        availability_checked_at: now,
      }),
    )
    .execute();
}

/**
 * The stream was asked for and is open to us. One that was closed is read from its beginning, and until then it counts as never
 * read: nobody is scored without what it will show.
 */
export async function markStreamAvailable(db: Kysely<Tables>, key: StreamKey, now: Date): Promise<void> {
  const open = {
    unavailable_reason: null,
    unavailable_fix: null,
    unavailable_since: null,
    availability_checked_at: now,
  };
  await db
    .insertInto('streams')
    .values({ ...key, ...open, cursor: null, full_sync_run_id: null, completed_at: null, mapping_hash: null })
    .onConflict((conflict) =>
      conflict.columns(['crm', 'stream']).doUpdateSet({
        ...open,
        completed_at: sql<Date | null>`case when streams.unavailable_reason is null then streams.completed_at end`,
      }),
    )
    .execute();
}

function toState(row: Selectable<StreamsTable>): StreamState {
  const { cursor } = row;
  const dates = {
    completedAt: row.completed_at,
    unavailableSince: row.unavailable_since,
    availabilityCheckedAt: row.availability_checked_at,
  };
  return {
    cursor,
    fullSyncRunId: row.full_sync_run_id,
    fullSyncActive: row.full_sync_active,
    unavailableReason: row.unavailable_reason,
    unavailableFix: row.unavailable_fix,
    ...dates,
    mappingHash: row.mapping_hash,
  };
}

/** The stream was asked for, and nothing is new. */
export async function touchAvailability(db: Kysely<Tables>, key: StreamKey, now: Date): Promise<void> {
  await db
    .updateTable('streams')
    .set({ availability_checked_at: now })
    .where('crm', '=', key.crm)
    .where('stream', '=', key.stream)
    .execute();
}

/** What we may see is asked at the next pull, not only a day after the last time. */
export async function recheckAvailability(db: Kysely<Tables>, crm: string): Promise<void> {
  await db.updateTable('streams').set({ availability_checked_at: null }).where('crm', '=', crm).execute();
}

export interface StreamSummary extends StreamState, StreamKey {}

export async function allStreams(db: Kysely<Tables>): Promise<readonly StreamSummary[]> {
  const rows = await db.selectFrom('streams').selectAll().orderBy('crm').orderBy('stream').execute();
  return rows.map((row) => ({ crm: row.crm, stream: row.stream, ...toState(row) }));
}
