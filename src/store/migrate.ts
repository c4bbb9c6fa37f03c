// Runs the migrations. Several processes can start at once, on a server and on the embedded
// database.
import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { initial } from './migrations/0001-initial/0001-initial.ts';
import { setAside } from './migrations/0002-set-aside.ts';
import { addresses } from './migrations/0003-addresses.ts';
import { reconciliation } from './migrations/0004-reconciliation.ts';
import { slimRows } from './migrations/0005-slim-rows.ts';
import { retention } from './migrations/0006-retention.ts';
import { unfinishedJobs } from './migrations/0007-unfinished-jobs.ts';
import { writeOrder } from './migrations/0008-write-order.ts';
import { replay } from './migrations/0009-replay.ts';
import { activityRetention } from './migrations/0010-activity-retention.ts';
import { knownUntil } from './migrations/0011-known-until.ts';
import { outboxIndexes } from './migrations/0012-outbox-indexes.ts';
import { leadStates } from './migrations/0013-lead-states.ts';
import { models } from './migrations/0014-models.ts';
import { guardAndOutboxKey } from './migrations/0015-guard-and-outbox-key.ts';
import { guardModels } from './migrations/0016-guard-models.ts';
import { SCHEMA } from './open-database.ts';
import type { Tables } from './tables/tables.ts';

/** By name. A new migration is added at the end, with the next number. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-initial': initial,
  '0002-set-aside': setAside,
  '0003-addresses': addresses,
  '0004-reconciliation': reconciliation,
  '0005-slim-rows': slimRows,
  '0006-retention': retention,
  '0007-unfinished-jobs': unfinishedJobs,
  '0008-write-order': writeOrder,
  '0009-replay': replay,
  '0010-activity-retention': activityRetention,
  '0011-known-until': knownUntil,
  '0012-outbox-indexes': outboxIndexes,
  '0013-lead-states': leadStates,
  '0014-models': models,
  '0015-guard-and-outbox-key': guardAndOutboxKey,
  '0016-guard-models': guardModels,
};

export interface MigrationReport {
  /** Names of the migrations that this call ran. */
  readonly applied: readonly string[];
  /**
   * Names that a newer version of Leadgrade has run. Migrations only add, so this version still
   * works.
   */
  readonly newer: readonly string[];
}

/** The database contains tables from before the first release, which no migration converts. */
export class OutdatedSchemaError extends Error {
  override readonly name = 'OutdatedSchemaError';

  constructor() {
    super(
      'The database has tables of an earlier version of Leadgrade, which cannot be converted. Either use an empty database: ' +
        'set another DATABASE_URL (embedded database: another DATA_DIR). Or delete all data of Leadgrade in this one: ' +
        'npx leadgrade migrate --reset.',
    );
  }
}

/**
 * Runs all pending migrations in one transaction; idempotent.
 * @throws with the migration's name if one fails; nothing is changed then
 * @throws OutdatedSchemaError
 */
export function migrateToLatest(db: Kysely<Tables>): Promise<MigrationReport> {
  // On a server, kysely's advisory lock excludes other processes. On PGlite that lock has no
  // effect; there, the open transaction excludes them, as it reads the done migrations and runs the
  // pending ones.
  return db.connection().execute(async (connection) => {
    // A migration of a large table can take long, and other processes wait as long for the lock.
    await sql`set statement_timeout = 0`.execute(connection);
    try {
      return await run(connection);
    } finally {
      await sql`reset statement_timeout`.execute(connection);
    }
  });
}

async function run(db: Kysely<Tables>): Promise<MigrationReport> {
  if (await exists(db, 'leadgrade.halts')) throw new OutdatedSchemaError();
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
      'Nothing was changed. Check the rights of the database user and the free space, then run npx leadgrade migrate.';
    throw new Error(`Migration ${failed} failed. ${fix}`, { cause: error });
  }
  return { applied: results.map((result) => result.migrationName), newer };
}

const RUN_BY_NEWER_VERSION: Migration = {
  up: async () => {
    throw new Error('This migration belongs to a newer version of leadgrade.');
  },
};

/**
 * During a rolling update, an older version finds migrations that it does not know. kysely would
 * refuse them.
 */
async function namesAfterOurs(db: Kysely<Tables>): Promise<readonly string[]> {
  if (!(await exists(db, 'leadgrade.kysely_migration'))) return [];
  const { rows } = await sql<{ name: string }>`select name from leadgrade.kysely_migration`.execute(db);
  const last = Object.keys(MIGRATIONS).toSorted().at(-1) ?? '';
  return rows.map((row) => row.name).filter((name) => name > last);
}

async function exists(db: Kysely<Tables>, table: string): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`select to_regclass(${table}) is not null as found`.execute(db);
  return rows[0]?.found === true;
}

/** Deletes the schema `leadgrade` with all data in it, of this version or of an earlier one. */
export async function deleteSchema(db: Kysely<Tables>): Promise<void> {
  await sql`drop schema if exists leadgrade cascade`.execute(db);
}
