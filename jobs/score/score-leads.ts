// The score stage, step by step: match people, assign site events, mark outdated leads as due,
// score due leads, update band thresholds, enqueue the writes.
import { nextDueAt } from '../../src/store/leads/mark-due.ts';
import { hashOfModels } from '../../src/store/models/applied.ts';
import { saveModel } from '../../src/store/models/models.ts';
import { markDueByInputs } from '../../src/store/models/scoring-config.ts';
import { toAppliedModel } from '../applied-model.ts';
import type { JobContext } from '../context.ts';
import { assignSiteEvents } from '../ingest/match-site-events.ts';
import { isInitialSyncDone } from './initial-sync.ts';
import { matchPeople } from './match-people.ts';
import { whileScoring } from './parallel-scorers.ts';
import { enqueueWrites, scoreAllDue } from './score-all-due.ts';
import { otherModels, type ScoringInputs, scoringInputs } from './scoring-inputs.ts';
import { updateBandThresholds } from './thresholds/update-thresholds.ts';

const MIN_DELAY_MS = 500;
const MAX_DELAY_MS = 60_000;

export async function scoreLeads(context: JobContext): Promise<void> {
  if (!(await isInitialSyncDone(context))) return;
  await matchPeople(context);
  // The first score of a new person includes its earlier site events.
  await assignSiteEvents(context);
  await saveUsedModels(context);
  const inputs = await markOutdatedLeads(context);
  // Another model was applied since this job began.
  if (inputs === null) return context.enqueue('score-leads', {});
  await whileScoring(context, () => scoreAndRank(context, inputs));
  await enqueueWrites(context);
  await enqueueForNextDueLead(context);
}

/** Leads are scored with them today. */
async function saveUsedModels({ db, models, clock }: JobContext): Promise<void> {
  for (const { hash, compiled, text, key } of models) {
    await saveModel(db, { hash, name: compiled.id, text, key }, clock.now());
  }
}

/**
 * Marks the leads as due that were scored with other inputs: another model, scope, time zone, ...
 * @returns null if the model is no longer the applied one
 */
async function markOutdatedLeads(context: JobContext): Promise<ScoringInputs | null> {
  const { db, clock, models } = context;
  const inputs = await scoringInputs(context);
  const marked = await markDueByInputs(db, inputs.hash, clock.now(), {
    ...inputs,
    modelHash: hashOfModels(models.map(toAppliedModel)),
    others: otherModels(models),
  });
  return marked === null ? null : inputs;
}

/** Before any result is written: the bands of all leads depend on the scores of all leads. */
async function scoreAndRank(context: JobContext, inputs: ScoringInputs): Promise<void> {
  const startedAt = context.clock.now();
  await scoreAllDue(context, inputs);
  if (context.signal.aborted) return;
  const dueAgain = await updateBandThresholds(context, inputs.hash, startedAt);
  if (dueAgain > 0) await scoreAllDue(context, inputs);
}

/**
 * Leads that another transaction has locked are skipped and scored soon; others wait for their
 * debounce window.
 */
async function enqueueForNextDueLead({ db, clock, signal, enqueue }: JobContext): Promise<void> {
  const next = signal.aborted ? null : await nextDueAt(db);
  if (next === null) return;
  const delayMs = Math.max(MIN_DELAY_MS, next.getTime() - clock.now().getTime());
  await enqueue('score-leads', {}, { delayMs: Math.min(delayMs, MAX_DELAY_MS) });
}
