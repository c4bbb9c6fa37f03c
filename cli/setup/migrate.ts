// `npx leadgrade migrate`: brings the database up to date and prints the migrations. Other commands
// migrate silently. `--reset` deletes all data first.
import { sql } from 'kysely';
import { QUEUE } from '../../jobs/job-types.ts';
import { openQueueBackend } from '../../jobs/queue/queue-backend.ts';
import { deleteSchema, migrateToLatest } from '../../src/store/migrate.ts';
import { type OpenDatabase, openDatabase } from '../../src/store/open-database.ts';
import { type Config, loadConfig } from '../product/config.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { reportFailures } from '../product/report-failures.ts';
import type { CommandIo } from '../terminal/io.ts';
import { openQuestions } from '../terminal/prompts.ts';

export interface MigrateOptions {
  readonly reset: boolean;
  /** Do not ask before a reset. */
  readonly yes: boolean;
  readonly json: boolean;
}

const QUEUE_CLOSE_MS = 5_000;

export function migrate(io: CommandIo, options: MigrateOptions): Promise<void> {
  return reportFailures(io, async () => {
    const config = loadConfig(io.env);
    const database = await openDatabase(config);
    try {
      if (options.reset) await reset(io, database, config, options.yes);
      const { applied, newer } = await migrateToLatest(database.sessionDb);
      const done = applied.length === 0 ? 'up to date already' : `applied ${applied.join(', ')}`;
      const text = `Database: ${options.reset ? 'all data deleted; ' : ''}${done}.`;
      io.stdout.write(`${options.json ? JSON.stringify({ applied, newer, reset: options.reset }) : text}\n`);
    } finally {
      await database.close();
    }
  });
}

async function reset(io: CommandIo, database: OpenDatabase, config: Config, isConfirmed: boolean): Promise<void> {
  if (!isConfirmed) await confirm(io, await describeDatabase(database, config));
  await emptyQueue(database, config);
  await deleteSchema(database.sessionDb);
}

async function describeDatabase({ db, embedded }: OpenDatabase, { dataDir }: Config): Promise<string> {
  if (embedded) return `the embedded database in ${dataDir}`;
  const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(db);
  return `the database "${rows[0]?.name}"`;
}

/** @throws ConfigurationError unless the answer is yes */
async function confirm(io: CommandIo, where: string): Promise<void> {
  io.stderr.write(
    `This deletes all data of Leadgrade in ${where}: what was read from the CRMs, scores, history, errors.\n` +
      'The data in the CRMs stays. Stop all Leadgrade processes first.\n',
  );
  const questions = openQuestions(io);
  try {
    const answer = await questions.ask('Type yes to delete it');
    if (answer !== 'yes') throw new ConfigurationError('Not confirmed. Nothing was deleted.');
  } finally {
    questions.close();
  }
}

/** The jobs of an earlier version have other names, which a worker of this version would fail. */
async function emptyQueue({ connection, embedded }: OpenDatabase, { redisUrl }: Config): Promise<void> {
  const backend = await openQueueBackend({ redisUrl, connection, embedded });
  try {
    await backend.queue(QUEUE).obliterate({ force: true });
  } finally {
    await backend.close({ deadlineMs: QUEUE_CLOSE_MS });
  }
}
