// Whether the token and the account of a CRM can read a stream.
import { type Kysely, sql } from 'kysely';
import { clearSetAsideStream } from '../set-aside/set-aside.ts';
import type { Tables } from '../tables/tables.ts';
import type { StreamKey } from './streams.ts';

export interface Unavailability {
  readonly reason: string;
  readonly fix: string | null;
}

/** Marks a stream as unavailable: its content is unknown, and scores do without it. */
export async function markStreamUnavailable(
  db: Kysely<Tables>,
  key: StreamKey,
  { unavailable, mappingHash, now }: { unavailable: Unavailability; mappingHash: string; now: Date },
): Promise<void> {
  const { reason, fix } = unavailable;
  // The full sync is cleared: a backfill that still runs when the stream becomes available again
  // must start a new one, and not take the stream for read.
  const values = {
    unavailable_reason: reason,
    unavailable_fix: fix,
    full_sync_active: false,
    full_sync_run_id: null,
    cursor: null,
    mapping_hash: mappingHash,
  };
  await db
    .insertInto('streams')
    .values({ ...key, ...values, completed_at: null, unavailable_since: now, availability_checked_at: now })
    .onConflict((conflict) =>
      conflict.columns(['crm', 'stream']).doUpdateSet({
        ...values,
        unavailable_since: sql<Date>`coalesce(streams.unavailable_since, excluded.unavailable_since)`,
        availability_checked_at: now,
      }),
    )
    .execute();
  await clearSetAsideStream(db, key.crm, key.stream);
}

/**
 * Marks a stream as available. A stream that was unavailable starts at its beginning, and counts as
 * never read until its end is reached: no lead is scored without its content.
 */
export async function markStreamAvailable(db: Kysely<Tables>, key: StreamKey, now: Date): Promise<void> {
  const values = {
    unavailable_reason: null,
    unavailable_fix: null,
    unavailable_since: null,
    availability_checked_at: now,
  };
  await db
    .insertInto('streams')
    .values({ ...key, ...values, cursor: null, full_sync_run_id: null, completed_at: null, mapping_hash: null })
    .onConflict((conflict) =>
      conflict.columns(['crm', 'stream']).doUpdateSet({
        ...values,
        completed_at: sql<Date | null>`case when streams.unavailable_reason is null then streams.completed_at end`,
        completed_before: sql<Date | null>`case when streams.unavailable_reason is null then streams.completed_before
          else coalesce(streams.completed_at, streams.completed_before) end`,
      }),
    )
    .execute();
}

/** Saves that the availability was checked and has not changed. */
export async function touchAvailability(db: Kysely<Tables>, key: StreamKey, now: Date): Promise<void> {
  await db
    .updateTable('streams')
    .set({ availability_checked_at: now })
    .where('crm', '=', key.crm)
    .where('stream', '=', key.stream)
    .execute();
}

/** Has the availability checked at the next sync, instead of a day after the last check. */
export async function recheckAvailability(db: Kysely<Tables>, crm: string): Promise<void> {
  await db.updateTable('streams').set({ availability_checked_at: null }).where('crm', '=', crm).execute();
}
