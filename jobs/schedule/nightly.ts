// The nightly job: compares links and deletions, which no modification time tells of, marks everybody whose score changes by
// itself, and rings for the round that reads, scores and writes. A slot (local date) runs once, whoever rings for it and
// however often; one that was missed is made up once.

import { purgeEventKeys } from '../../src/store/inbox/inbox.ts';
import { purgeQuarantine } from '../../src/store/inbox/quarantine.ts';
import { markDueByDecay } from '../../src/store/leads/mark-due.ts';
import { retryErrors } from '../../src/store/leads/record-errors.ts';
import { purgeConflicts } from '../../src/store/records/field-conflicts.ts';
import {
  findRun,
  findRunOfSlot,
  findUnfinishedRun,
  firstRunDone,
  mergeRunProgress,
  openRun,
  type Run,
} from '../../src/store/sync/runs.ts';
import { type JobContext, scoringInstant } from '../context.ts';
import { reconcileDeletions } from '../read/reconcile-deletions.ts';
import { reconcileLinks } from '../read/reconcile-links.ts';
import { latestSlot } from './nightly-slot.ts';

/** Longer than any step between two notes of progress: a run that was silent for so long was killed, and is gone on with. */
const SILENCE_MS = 5 * 60_000;

export async function runNightly(context: JobContext): Promise<void> {
  const asked = await findUnfinishedRun(context.db, 'recompute');
  // One that has done its part and waits for a CRM does not hold up the nights that follow.
  const run = asked && asked.progress.marked !== true ? asked : await runOfLatestSlot(context);
  if (!run || run.progress.marked === true) return;
  for (const crm of context.crms.keys()) {
    await reconcileLinks(context, crm, run.id);
    if (context.signal.aborted) return;
    await reconcileDeletions(context, crm, run.id);
    if (context.signal.aborted) return;
  }
  // What the CRM refused is tried once a night: somebody may have corrected the record, or the rule that refused it.
  await retryErrors(context.db, context.clock.now(), 'write');
  await purgeEventKeys(context.db, context.clock.now());
  await purgeQuarantine(context.db, context.clock.now());
  await purgeConflicts(context.db, context.clock.now());
  const decayed = await markDueByDecay(context.db, context.clock.now(), scoringInstant(context));
  await mergeRunProgress(context.db, run.id, { marked: true, decayed }, context.clock.now());
  for (const crm of context.crms.keys()) await context.enqueue('sync-streams', { crm });
}

/** The run of the latest slot, if there is anything left to do for it that nobody else is doing. */
async function runOfLatestSlot(context: JobContext): Promise<Run | null> {
  const { db, nightly, timezone } = context;
  const now = context.clock.now();
  const slot = latestSlot(nightly, timezone, now);
  const known = await findRunOfSlot(db, 'nightly', slot.date);
  if (known) {
    const isSilent = now.getTime() - known.heartbeat_at.getTime() > SILENCE_MS;
    return known.state === 'running' && isSilent ? findRun(db, known.id) : null;
  }
  // Before the first backfill was over there was nothing to fade: that slot is not missed.
  const begin = await firstRunDone(db, 'backfill');
  if (begin === null || begin > slot.at) return null;
  return openRun(db, { job: 'nightly', slot: slot.date, state: 'running' }, now);
}
