// The breaker: a lead whose records change again and again, as somebody answers each of our writes, is scored only so often in an hour.
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { Tables } from '../tables/tables.ts';
import { recordErrors } from './record-errors.ts';

/** A due lead, and how often it was scored for changes in the hour that began then. */
export interface RescoreCount {
  readonly id: number;
  readonly cause: string;
  readonly rescore_window_started_at: Date | null;
  readonly rescore_window_count: number;
}

interface RescoreLimit {
  readonly now: Date;
  /** How often changes of its records may have a lead scored in an hour. */
  readonly maxPerHour: number;
}

const HOUR_MS = 3_600_000;

function hourBefore(now: Date): Date {
  return new Date(now.getTime() - HOUR_MS);
}

/**
 * Lets those rest that were scored too often: they are listed, and go on after the hour, or when something else than a change of
 * their records wants them (`markDue`).
 * @returns which ones
 */
export async function throttleRescoring(
  tx: Transaction<Tables>,
  leads: readonly RescoreCount[],
  { now, maxPerHour }: RescoreLimit,
): Promise<ReadonlySet<number>> {
  const ids = leads.flatMap(({ id, cause, rescore_window_started_at, rescore_window_count }) => {
    return cause === 'changed' &&
      rescore_window_started_at !== null &&
      rescore_window_started_at > hourBefore(now) &&
      rescore_window_count >= maxPerHour
      ? [id]
      : [];
  });
  if (ids.length === 0) return new Set();
  await sql`
    update leadgrade.leads set due_at = rescore_window_started_at + interval '1 hour' where id = any(${ids}::bigint[])`.execute(
    tx,
  );
  const { rows } = await sql<{ crm: string; object: string; id: string }>`
    select crm, object, id from leadgrade.records where lead_id = any(${ids}::bigint[]) and state = 'live'`.execute(tx);
  for (const [crm, records] of Map.groupBy(rows, (row) => row.crm)) {
    const problems = records.map(({ object, id }) => ({ ref: { object, id }, ...tooOftenProblem(maxPerHour) }));
    await recordErrors(tx, crm, problems, now);
  }
  return new Set(ids);
}

const tooOftenProblem = (most: number) => ({
  stage: 'score' as const,
  field: '',
  code: 'SCORED_TOO_OFTEN',
  message: `It changed and was scored ${most} times within an hour. It rests until the hour is over.`,
  fix: 'Look for a workflow or another app that answers each change of our fields with a change of its own.',
});

/** What is set on a lead (`l`) that is scored now, before its cause is taken away. */
export function rescoreWindowUpdate(now: Date): RawBuilder<unknown> {
  const goesOn = sql`l.rescore_window_started_at > ${hourBefore(now)}`;
  return sql`rescore_window_started_at = case when ${goesOn} then l.rescore_window_started_at else ${now} end,
        rescore_window_count = case when ${goesOn} then l.rescore_window_count else 0 end
          + case when l.due_reason = 'changed' then 1 else 0 end`;
}
