// Commands that need the database alone: no CRM, no queue, no model file.
import type { Kysely } from 'kysely';
import { migrateToLatest } from '../../src/store/migrate.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import type { CommandIo } from '../terminal/io.ts';
import { loadConfig } from './config.ts';

/** Opens the database for `work`, and always closes it. @throws ConfigurationError for a wrong setting */
export async function withDatabase<T>(io: CommandIo, work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
  const database = await openDatabase(loadConfig(io.env));
  try {
    await migrateToLatest(database.sessionDb);
    return await work(database.db);
  } finally {
    await database.close();
  }
}
