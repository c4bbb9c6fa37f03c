// Makes the room of deleted rows usable again. A server does so by itself (autovacuum); the embedded database
// has no background processes, and would grow with every night.
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables/tables.ts';

/** Table by table, also those of the queue: other statements wait for one table at most. */
export async function vacuum(db: Kysely<Tables>, signal: AbortSignal): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables order by name`.execute(db);
  for (const { name } of rows) {
    if (signal.aborted) return;
    await sql`vacuum ${sql.raw(name)}`.execute(db);
  }
}
