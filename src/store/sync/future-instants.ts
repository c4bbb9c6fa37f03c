// Repairs instants that a clock has written while it was ahead. Once the clock is right, they lie in
// the future: leases do not end, retries and pauses do not begin, and a record that was "read" then
// refuses every fresher response.
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables/tables.ts';

/** The clocks of two machines may differ by this much. */
export const MAX_CLOCK_SKEW_MS = 60_000;

/**
 * Columns that may lie in the future, or that are history: what was recorded stays as it was
 * recorded. Every other instant of the schema was in the past, or near, when it was written.
 */
const UNTOUCHED: ReadonlySet<string> = new Set([
  'activities.at',
  'activities.seen_at',
  'counter_positions.dated_at',
  'deal_outcomes.closed_at',
  'deal_outcomes.created_at',
  'deal_outcomes.seen_at',
  'field_values.seen_at',
  'field_values.valid_from',
  'kysely_migration.timestamp',
  'leads.next_change_at',
  'records.modified_at',
  'results.as_of',
  'results.computed_at',
  'site_events.at',
  'site_identities.at',
]);

/** How far the newest sign of life lies in the future, in ms; 0 if it does not. */
export async function aheadOfClockMs(db: Kysely<Tables>, now: Date): Promise<number> {
  const { rows } = await sql<{ newest: Date | null }>`
    select greatest(
      (select max(heartbeat_at) from leadgrade.worker_heartbeats),
      (select max(heartbeat_at) from leadgrade.runs),
      (select max(completed_at) from leadgrade.streams)
    ) as newest`.execute(db);
  const aheadMs = (rows[0]?.newest?.getTime() ?? 0) - now.getTime();
  return aheadMs > MAX_CLOCK_SKEW_MS ? aheadMs : 0;
}

/**
 * Sets the instants of all tables that lie in the future to `now`. Leases end, retries are due, and
 * records can be read again. A job that holds such a lease does its work twice at worst.
 */
export async function endFutureInstants(db: Kysely<Tables>, now: Date): Promise<void> {
  // A nightly slot that was taken before its time is free again.
  await sql`update leadgrade.runs set slot = null where slot is not null and started_at > ${now}`.execute(db);
  for (const [table, columns] of await instantColumns(db)) {
    // Not `least`, which ignores null: null means "not due", "not claimed".
    const assignments = columns.map((column) => {
      return sql`${sql.id(column)} = case when ${sql.id(column)} > ${now} then ${now}::timestamptz else ${sql.id(column)} end`;
    });
    const isAhead = columns.map((column) => sql`${sql.id(column)} > ${now}`);
    await sql`
      update leadgrade.${sql.id(table)} set ${sql.join(assignments)} where ${sql.join(isAhead, sql` or `)}`.execute(db);
  }
}

/** The instants to repair, by table. */
async function instantColumns(db: Kysely<Tables>): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await sql<{ table: string; column: string }>`
    select c.table_name as table, c.column_name as column from information_schema.columns c
    join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name
    where c.table_schema = 'leadgrade' and c.data_type = 'timestamp with time zone' and t.table_type = 'BASE TABLE'
    order by c.table_name, c.column_name`.execute(db);
  const columns = Map.groupBy(rows, ({ table }) => table);
  const repaired = [...columns].map(([table, all]) => {
    return [table, all.map(({ column }) => column).filter((column) => !UNTOUCHED.has(`${table}.${column}`))] as const;
  });
  return new Map(repaired.filter(([, names]) => names.length > 0));
}
