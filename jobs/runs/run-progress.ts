// How far a run (backfill, nightly, recompute, sync) has come: the work that it marked is read,
// dated, scored and written, in this order. Each step waits for the work that was marked before the
// previous step ended, and for nothing marked later: during the day there is always new work, so
// waiting for an empty backlog would never end.
import {
  hasChangedCounters,
  hasDirty,
  hasDue,
  hasQueuedForMatching,
  hasUnwritten,
  lastMatchQueueSeq,
} from '../../src/store/sync/remaining-work.ts';
import {
  completeStepOnce,
  findStep,
  isStepDone,
  listRunSteps,
  type SavedRunStep,
  stepCompletedAt,
} from '../../src/store/sync/run-steps.ts';
import type { Run } from '../../src/store/sync/runs.ts';
import type { RunStep } from '../../src/store/tables/runs.ts';
import type { JobContext } from '../context.ts';
import { needsThresholdUpdate } from '../score/thresholds/moving-bands.ts';

/** Whether the run has marked its work and every CRM was read to its end since. */
export function isOwnWorkDone({ crms }: JobContext, steps: readonly SavedRunStep[]): boolean {
  return isStepDone(steps, 'work-marked') && [...crms.keys()].every((crm) => isStepDone(steps, 'streams-synced', crm));
}

/** What a run has left to do first. */
export type RemainingWork = 'to-score' | 'to-update-thresholds' | 'to-write' | 'nothing';

/** Completes each step of the run whose work is done. */
export async function remainingWork(context: JobContext, run: Run): Promise<RemainingWork> {
  const { db, clock, debounceMs } = context;
  const steps = await listRunSteps(db, run.id);
  if (!isOwnWorkDone(context, steps)) return 'to-score';
  const crms = [...context.crms.keys()];
  const complete = (step: RunStep, hasWorkLeft?: () => Promise<boolean>) =>
    completeIfDone(context, run, { step, completedAt: stepCompletedAt(steps, step), hasWorkLeft });

  const own = await complete('own-work-done');
  const read = own && (await complete('records-read', () => hasDirty(db, crms, { until: own, now: clock.now() })));
  const dated =
    read && (await complete('counters-dated', () => hasChangedCounters(db, crms, { until: read, now: clock.now() })));
  if (dated === null) return 'to-score';
  const lastSeq = await measureMatchQueue(context, run, steps);
  // Leads that were scored a moment ago wait for the end of their debounce window.
  const debounced = new Date(dated.getTime() + debounceMs);
  const scored = await complete('leads-scored', async () => {
    return (await hasQueuedForMatching(db, lastSeq)) || (await hasDue(db, debounced));
  });
  const moved = stepCompletedAt(steps, 'thresholds-updated');
  const last = moved === null ? scored : await complete('leads-rescored', () => hasDue(db, moved));
  if (last === null) return 'to-score';
  if (needsThresholdUpdate(context, run, steps)) return 'to-update-thresholds';
  return (await hasUnwritten(db, crms, { until: last, now: clock.now() })) ? 'to-write' : 'nothing';
}

interface StepCheck {
  readonly step: RunStep;
  readonly completedAt: Date | null;
  readonly hasWorkLeft: (() => Promise<boolean>) | undefined;
}

/** @returns when the step was completed; null = it still has work left */
async function completeIfDone(
  { db, clock }: JobContext,
  run: Run,
  { step, completedAt, hasWorkLeft = async () => false }: StepCheck,
): Promise<Date | null> {
  if (completedAt !== null || (await hasWorkLeft())) return completedAt;
  const now = clock.now();
  await completeStepOnce(db, run.id, { step }, now);
  return now;
}

/** The sequence number of the last row of the match queue that the run waits for. */
async function measureMatchQueue({ db, clock }: JobContext, run: Run, steps: readonly SavedRunStep[]): Promise<number> {
  const saved = findStep(steps, 'match-queue-measured')?.detail;
  if (typeof saved === 'number') return saved;
  const lastSeq = await lastMatchQueueSeq(db);
  await completeStepOnce(db, run.id, { step: 'match-queue-measured', detail: lastSeq }, clock.now());
  return lastSeq;
}
