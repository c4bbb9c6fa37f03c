// How far each stream was reconciled, and where its unfinished comparison stopped. A large
// comparison continues over several nights, and after a kill.
import { type Kysely, sql } from 'kysely';
import type { Cursor } from '../../domain/crm-changes.ts';
import type { StreamKey } from '../sync/streams.ts';
import type { Tables } from '../tables/tables.ts';

export interface ComparisonState {
  /** When the stream was last known to be read completely: reconciled, or read by a full sync. */
  readonly completeAt: Date | null;
  /** When the unfinished comparison began; null = none is running. */
  readonly startedAt: Date | null;
  readonly position: Cursor | null;
}

export async function comparisonState(db: Kysely<Tables>, { crm, stream }: StreamKey): Promise<ComparisonState | null> {
  const { rows } = await sql<{ complete_at: Date | null; started_at: Date | null; position: Cursor | null }>`
    select greatest(s.reconciled_at, r.started_at) as complete_at, s.comparison_started_at as started_at,
      s.comparison as position
    from leadgrade.streams s left join leadgrade.runs r on r.id = s.full_sync_run_id
    where s.crm = ${crm} and s.stream = ${stream}`.execute(db);
  const row = rows[0];
  return row === undefined ? null : { completeAt: row.complete_at, startedAt: row.started_at, position: row.position };
}

/** Begins a comparison at the beginning of the stream. */
export async function beginComparison(db: Kysely<Tables>, key: StreamKey, startedAt: Date): Promise<void> {
  await clearListing(db, key);
  await savePosition(db, key, { startedAt, position: null });
}

/** @param at null = the comparison is complete */
export async function savePosition(
  db: Kysely<Tables>,
  { crm, stream }: StreamKey,
  at: { readonly startedAt: Date; readonly position: Cursor | null } | null,
): Promise<void> {
  const position = at === null || at.position === null ? null : JSON.stringify(at.position);
  await sql`
    update leadgrade.streams set comparison_started_at = ${at?.startedAt ?? null}::timestamptz, comparison = ${position}::jsonb
    where crm = ${crm} and stream = ${stream}`.execute(db);
}

/** Saves that everything that changed before `startedAt` was read once more. */
export async function saveReconciled(db: Kysely<Tables>, { crm, stream }: StreamKey, startedAt: Date): Promise<void> {
  await sql`
    update leadgrade.streams set reconciled_at = ${startedAt} where crm = ${crm} and stream = ${stream}`.execute(db);
}

export async function clearListing(db: Kysely<Tables>, { crm, stream }: StreamKey): Promise<void> {
  await db.deleteFrom('item_listing').where('crm', '=', crm).where('stream', '=', stream).execute();
}
