// The guard: holds all writes when more than a share of the leads left their band without a change of the model. It
// is asked before each claim of the outbox, so what a night found is written after the share is known, or not at all.
import {
  canStop,
  decidingLeads,
  GUARD_FIX,
  type GuardNumbers,
  type GuardVerdict,
  isSurelyWithin,
  judgeMovement,
  MIN_LEADS,
  MIN_MOVED,
} from '../../src/domain/limits/guard.ts';
import { countScored, glanceAtMoves, guardCounts, hasDueMoves } from '../../src/store/guard/counts.ts';
import { currentHold, endHold, type GuardHold, holdWrites } from '../../src/store/guard/holds.ts';
import { isConfigChangedSince } from '../../src/store/models/scoring-config.ts';
import { activeRuns, firstRunDone } from '../../src/store/sync/runs.ts';
import type { JobContext, ScoredModel } from '../context.ts';
import { remainingWork } from '../runs/run-progress.ts';
import { describeMove } from './describe-move.ts';

/** `urgent`: only results of leads with a new activity, until the share is known. */
export type MayWrite = 'all' | 'urgent' | 'nothing';

/** Runs that find what no modification time shows, and therefore many changes at once. */
const COMPARING_RUNS: ReadonlySet<string> = new Set(['nightly', 'recompute']);
/** A run that takes longer waits for something else, such as a CRM that is down. */
const MAX_RUN_MS = 2 * 3_600_000;

/**
 * What may be written at this moment. Begins a hold, and ends one when its reason is gone. One statement of few rows,
 * unless a hold is in force, or so many leads moved or are pending that the number of leads matters.
 */
export async function mayWrite(context: JobContext): Promise<MayWrite> {
  const { db, clock, crms, guardShare } = context;
  if (guardShare === 0) {
    if ((await currentHold(db)) !== null) await release(context, 'GUARD_SHARE=0%');
    return 'all';
  }
  const glance = await glanceAtMoves(db, { crms: [...crms.keys()], now: clock.now() }, MIN_MOVED);
  if (!glance.isHeld && isSurelyWithin(glance, guardShare)) return 'all';
  return judge(context);
}

async function judge(context: JobContext): Promise<MayWrite> {
  const { db, clock } = context;
  const hold = await currentHold(db);
  // During the first backfill there is nothing to leave: leads are read, scored and written step by step.
  if (hold === null && (await firstRunDone(db, 'backfill')) === null) return 'all';
  const judged: Judged[] = [];
  for (const model of liveModels(context)) judged.push(await judgeModel(context, model, hold !== null));
  const over = judged.filter(({ verdict }) => verdict === 'over');
  if (over.length > 0) {
    await holdNow(context, over, hold);
    return 'nothing';
  }
  const isUndecided = judged.some(({ verdict }) => verdict === 'undecided');
  if (hold === null) return isUndecided ? 'urgent' : 'all';
  if (isUndecided || (await hasDueMoves(db, clock.now()))) return 'nothing';
  await release(context, await reasonToRelease(context, hold, Math.max(0, ...judged.map(({ moved }) => moved))));
  return 'all';
}

function liveModels({ models }: JobContext): readonly ScoredModel[] {
  return models.filter(({ role }) => role === 'live');
}

interface Judged {
  readonly model: ScoredModel;
  readonly moved: number;
  readonly verdict: GuardVerdict;
}

async function judgeModel(context: JobContext, model: ScoredModel, isHeld: boolean): Promise<Judged> {
  const { db, clock, crms, guardShare } = context;
  const now = clock.now();
  const counts = await guardCounts(db, model.key, { crms: [...crms.keys()], now });
  if (isSurelyWithin(counts, guardShare)) return { model, moved: counts.moved, verdict: 'within' };
  const leads = await countScored(db, model.key, { now, upTo: decidingLeads(counts, guardShare) });
  return { model, moved: counts.moved, verdict: judgeMovement({ ...counts, leads }, guardShare, isHeld) };
}

/** Whether a night is still finding changes: its share is not known before its leads are scored. */
export async function isNightUndecided(context: JobContext): Promise<boolean> {
  const { db, clock } = context;
  const since = clock.now().getTime() - MAX_RUN_MS;
  const comparing = (await activeRuns(db)).filter(
    (run) => COMPARING_RUNS.has(run.job) && run.started_at.getTime() > since,
  );
  if (comparing.length === 0 || !(await hasEnoughLeads(context))) return false;
  for (const run of comparing) {
    if ((await remainingWork(context, run)) === 'to-score') return true;
  }
  return false;
}

async function hasEnoughLeads(context: JobContext): Promise<boolean> {
  const { db, clock, guardShare } = context;
  for (const { key } of liveModels(context)) {
    if (canStop(await countScored(db, key, { now: clock.now(), upTo: MIN_LEADS }), guardShare)) return true;
  }
  return false;
}

/** The hold names the model with the greatest share. */
async function holdNow(context: JobContext, over: readonly Judged[], hold: GuardHold | null): Promise<void> {
  const { db, clock, log, guardShare: share } = context;
  const now = clock.now();
  let worst: (Pick<GuardNumbers, 'moved' | 'leads'> & { readonly model: ScoredModel }) | null = null;
  for (const { model, moved } of over) {
    const leads = await countScored(db, model.key, { now, upTo: null });
    if (worst === null || moved / leads > worst.moved / worst.leads) worst = { model, moved, leads };
  }
  if (worst === null || (hold?.moved === worst.moved && hold.leads === worst.leads)) return;
  const { model, moved, leads } = worst;
  const message = await describeMove(context, model, worst);
  const isNew = await holdWrites(db, { moved, leads, message }, now);
  if (isNew) log.error({ moved, leads, share }, `guard: nothing is written. ${message} ${GUARD_FIX}`);
}

async function reasonToRelease({ db }: JobContext, { since }: GuardHold, moved: number): Promise<string> {
  const left = moved === 0 ? 'no lead is outside its band any more' : `leads still outside their bands: ${moved}`;
  return (await isConfigChangedSince(db, since)) ? `${left}, after a change of the model or the settings` : left;
}

async function release({ db, clock, log }: JobContext, by: string): Promise<void> {
  if (await endHold(db, { by, accept: false }, clock.now())) log.info({ by }, `guard: writing goes on: ${by}`);
}
