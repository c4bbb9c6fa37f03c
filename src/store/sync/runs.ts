// Runs: one row for each run of a long job. (job, slot) is unique, so that a nightly slot runs once whoever starts it.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { RunState, Tables } from '../tables/tables.ts';

export interface Run {
  readonly id: number;
  readonly job: string;
  readonly slot: string | null;
  readonly state: RunState;
  readonly started_at: Date;
  readonly finished_at: Date | null;
  readonly heartbeat_at: Date;
  readonly progress: Readonly<Record<string, unknown>>;
  readonly error: string | null;
}

/** A new run; null when its slot has one already. */
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

/** The latest run of a job that has not ended: what a restarted process goes on with. */
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

/** When a run of the job first came to its end. */
export async function firstRunDone(db: Kysely<Tables>, job: string): Promise<Date | null> {
  const row = await db
    .selectFrom('runs')
    .select((eb) => eb.fn.min('finished_at').as('first'))
    .where('job', '=', job)
    .where('state', '=', 'done')
    .executeTakeFirst();
  return row?.first ?? null;
}

/** A CRM was read to its end: for runs that waited for it, that part is over. */
export async function markRunsPulled(db: Kysely<Tables>, crm: string, now: Date): Promise<void> {
  await sql`
    update leadgrade.runs set heartbeat_at = ${now}, progress = progress || ${JSON.stringify({ [`pulled ${crm}`]: true })}::jsonb
    where state = 'running' and progress @> '{"marked": true}'`.execute(db);
}

/** All runs that have begun and not ended. */
export async function activeRuns(db: Kysely<Tables>): Promise<readonly Run[]> {
  return db.selectFrom('runs').selectAll().where('state', '=', 'running').orderBy('id').execute();
}

/** Adds to a run's progress; keys that are not named stay. */
export async function mergeRunProgress(
  db: Kysely<Tables>,
  id: number,
  progress: Readonly<Record<string, unknown>>,
  now: Date,
): Promise<void> {
  await sql`
    update leadgrade.runs set state = 'running', heartbeat_at = ${now},
      progress = progress || ${JSON.stringify(progress)}::jsonb
    where id = ${id}`.execute(db);
}

/** Notes what is known of a run from now on, once and for all: keys that are there already stay, and a run that has ended as it is. */
export async function setRunProgressOnce(
  db: Kysely<Tables>,
  id: number,
  progress: Readonly<Record<string, unknown>>,
  now: Date,
): Promise<void> {
  await sql`
    update leadgrade.runs set heartbeat_at = ${now}, progress = ${JSON.stringify(progress)}::jsonb || progress
    where id = ${id} and state = 'running'`.execute(db);
}

/** Counts something for every run under way: what was scored, written, refused. */
export async function addToRunCounters(
  db: Kysely<Tables> | Transaction<Tables>,
  counts: Readonly<Record<string, number>>,
): Promise<void> {
  for (const [name, count] of Object.entries(counts).filter(([, each]) => each > 0)) {
    await sql`
      update leadgrade.runs
      set progress = progress || jsonb_build_object(${name}::text, coalesce((progress ->> ${name})::bigint, 0) + ${count}::bigint)
      where state = 'running'`.execute(db);
  }
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
