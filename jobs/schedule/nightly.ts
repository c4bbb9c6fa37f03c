// The nightly job, also run by `recompute`: finds the changes that no modification time reveals
// (links, late items, deletions, formulas), marks the leads whose score changes with time, and enqueues
// the jobs that read, score and write, and the one that deletes old rows. A slot (local date) runs
// once, however often the job is enqueued. A missed slot is made up once.
import { markDueByDecay } from '../../src/store/leads/mark-due.ts';
import { retryErrors } from '../../src/store/leads/record-errors.ts';
import { findingsOfRun } from '../../src/store/reconcile/findings.ts';
import { isStepDone, listRunSteps, saveRunSteps } from '../../src/store/sync/run-steps.ts';
import {
  findRun,
  findRunOfSlot,
  findUnfinishedRun,
  firstRunDone,
  openRun,
  type Run,
} from '../../src/store/sync/runs.ts';
import { type JobContext, scoringInstant } from '../context.ts';
import { checkFields } from '../guard/check-fields.ts';
import { describeFindings } from '../read/describe-findings.ts';
import { reconcileDeletions } from '../reconcile/reconcile-deletions.ts';
import { reconcileLinks } from '../reconcile/reconcile-links.ts';
import { reconcileStreams } from '../reconcile/reconcile-streams.ts';
import { latestSlot } from './nightly-slot.ts';

/**
 * Longer than any step between two heartbeats of a run: a run that is silent for so long was
 * killed, and is continued.
 */
const SILENCE_MS = 5 * 60_000;

export async function runNightly(context: JobContext): Promise<void> {
  const run = await runToWorkOn(context);
  if (!run) return;
  // First: what is read in this night is scored with the fields that there are.
  for (const crm of context.crms.keys()) await checkFields(context, crm);
  for (const crm of context.crms.keys()) {
    for (const reconcile of [reconcileLinks, reconcileStreams, reconcileDeletions]) {
      await reconcile(context, crm, run.id);
      if (context.signal.aborted) return;
    }
  }
  await logFindings(context, run);
  // The record, or the rule that refused it, may have been corrected in the CRM.
  await retryErrors(context.db, context.clock.now(), 'write');
  await markDecayedLeads(context, run);
  for (const crm of context.crms.keys()) await context.enqueue('sync-streams', { crm });
  await context.enqueue('purge-old-rows', {});
}

/**
 * The run that `recompute` opened, or the run of the latest slot, unless its work is already
 * marked.
 */
async function runToWorkOn(context: JobContext): Promise<Run | null> {
  const recompute = await findUnfinishedRun(context.db, 'recompute');
  // A recompute that has marked its work and waits for a CRM does not block the next nights.
  if (recompute && !(await isWorkMarked(context, recompute))) return recompute;
  const run = await runOfLatestSlot(context);
  return run && !(await isWorkMarked(context, run)) ? run : null;
}

async function isWorkMarked({ db }: JobContext, run: Run): Promise<boolean> {
  return isStepDone(await listRunSteps(db, run.id), 'work-marked');
}

/** The run of the latest slot; null if it is done, or if another worker is running it. */
async function runOfLatestSlot(context: JobContext): Promise<Run | null> {
  const { db, nightly, timezone } = context;
  const now = context.clock.now();
  const slot = latestSlot(nightly, timezone, now);
  const known = await findRunOfSlot(db, 'nightly', slot.date);
  if (known) {
    const isSilent = now.getTime() - known.heartbeat_at.getTime() > SILENCE_MS;
    return known.state === 'running' && isSilent ? findRun(db, known.id) : null;
  }
  // Before the end of the first backfill there were no scores to decay: the slot was not missed.
  const firstBackfill = await firstRunDone(db, 'backfill');
  if (firstBackfill === null || firstBackfill > slot.at) return null;
  return openRun(db, { job: 'nightly', slot: slot.date, state: 'running' }, now);
}

async function logFindings({ db, log }: JobContext, run: Run): Promise<void> {
  for (const [crm, found] of Object.entries(await findingsOfRun(db, run.id))) {
    log.info({ crm, run: run.id, found }, `${crm}: the reconciliation found ${describeFindings(found)}.`);
  }
}

async function markDecayedLeads(context: JobContext, run: Run): Promise<void> {
  const { db, clock } = context;
  const decayed = await markDueByDecay(db, clock.now(), scoringInstant(context));
  const now = clock.now();
  await saveRunSteps(db, run.id, [{ step: 'work-marked', completedAt: now }], { now, counters: { decayed } });
}
