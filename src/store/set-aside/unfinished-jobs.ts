// Jobs that began and have not ended. A job that uses up the memory, or that blocks the event loop,
// ends its process, and with it all other jobs. It would do so at each start of the process. After
// three starts without an end it is therefore set aside: it begins again after 1, 2, 4 minutes, up
// to an hour, and the other jobs run meanwhile.
import { type Kysely, sql } from 'kysely';
import { FIRST_RETRY_MS } from '../../domain/limits/retry-delays.ts';
import type { Tables } from '../tables/tables.ts';

/** Starts without an end after which a job is set aside. */
const MAX_STARTS = 3;
const MAX_DELAY_MS = 3_600_000;
/**
 * Jobs that ran beside one that ended their process are set aside with it. They are tried one at a
 * time, this far apart, so that each is judged by its own end.
 */
const APART_MS = 2 * FIRST_RETRY_MS;

export interface JobKey {
  /** The deduplication key: name and CRM. */
  readonly key: string;
  readonly job: string;
  readonly crm: string | null;
}

export interface SkippedJob {
  readonly job: string;
  readonly crm: string | null;
  readonly starts: number;
  readonly startedAt: Date;
  readonly retryAt: Date;
}

/**
 * Notes that a job begins.
 * @returns `begun`; or, without a note, `skipped` while it is set aside, and `set-aside` for the
 *   first time that it is skipped since its last start
 */
export async function beginJob(
  db: Kysely<Tables>,
  { key, job, crm }: JobKey,
  now: Date,
): Promise<'begun' | 'set-aside' | 'skipped'> {
  const starts = sql`u.starts + 1`;
  const delayMs = sql`least(${MAX_DELAY_MS}, ${FIRST_RETRY_MS} * power(2, least(${starts} - ${MAX_STARTS}::integer, 20)))`;
  const { rows } = await sql<{ starts: number }>`
    insert into leadgrade.unfinished_jobs as u (key, job, crm, starts, started_at, retry_at)
    values (${key}, ${job}, ${crm}, 1, ${now}, ${now})
    on conflict (key) do update set starts = ${starts}, started_at = ${now}, skipped_at = null,
      retry_at = case when ${starts} < ${MAX_STARTS}::integer then ${now}::timestamptz
        else ${now}::timestamptz + ${delayMs}::double precision * interval '1 millisecond' end
    where u.starts < ${MAX_STARTS}::integer or u.retry_at <= ${now}
    returning u.starts`.execute(db);
  const [begun] = rows;
  if (begun === undefined) return skip(db, key, now);
  if (begun.starts > MAX_STARTS) await postponeOthers(db, key, now);
  return 'begun';
}

async function skip(db: Kysely<Tables>, key: string, now: Date): Promise<'set-aside' | 'skipped'> {
  const { rows } = await sql<{ is_first: boolean }>`
    update leadgrade.unfinished_jobs u set skipped_at = ${now}
    from (select skipped_at is null as is_first from leadgrade.unfinished_jobs where key = ${key} for update) as before
    where u.key = ${key} returning before.is_first`.execute(db);
  return rows[0]?.is_first ? 'set-aside' : 'skipped';
}

async function postponeOthers(db: Kysely<Tables>, key: string, now: Date): Promise<void> {
  const later = new Date(now.getTime() + APART_MS);
  await sql`
    update leadgrade.unfinished_jobs set retry_at = greatest(retry_at, ${later})
    where key <> ${key} and starts >= ${MAX_STARTS}`.execute(db);
}

/** Notes that a job has ended, also with an error. @returns whether it had been set aside */
export async function endJob(db: Kysely<Tables>, key: string): Promise<boolean> {
  const row = await db.deleteFrom('unfinished_jobs').where('key', '=', key).returning('starts').executeTakeFirst();
  return row !== undefined && row.starts > MAX_STARTS;
}

/** The jobs that are set aside, by name. @param crms the CRMs that are set up */
export async function listSkippedJobs(db: Kysely<Tables>, crms: readonly string[]): Promise<readonly SkippedJob[]> {
  const { rows } = await sql<SkippedJob>`
    select job, crm, starts, started_at as "startedAt", retry_at as "retryAt" from leadgrade.unfinished_jobs
    where skipped_at is not null and (crm is null or crm = any(${crms}::text[])) order by key`.execute(db);
  return rows;
}

/** Lets all jobs begin: an operator may have removed the reason. @returns how many were set aside */
export async function retryUnfinishedJobs(db: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{ is_skipped: boolean }>`
    delete from leadgrade.unfinished_jobs returning skipped_at is not null as is_skipped`.execute(db);
  return rows.filter((row) => row.is_skipped).length;
}
