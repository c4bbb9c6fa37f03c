// Runs: one row for each run of a long job. (job, slot) is unique, so a nightly slot runs once,
// whichever process starts it.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { RunState } from '../tables/runs.ts';
import type { Tables } from '../tables/tables.ts';

export interface Run {
  readonly id: number;
  readonly job: string;
  readonly slot: string | null;
  readonly state: RunState;
  readonly started_at: Date;
  readonly finished_at: Date | null;
  readonly heartbeat_at: Date;
  /** Counters, e.g. `{ scored: 120 }`. */
  readonly progress: Readonly<Record<string, number>>;
  readonly error: string | null;
}

/** Opens a run; null when its slot has one already. */
export async function openRun(
  db: Kysely<Tables>,
  run: { job: string; slot: string | null; state: RunState },
  now: Date,
): Promise<Run | null> {
  const row = await db
    .insertInto('runs')
    .values({ ...run, started_at: now, heartbeat_at: now, finished_at: null, progress: '{}', error: null })
    .onConflict((conflict) => conflict.columns(['job', 'slot']).doNothing())
    .returningAll()
    .executeTakeFirst();
  return row ?? null;
}

export async function findRun(db: Kysely<Tables>, id: number): Promise<Run | null> {
  return (await db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
}

export async function findRunOfSlot(db: Kysely<Tables>, job: string, slot: string): Promise<Run | null> {
  const row = await db
    .selectFrom('runs')
    .selectAll()
    .where('job', '=', job)
    .where('slot', '=', slot)
    .executeTakeFirst();
  return row ?? null;
}

/** The latest run of a job that has not ended: a restarted process continues it. */
export async function findUnfinishedRun(db: Kysely<Tables>, job: string): Promise<Run | null> {
  const row = await db
    .selectFrom('runs')
    .selectAll()
    .where('job', '=', job)
    .where('state', 'in', ['queued', 'running'])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

/** When the first run of the job was done. */
export async function firstRunDone(db: Kysely<Tables>, job: string): Promise<Date | null> {
  const row = await db
    .selectFrom('runs')
    .select((eb) => eb.fn.min('finished_at').as('first'))
    .where('job', '=', job)
    .where('state', '=', 'done')
    .executeTakeFirst();
  return row?.first ?? null;
}

/** All runs that are running. */
export async function activeRuns(db: Kysely<Tables>): Promise<readonly Run[]> {
  return db.selectFrom('runs').selectAll().where('state', '=', 'running').orderBy('id').execute();
}

/** Adds to the counters of every running run, e.g. `{ scored: 500 }`. */
export async function addToRunCounters(
  db: Kysely<Tables> | Transaction<Tables>,
  counts: Readonly<Record<string, number>>,
): Promise<void> {
  const added = Object.entries(counts).filter(([, count]) => count > 0);
  if (added.length === 0) return;
  await sql`
    update leadgrade.runs set progress = progress || (
      select jsonb_object_agg(key, coalesce((progress ->> key)::bigint, 0) + value::bigint)
      from jsonb_each_text(${JSON.stringify(Object.fromEntries(added))}::jsonb)
    ) where state = 'running'`.execute(db);
}

export async function closeRun(
  db: Kysely<Tables>,
  id: number,
  end: { state: 'done' | 'failed'; error: string | null },
  now: Date,
): Promise<void> {
  await db
    .updateTable('runs')
    .set({ ...end, finished_at: now, heartbeat_at: now })
    .where('id', '=', id)
    .execute();
}
