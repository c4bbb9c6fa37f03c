// The guard: holds all writes when more than a share of the leads left their band without a change of the model. It
// is asked before each claim of the outbox, so what a night found is written after the share is known, or not at all.
import { canStop, GUARD_FIX, type GuardNumbers, isSurelyWithin, judgeMovement } from '../../src/domain/limits/guard.ts';
import { currentHold, endHold, type GuardHold, holdWrites } from '../../src/store/guard/holds.ts';
import { countScored, guardCounts, purgeOldMoves } from '../../src/store/guard/moves.ts';
import { listPauses } from '../../src/store/sync/crm-pauses.ts';
import { activeRuns, firstRunDone } from '../../src/store/sync/runs.ts';
import type { JobContext } from '../context.ts';
import { remainingWork } from '../runs/run-progress.ts';
import { describeMove } from './describe-move.ts';

/** `urgent`: only results of leads with a new activity, until the share is known. */
export type MayWrite = 'all' | 'urgent' | 'nothing';

/** Runs that find what no modification time shows, and therefore many changes at once. */
const COMPARING_RUNS: ReadonlySet<string> = new Set(['nightly', 'recompute']);
/** A run that takes longer waits for something else, such as a CRM that is down. */
const MAX_RUN_MS = 2 * 3_600_000;

/** What may be written at this moment. Begins a hold, and ends one when enough leads are back in their band. */
export async function mayWrite(context: JobContext): Promise<MayWrite> {
  const { db, clock, guardShare } = context;
  const hold = await currentHold(db);
  if (guardShare === 0) {
    if (hold !== null) await release(context, 'GUARD_SHARE=0%');
    return 'all';
  }
  if (hold === null) await purgeOldMoves(db, clock.now());
  const counts = await guardCounts(db, await readableCrms(context), clock.now());
  if (hold === null && isSurelyWithin(counts, guardShare)) return 'all';
  // During the first backfill there is nothing to leave: leads are read, scored and written step by step.
  if (hold === null && (await firstRunDone(db, 'backfill')) === null) return 'all';
  const numbers = { ...counts, leads: await countScored(db) };
  const verdict = judgeMovement(numbers, guardShare);
  if (verdict === 'over') {
    await holdNow(context, numbers, hold);
    return 'nothing';
  }
  if (hold === null) return verdict === 'undecided' ? 'urgent' : 'all';
  if (verdict === 'undecided') return 'nothing';
  await release(context, 'the leads are back in their bands');
  return 'all';
}

/** Whether a night is still finding changes: its share is not known before its leads are scored. */
export async function isNightUndecided(context: JobContext): Promise<boolean> {
  const { db, clock, guardShare } = context;
  const since = clock.now().getTime() - MAX_RUN_MS;
  const comparing = (await activeRuns(db)).filter(
    (run) => COMPARING_RUNS.has(run.job) && run.started_at.getTime() > since,
  );
  if (comparing.length === 0 || !canStop(await countScored(db), guardShare)) return false;
  for (const run of comparing) {
    if ((await remainingWork(context, run)) === 'to-score') return true;
  }
  return false;
}

/** Records of a CRM that is down cannot move a lead now. */
async function readableCrms({ db, crms }: JobContext): Promise<readonly string[]> {
  const ids = [...crms.keys()];
  const pauses = await listPauses(db, ids);
  return ids.filter((crm) => !pauses.some((pause) => pause.crm === crm && pause.direction === 'read'));
}

async function holdNow(context: JobContext, numbers: GuardNumbers, hold: GuardHold | null): Promise<void> {
  const { db, clock, log } = context;
  const { moved, leads } = numbers;
  if (hold !== null && hold.moved === moved) return;
  const message = await describeMove(context, numbers);
  const isNew = await holdWrites(db, { moved, leads, message }, clock.now());
  if (isNew)
    log.error({ moved, leads, share: context.guardShare }, `guard: nothing is written. ${message} ${GUARD_FIX}`);
}

async function release({ db, clock, log }: JobContext, by: string): Promise<void> {
  if (await endHold(db, { by, accept: false }, clock.now())) log.info({ by }, `guard: writing goes on: ${by}`);
}
