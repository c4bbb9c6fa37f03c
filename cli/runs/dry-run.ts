// `npx leadgrade backfill --dry-run`: reads and scores all records in a temporary database, and prints
// what would be written. It changes neither the CRM nor the product's database, whether a service
// runs or not.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSuperseded } from '../../jobs/read/fallback-streams.ts';
import { isOwnWorkDone } from '../../jobs/runs/run-progress.ts';
import { needsThresholdUpdate } from '../../jobs/score/thresholds/moving-bands.ts';
import { countByBand, highestScores, plannedWrites } from '../../src/store/outbox/planned-writes.ts';
import { pendingWork } from '../../src/store/sync/pending-work.ts';
import { listRunSteps } from '../../src/store/sync/run-steps.ts';
import { closeRun, findRun, openRun } from '../../src/store/sync/runs.ts';
import { allStreams } from '../../src/store/sync/streams.ts';
import type { Config } from '../product/config.ts';
import { openProduct, type Product } from '../product/open-product.ts';
import { createLog } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { InterruptedError, waitForShutdownSignal } from '../terminal/shutdown-signal.ts';
import { type DryRun, dryRunReport } from './dry-run-report.ts';
import { openScoresFile, type ScoresFile } from './dry-run-scores-file.ts';
import { followRun, reportRun } from './follow-run.ts';

interface DryRunOptions {
  readonly asOf: Date | undefined;
  readonly json: boolean;
  /** CSV file for the score of every record. */
  readonly out?: string | undefined;
  /** Whether `out` may replace an existing file. */
  readonly force: boolean;
}

export async function dryRun(io: CommandIo, config: Config, { asOf, json, out, force }: DryRunOptions): Promise<void> {
  // Open the file before the first API call: reading everything may take hours.
  const scores = out === undefined ? null : await openScoresFile(out, force);
  try {
    await withThrowawayProduct(io, config, { asOf }, (product) => readAndReport(io, product, { json, scores }));
  } finally {
    await scores?.discard();
  }
}

/**
 * Opens a read-only product on the configured CRMs with a temporary database. The database contains
 * personal data, so it is deleted in any case, also after a shutdown signal.
 * @throws InterruptedError after a shutdown signal, and the errors of `openProduct` and `work`
 */
export async function withThrowawayProduct(
  io: CommandIo,
  config: Config,
  { asOf }: Pick<DryRunOptions, 'asOf'>,
  work: (product: Product) => Promise<void>,
): Promise<void> {
  const stopped = waitForShutdownSignal().then(() => {
    throw new InterruptedError('Interrupted. Nothing was written.');
  });
  // A signal that arrives while the product opens takes effect when it is open.
  stopped.catch(() => undefined);
  const dataDir = await mkdtemp(join(tmpdir(), 'leadgrade-dry-run-'));
  try {
    const temporary = { ...config, dataDir, databaseUrl: undefined, redisUrl: undefined };
    const log = createLog(io, 'error');
    const product = await openProduct(temporary, { clock: io.clock, log, asOf: asOf ?? null, readOnly: true });
    try {
      await Promise.race([work(product), stopped]);
    } finally {
      await product.close();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Reads, scores, and prints the report. */
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
    io.stderr.write(`Scores: ${scores.path}\n`);
  }
  io.setExitCode(summary.errors > 0 ? 1 : 0);
}

/**
 * Other runs are closed when all scores are written; a dry run is closed when only writing is left.
 */
async function closeOnceScored({ context }: Product, runId: number): Promise<void> {
  const { db, clock } = context;
  const run = await findRun(db, runId);
  if (run === null || run.state !== 'running') return;
  const steps = await listRunSteps(db, runId);
  if (!isOwnWorkDone(context, steps)) return;
  const { dirty, due } = await pendingWork(db, clock.now(), [...context.crms.keys()]);
  if (dirty > 0 || due > 0) return;
  if (needsThresholdUpdate(context, run, steps)) return context.enqueue('score-leads', {});
  await closeRun(db, runId, { state: 'done', error: null }, clock.now());
}

const MAX_HIGHEST = 10;

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
    highest: await highestScores(db, MAX_HIGHEST),
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
        unavailable: streams.flatMap((row) => {
          const { crm, stream, unavailableReason, unavailableFix } = row;
          const known = connector.streams.find(({ id }) => id === stream);
          if (crm !== connector.id || unavailableReason === null || isSuperseded(known, row)) return [];
          return [{ stream, reason: unavailableReason, fix: unavailableFix }];
        }),
      };
    }),
  };
}
