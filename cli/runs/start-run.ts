// `backfill` and `recompute`: a run is opened and its job rung for; it is worked on in this process, or, where a service runs,
// by that.
import type { EnqueueOptions } from '../../jobs/job-types.ts';
import { clearPause } from '../../src/store/sync/crm-pauses.ts';
import { isWorkerAlive } from '../../src/store/sync/heartbeats.ts';
import { closeRun, findUnfinishedRun, openRun, type Run } from '../../src/store/sync/runs.ts';
import { recheckAvailability } from '../../src/store/sync/streams.ts';
import { ConfigurationError } from '../product/load-crms.ts';
import type { Product } from '../product/open-product.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { followRun, reportRun } from './follow-run.ts';

interface RunJob {
  readonly job: 'backfill' | 'recompute';
  readonly asOf: Date | undefined;
  readonly json: boolean;
  readonly ring: (product: Product, run: Run, manner: EnqueueOptions) => Promise<void>;
}

export async function startRun(io: CommandIo, { job, asOf, json, ring }: RunJob): Promise<void> {
  await withProduct(io, { asOf, quiet: true }, async (product) => {
    const { db, clock } = product.context;
    const isServed = await isWorkerAlive(db, clock.now());
    if (isServed && asOf) {
      throw new ConfigurationError(
        'A service runs on this database and scores at the present. Stop it to use --as-of.',
      );
    }
    // One that was killed half way is gone on with, not begun again.
    const run =
      (await findUnfinishedRun(db, job)) ?? (await openRun(db, { job, slot: null, state: 'running' }, clock.now()));
    if (!run) throw new Error(`The run of ${job} could not be opened.`);
    // Whoever starts a run may have mended what the CRM was left alone for.
    for (const crm of product.context.crms.keys()) {
      await clearPause(db, { crm, direction: 'read', before: clock.now() });
      await clearPause(db, { crm, direction: 'write', before: clock.now() });
      if (job === 'backfill') await recheckAvailability(db, crm);
    }
    // Nobody rings again for a job that failed in this process: the run ends, and says why.
    const giveUp = (error: string) => {
      closeRun(db, run.id, { state: 'failed', error }, clock.now()).catch(() => io.stderr.write(`${error}\n`));
    };
    let isWorking = !isServed;
    if (isServed) io.stderr.write(`${job}: handed over to the running service.\n`);
    else product.work(giveUp);
    // A job that a killed process left behind is found and gone on with: asking once more would only read twice.
    await ring(product, run, { unlessRunning: !isServed });
    // The service may have been killed a moment ago, or be stopped while it works for us.
    const takeOver = async () => {
      if (isWorking || (await isWorkerAlive(db, clock.now()))) return;
      io.stderr.write(`${job}: the service has stopped; going on here.\n`);
      isWorking = true;
      product.work(giveUp);
    };
    reportRun(io, job, await followRun(product, run.id, io, takeOver), json);
  });
}
