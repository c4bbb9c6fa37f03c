// Empties a migrated database: all tables of the product and of its queue, without those that list migrations.
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../../src/store/tables/tables.ts';

export async function truncateAll(db: Kysely<Tables>): Promise<void> {
  const { rows: tables } = await sql<{ name: string }>`
    select format('%I.%I', table_schema, table_name) as name from information_schema.tables
    where table_schema in ('leadgrade', 'bullmq') and table_type = 'BASE TABLE' and table_name not like '%migration%'`.execute(
    db,
  );
  // Truncating a table rewrites its files and those of its indexes, so only tables with rows are truncated.
  const found = tables.map(
    ({ name }) => sql`select ${sql.lit(name)} as name where exists (select from ${sql.raw(name)})`,
  );
  const { rows: filled } = await sql<{ name: string }>`${sql.join(found, sql` union all `)}`.execute(db);
  if (filled.length === 0) return;
  await sql`truncate ${sql.join(filled.map(({ name }) => sql.raw(name)))} restart identity cascade`.execute(db);
}
