// Time limits of statements, where a PgBouncer is between Leadgrade and Postgres: it refuses those that a connection asks
// for, so its own settings must have them.
import { sql } from 'kysely';
import type { OpenDatabase } from '../../src/store/open-database.ts';
import type { Finding } from './finding.ts';

const FIX =
  "Add to the database in pgbouncer.ini: connect_query='set statement_timeout=45000; set lock_timeout=15000; set idle_in_transaction_session_timeout=60000'.";

/** Nothing without a PgBouncer. */
export async function poolerFindings({
  db,
  sessionDb,
}: Pick<OpenDatabase, 'db' | 'sessionDb'>): Promise<readonly Finding[]> {
  if (db === sessionDb) return [];
  const { rows } = await sql<{ limit: string }>`select current_setting('statement_timeout') as limit`.execute(db);
  const [limit] = rows.map((row) => row.limit);
  const about = { part: 'leadgrade', what: 'connection pooler' };
  if (limit !== '0') return [{ ...about, level: 'ok', detail: `statements end after ${limit}` }];
  const detail = 'statements have no time limit; one that waits for a lock keeps a worker waiting';
  return [{ ...about, level: 'warning', detail, fix: FIX }];
}
