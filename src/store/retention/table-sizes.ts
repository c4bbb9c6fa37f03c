// The size of the database, for `doctor` and the metrics.
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables/tables.ts';

export interface TableSize {
  readonly table: string;
  /** With indexes and long values. */
  readonly bytes: number;
}

/** The largest first. */
export async function tableSizes(db: Kysely<Tables>): Promise<readonly TableSize[]> {
  const { rows } = await sql<TableSize>`
    select c.relname as table, pg_total_relation_size(c.oid) as bytes from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'leadgrade' and c.relkind = 'r' order by bytes desc, c.relname`.execute(db);
  return rows;
}

/** The number of leads. Where Postgres has statistics its estimate, as counting reads all of them. */
export async function leadCount(db: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{ leads: number }>`
    select case when reltuples > 10000 then reltuples::bigint else (select count(*) from leadgrade.leads) end as leads
    from pg_class where oid = 'leadgrade.leads'::regclass`.execute(db);
  return rows[0]?.leads ?? 0;
}
