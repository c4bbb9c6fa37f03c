// The position of each stream.
import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely';
import type { Cursor } from '../../domain/crm-changes.ts';
import { canBeScoredWithout } from '../set-aside/skip-set-aside.ts';
import type { StreamsTable } from '../tables/sync.ts';
import type { Tables } from '../tables/tables.ts';

export interface StreamState {
  readonly cursor: Cursor | null;
  /** The run of the last full sync that started. */
  readonly fullSyncRunId: number | null;
  /** That full sync has not reached the end of the stream yet. */
  readonly fullSyncActive: boolean;
  /** When the end of the stream was last reached. */
  readonly completedAt: Date | null;
  /** Its items up to then are stored, also if it is read from its beginning since; null = none. */
  readonly knownUntil: Date | null;
  readonly unavailableReason: string | null;
  /** What would make the stream available. */
  readonly unavailableFix: string | null;
  readonly unavailableSince: Date | null;
  /** When the CRM was last asked for the availability; null = ask at the next sync. */
  readonly availabilityCheckedAt: Date | null;
  readonly mappingHash: string | null;
}

export interface StreamKey {
  readonly crm: string;
  readonly stream: string;
}

/** The position of a stream at the time of the request for its next page. */
export type StreamPosition = Pick<StreamState, 'cursor' | 'fullSyncRunId' | 'fullSyncActive'>;

/**
 * Optimistic lock: polls, webhooks and full syncs read a stream concurrently. A reader that finds
 * another position than it started from must not write its page.
 */
export function isAtPosition(
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
  return row ? toState(row) : null;
}

export interface StreamSummary extends StreamState, StreamKey {}

export async function allStreams(db: Kysely<Tables>): Promise<readonly StreamSummary[]> {
  const rows = await db.selectFrom('streams').selectAll().orderBy('crm').orderBy('stream').execute();
  return rows.map((row) => ({ crm: row.crm, stream: row.stream, ...toState(row) }));
}

function toState(row: Selectable<StreamsTable>): StreamState {
  return {
    cursor: row.cursor,
    fullSyncRunId: row.full_sync_run_id,
    fullSyncActive: row.full_sync_active,
    completedAt: row.completed_at,
    knownUntil: row.completed_at ?? row.completed_before,
    unavailableReason: row.unavailable_reason,
    unavailableFix: row.unavailable_fix,
    unavailableSince: row.unavailable_since,
    availabilityCheckedAt: row.availability_checked_at,
    mappingHash: row.mapping_hash,
  };
}

/**
 * Clears the cursor: the next sync of the stream starts at its beginning.
 * @param sync.run its run
 */
export async function startFullSync(
  db: Kysely<Tables>,
  key: StreamKey,
  sync: { runId: number; mappingHash: string },
): Promise<void> {
  const values = { cursor: null, full_sync_run_id: sync.runId, full_sync_active: true, mapping_hash: sync.mappingHash };
  await db
    .insertInto('streams')
    .values({ ...key, ...values, completed_at: null })
    .onConflict((conflict) => conflict.columns(['crm', 'stream']).doUpdateSet(values))
    .execute();
}

/**
 * Whether the end of each stream was reached at least once, or the stream is unavailable or set
 * aside. Before that, a score would be wrong.
 */
export async function areStreamsComplete(
  db: Kysely<Tables>,
  streams: readonly StreamKey[],
  now: Date,
): Promise<boolean> {
  const { rows } = await sql<StreamKey>`
    select crm, stream from leadgrade.streams where completed_at is not null or unavailable_reason is not null
    union select a.crm, a.stream from leadgrade.set_aside a where ${canBeScoredWithout(now)}`.execute(db);
  const complete = new Set(rows.map((row) => `${row.crm}/${row.stream}`));
  return streams.every(({ crm, stream }) => complete.has(`${crm}/${stream}`));
}
