// `npx leadgrade backfill`: reads all records, scores them, and writes the scores that the CRM does not
// have yet.
import { isStepDone, listRunSteps } from '../../src/store/sync/run-steps.ts';
import { loadConfig } from '../product/config.ts';
import { reportFailures } from '../product/report-failures.ts';
import type { CommandIo } from '../terminal/io.ts';
import { dryRun } from './dry-run.ts';
import { startRun } from './start-run.ts';

export interface BackfillOptions {
  readonly asOf?: Date;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly out?: string;
  readonly force?: boolean;
}

export function backfill(
  io: CommandIo,
  { asOf, dryRun: isDry, json, out, force = false }: BackfillOptions,
): Promise<void> {
  if (isDry) return reportFailures(io, () => dryRun(io, loadConfig(io.env), { asOf, json, out, force }));
  return startRun(io, {
    job: 'backfill',
    asOf,
    json,
    enqueue: async ({ context }, run, options) => {
      const steps = await listRunSteps(context.db, run.id);
      for (const crm of context.crms.keys()) {
        // An earlier process was killed after it had read everything: score and write only.
        const isRead = isStepDone(steps, 'streams-synced', crm);
        await context.enqueue(isRead ? 'refresh-records' : 'sync-streams', { crm }, options);
      }
    },
  });
}
