// `leadgrade backfill --dry-run`: reads and scores everybody in a database of its own that is thrown away, and says what would
// be written. Neither the CRM nor the product's own database is touched, whether a service runs or not.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSuperseded } from '../../jobs/read/fallback-streams.ts';
import { isOwnWorkDone } from '../../jobs/runs/run-progress.ts';
import { runNeedsThresholds } from '../../jobs/score/update-thresholds.ts';
import { countByBand, highestScores, plannedWrites } from '../../src/store/outbox/planned-writes.ts';
import { pendingWork } from '../../src/store/sync/pending-work.ts';
import { closeRun, findRun, openRun } from '../../src/store/sync/runs.ts';
import { allStreams } from '../../src/store/sync/streams.ts';
import type { Config } from '../product/config.ts';
import { openProduct, type Product } from '../product/open-product.ts';
import { createLog } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { waitForShutdownSignal } from '../terminal/shutdown-signal.ts';
import { type DryRun, dryRunReport } from './dry-run-report.ts';
import { openScoresFile, type ScoresFile } from './dry-run-scores-file.ts';
import { followRun, reportRun } from './follow-run.ts';

interface DryRunOptions {
  readonly asOf: Date | undefined;
  readonly json: boolean;
  /** Where everybody's score is written to. */
  readonly out?: string | undefined;
}

export async function dryRun(io: CommandIo, config: Config, { asOf, json, out }: DryRunOptions): Promise<void> {
  // Before anything is asked of a CRM: reading everything may take hours.
  const scores = out === undefined ? null : await openScoresFile(out);
  try {
    await withThrowawayProduct(io, config, { asOf }, (product) => readAndReport(io, product, { json, scores }));
  } finally {
    await scores?.discard();
  }
}

/**
 * A product on the settings' CRMs with a database of its own, which writes to nobody. The database is thrown away, also when the
 * process is told to end meanwhile: it holds what people's records say.
 * @throws what opening the product throws, and what `work` does
 */
export async function withThrowawayProduct(
  io: CommandIo,
  config: Config,
  { asOf }: Pick<DryRunOptions, 'asOf'>,
  work: (product: Product) => Promise<void>,
): Promise<void> {
  const stopped = waitForShutdownSignal().then(() => {
    throw new Error('it was told to end. Nothing was written.');
  });
  // Told while the product opens, it ends as soon as that is done.
  stopped.catch(() => undefined);
  const dataDir = await mkdtemp(join(tmpdir(), 'leadgrade-dry-run-'));
  try {
    const apart = { ...config, dataDir, databaseUrl: undefined, redisUrl: undefined };
    const log = createLog(io, 'error');
    const product = await openProduct(apart, { clock: io.clock, log, asOf: asOf ?? null, readOnly: true });
    try {
      await Promise.race([work(product), stopped]);
    } finally {
      await product.close();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Reads, scores, and prints what was found. */
export async function readAndReport(
  io: CommandIo,
  product: Product,
  { json, scores }: { readonly json: boolean; readonly scores: ScoresFile | null },
): Promise<void> {
  const { context } = product;
  const { db, clock, crms } = context;
  const began = clock.now();
  const run = await openRun(db, { job: 'backfill', slot: null, state: 'running' }, began);
  if (!run) throw new Error('The dry run could not be opened.');
  const giveUp = (error: string) => {
    closeRun(db, run.id, { state: 'failed', error }, clock.now()).catch(() => io.stderr.write(`${error}\n`));
  };
  product.work(giveUp);
  for (const crm of crms.keys()) await context.enqueue('sync-streams', { crm });
  const summary = await followRun(product, run.id, io, () => closeOnceScored(product, run.id));
  if (summary.state !== 'done' || summary.pauses.length > 0) {
    reportRun(io, 'dry run', summary, json);
    return;
  }
  const found = await findings(product, { began, errors: summary.errors });
  io.stdout.write(json ? `${JSON.stringify(found)}\n` : `${dryRunReport(found, context.model.compiled.bands)}\n`);
  if (scores !== null) {
    await scores.write(db);
    io.stderr.write(`Everybody's score: ${scores.path}\n`);
  }
  io.setExitCode(summary.errors > 0 ? 1 : 0);
}

/** A run is closed when all is written; this one is over when there is nothing left but to write. */
async function closeOnceScored({ context }: Product, runId: number): Promise<void> {
  const { db, clock } = context;
  const run = await findRun(db, runId);
  if (run === null || run.state !== 'running' || !isOwnWorkDone(context, run)) return;
  const { dirty, due } = await pendingWork(db, clock.now(), [...context.crms.keys()]);
  if (dirty > 0 || due > 0) return;
  if (runNeedsThresholds(context, run)) return context.enqueue('score-leads', {});
  await closeRun(db, runId, { state: 'done', error: null }, clock.now());
}

const SHOWN = 10;

async function findings(
  { context }: Product,
  { began, errors }: Pick<DryRun, 'errors'> & { began: Date },
): Promise<DryRun> {
  const { db, clock, crms, model } = context;
  const writes = await plannedWrites(db, [...crms.keys()]);
  const seconds = (clock.now().getTime() - began.getTime()) / 1000;
  const streams = await allStreams(db);
  return {
    model: model.compiled.id,
    as_of: (context.asOf ?? began).toISOString(),
    seconds,
    errors,
    bands: await countByBand(db),
    highest: await highestScores(db, SHOWN),
    crms: [...crms.values()].map(({ connector }) => {
      const planned = writes.find(({ crm }) => crm === connector.id);
      const count = planned?.writes ?? 0;
      return {
        crm: connector.id,
        records: planned?.records ?? 0,
        scored: planned?.scored ?? 0,
        writes: count,
        clears: planned?.clears ?? 0,
        calls_to_read: connector.apiCallCount(),
        calls_to_write: Math.ceil(count / connector.batch.write),
        unseen: streams.flatMap((row) => {
          const { crm, stream, unavailableReason, unavailableFix } = row;
          const known = connector.streams.find(({ id }) => id === stream);
          if (crm !== connector.id || unavailableReason === null || isSuperseded(known, row)) return [];
          return [{ stream, reason: unavailableReason, fix: unavailableFix }];
        }),
      };
    }),
  };
}
