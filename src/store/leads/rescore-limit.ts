// The breaker: a lead whose records change again and again, as somebody answers each of our writes, is scored only so often in an hour.
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { Tables } from '../tables/tables.ts';
import { listErrors } from './record-errors.ts';

/** A due lead, and how often it was scored for changes in the hour that began then. */
export interface ScoredOften {
  readonly id: number;
  readonly cause: string;
  readonly hour_began: Date | null;
  readonly hour_scored: number;
}

interface Breaker {
  readonly now: Date;
  /** How often changes of its records may have a lead scored in an hour. */
  readonly mostAnHour: number;
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
export async function restTooOften(
  tx: Transaction<Tables>,
  leads: readonly ScoredOften[],
  { now, mostAnHour }: Breaker,
): Promise<ReadonlySet<number>> {
  const ids = leads.flatMap(({ id, cause, hour_began, hour_scored }) => {
    return cause === 'changed' && hour_began !== null && hour_began > hourBefore(now) && hour_scored >= mostAnHour
      ? [id]
      : [];
  });
  if (ids.length === 0) return new Set();
  await sql`
    update leadgrade.leads set due_at = hour_began + interval '1 hour' where id = any(${ids}::bigint[])`.execute(tx);
  const { rows } = await sql<{ crm: string; object: string; id: string }>`
    select crm, object, id from leadgrade.records where lead_id = any(${ids}::bigint[]) and state = 'live'`.execute(tx);
  for (const [crm, records] of Map.groupBy(rows, (row) => row.crm)) {
    const problems = records.map(({ object, id }) => ({ ref: { object, id }, ...TOO_OFTEN(mostAnHour) }));
    await listErrors(tx, crm, problems, now);
  }
  return new Set(ids);
}

const TOO_OFTEN = (most: number) => ({
  stage: 'score' as const,
  field: '',
  code: 'SCORED_TOO_OFTEN',
  message: `It changed and was scored ${most} times within an hour. It rests until the hour is over.`,
  fix: 'Look for a workflow or another app that answers each change of our fields with a change of its own.',
});

/** What is set on a lead (`l`) that is scored now, before its cause is taken away. */
export function countedHour(now: Date): RawBuilder<unknown> {
  const goesOn = sql`l.hour_began > ${hourBefore(now)}`;
  return sql`hour_began = case when ${goesOn} then l.hour_began else ${now} end,
        hour_scored = case when ${goesOn} then l.hour_scored else 0 end
          + case when l.due_cause = 'changed' then 1 else 0 end`;
}
