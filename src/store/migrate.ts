// Brings the tables up to date. Safe when several processes start at once, on a server and on the embedded database.
import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { initial } from './migrations/0001-initial.ts';
import { SCHEMA } from './open-database.ts';
import type { Tables } from './tables/tables.ts';

/** By name; a new one goes at the end, with the next number. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-initial': initial,
};

export interface MigrationReport {
  /** Names of the migrations that this call ran. */
  readonly applied: readonly string[];
  /** Names that a newer version of the product has run on this database. They only ever add, so that we can go on. */
  readonly newer: readonly string[];
}

/**
 * Runs what has not run yet, all in one transaction; doing it again does nothing.
 * @throws with the migration's name when one fails; the database is then as it was.
 */
export function migrateToLatest(db: Kysely<Tables>): Promise<MigrationReport> {
  // Each step runs under kysely's advisory lock, which excludes other processes on a server. On PGlite it excludes nobody,
  // but there an open transaction does: what has run is read and what is missing is run in one and the same transaction.
  return db.connection().execute(async (connection) => {
    // A large table may take longer than any other statement, and whoever waits for the lock waits as long.
    await sql`set statement_timeout = 0`.execute(connection);
    try {
      return await run(connection);
    } finally {
      await sql`reset statement_timeout`.execute(connection);
    }
  });
}

async function run(db: Kysely<Tables>): Promise<MigrationReport> {
  const newer = await namesAfterOurs(db);
  const known = { ...MIGRATIONS, ...Object.fromEntries(newer.map((name) => [name, RUN_BY_NEWER_VERSION])) };
  const migrator = new Migrator({
    db: db.withoutPlugins(),
    provider: { getMigrations: async () => known },
    migrationTableSchema: SCHEMA,
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const failed = results.find((result) => result.status === 'Error')?.migrationName ?? 'before the first';
    const fix =
      'Nothing was changed. Check the rights of the database user and the free space, then run leadgrade migrate.';
    throw new Error(`Migration ${failed} failed. ${fix}`, { cause: error });
  }
  return { applied: results.map((result) => result.migrationName), newer };
}

const RUN_BY_NEWER_VERSION: Migration = {
  up: async () => {
    throw new Error('This migration belongs to a newer version of leadgrade.');
  },
};

/** A version that is rolled out beside its successor finds migrations that it does not know; kysely would refuse them. */
async function namesAfterOurs(db: Kysely<Tables>): Promise<readonly string[]> {
  const { rows: tables } = await sql<{ found: boolean }>`
    select to_regclass('leadgrade.kysely_migration') is not null as found
  `.execute(db);
  if (tables[0]?.found !== true) return [];
  const { rows } = await sql<{ name: string }>`select name from leadgrade.kysely_migration`.execute(db);
  const last = Object.keys(MIGRATIONS).toSorted().at(-1) ?? '';
  return rows.map((row) => row.name).filter((name) => name > last);
}
