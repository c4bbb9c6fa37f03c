// `leadgrade migrate`: brings the database up to date. Every other command does so too; this one says what it did.
import { Command } from 'commander';
import { migrateToLatest } from '../store/migrate.ts';
import { openDatabase } from '../store/open-database.ts';
import type { CommandIo } from './io.ts';
import { reportFailures, settings } from './open.ts';
import { jsonOption } from './options.ts';

export function migrateCommand(io: CommandIo): Command {
  return new Command('migrate')
    .description('bring the database up to date')
    .addOption(jsonOption())
    .action((options: { json: boolean }) =>
      reportFailures(io, async () => {
        const { databaseUrl, dataDir } = settings(io);
        const database = await openDatabase({ databaseUrl, dataDir });
        try {
          const report = await migrateToLatest(database.db);
          const applied = report.applied.length === 0 ? 'up to date already' : `applied ${report.applied.join(', ')}`;
          io.stdout.write(`${options.json ? JSON.stringify(report) : `Database: ${applied}.`}\n`);
        } finally {
          await database.close();
        }
      }),
    );
}
