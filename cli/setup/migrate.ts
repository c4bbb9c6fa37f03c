// `leadgrade migrate`: brings the database up to date. Every other command does so too; this one says what it did.
import { Command } from 'commander';
import { migrateToLatest } from '../../src/store/migrate.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { reportFailures, settings } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { jsonOption } from '../terminal/options.ts';

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
