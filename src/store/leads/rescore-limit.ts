// The rescore throttle: limits how often a lead is scored for changes of its records within an
// hour. Without it, an app that changes a record after each write of ours would cause an endless
// loop.
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { Tables } from '../tables/tables.ts';
import { recordErrors } from './record-errors.ts';

/** A due lead, and the number of its scorings for the reason `changed` in the present window. */
export interface RescoreCount {
  readonly id: number;
  readonly cause: string;
  readonly rescore_window_started_at: Date | null;
  readonly rescore_window_count: number;
}

interface RescoreLimit {
  readonly now: Date;
  /** Maximum number of scorings of a lead for the reason `changed` within an hour. */
  readonly maxPerHour: number;
}

const HOUR_MS = 3_600_000;

function hourBefore(now: Date): Date {
  return new Date(now.getTime() - HOUR_MS);
}

/**
 * Postpones leads that were scored too often to the end of their hour and records an error for
 * them. Any other reason than `changed` makes them due earlier (`markDue`).
 * @returns the ids of the postponed leads
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
    const problems = records.map(({ object, id }) => ({ ref: { object, id }, ...throttleProblem(maxPerHour) }));
    await recordErrors(tx, crm, problems, now);
  }
  return new Set(ids);
}

const throttleProblem = (maxPerHour: number) => ({
  stage: 'score' as const,
  field: '',
  code: 'SCORED_TOO_OFTEN',
  message: `Scored ${maxPerHour} times within one hour. Further changes are ignored until the hour ends.`,
  fix: 'Look for a workflow or another app that changes the record each time Leadgrade writes its fields.',
});

/** The assignments that count the present scoring of a lead (`l`). They read its `due_reason`. */
export function rescoreWindowUpdate(now: Date): RawBuilder<unknown> {
  const isOpen = sql`l.rescore_window_started_at > ${hourBefore(now)}`;
  return sql`rescore_window_started_at = case when ${isOpen} then l.rescore_window_started_at else ${now} end,
        rescore_window_count = case when ${isOpen} then l.rescore_window_count else 0 end
          + case when l.due_reason = 'changed' then 1 else 0 end`;
}
