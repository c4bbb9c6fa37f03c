// The score that one model gives a due lead, compared with its previous one. Pure.
import type { LeadState } from '../../src/domain/lead.ts';
import type { ScoreResult } from '../../src/domain/score-result.ts';
import { type LineTexts, type StoredLine, toContributions, toStoredLines } from '../../src/domain/stored-lines.ts';
import { isState, type LeadSource } from '../../src/scoring/ledger.ts';
import { lineTexts } from '../../src/scoring/line-texts.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { bandIndexOf, type CompiledStatus } from '../../src/scoring/status.ts';
import type { DueLead, PreviousResult } from '../../src/store/leads/due-leads.ts';
import type { ModelScore, NewResult } from '../../src/store/leads/scored-lead.ts';
import type { ScoredModel } from '../context.ts';
import type { EarlierModels } from './earlier-models.ts';
import { type ModelThresholds, scoringContext } from './thresholds/moving-bands.ts';

/** What one model says of a lead. */
export interface ModelScoring {
  readonly model: ScoredModel;
  readonly previous: PreviousResult | null;
  /** Null: the model does not score the lead. */
  readonly scored: {
    readonly result: ScoreResult;
    /** What the result was made from. */
    readonly lead: LeadSource;
    readonly lines: readonly StoredLine[];
  } | null;
  /** What is stored. */
  readonly score: ModelScore;
}

export interface ModelContext {
  readonly thresholds: ModelThresholds;
  /** By hash, the models of previous results. */
  readonly earlierModels: EarlierModels;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** @param lead null: the model does not score the lead */
export function scoreByModel(
  model: ScoredModel,
  lead: LeadSource | null,
  due: DueLead,
  context: ModelContext,
): ModelScoring {
  const previous = previousOf(model, due);
  if (lead === null) return { model, previous, scored: null, score: { result: null, unscored: true } };
  const scoring = scoringContext(model, previous, { ...context, isCurrent: due.isCurrent });
  const result = scoreLead(lead, model.compiled, context.now, scoring);
  const lines = toStoredLines(result.contributions, lineTexts(model.compiled));
  const isNew = previous === null || !isVisiblyEqual(previous, result, lines, model, context);
  const stored = isNew ? toNewResult(result, lines, { cause: due.cause, previous, modelHash: model.hash }) : null;
  return { model, previous, scored: { result, lead, lines }, score: { result: stored, unscored: false } };
}

interface LastResults<R> {
  /** Of the first model. */
  readonly previous: R | null;
  /** Of the others, by key. */
  readonly others?: ReadonlyMap<string, R> | undefined;
}

/** The last result of a lead by the model; null = none. */
export function previousOf<R>({ key }: Pick<ScoredModel, 'key'>, { previous, others }: LastResults<R>): R | null {
  return key === null ? previous : (others?.get(key) ?? null);
}

/** Whether the CRM's fields of the model may have to change: the result is new, or the model scores the lead no more. */
export function isChanged({ previous, scored, score }: ModelScoring): boolean {
  return score.result !== null || (scored === null && previous !== null);
}

/** Whether the lead has entered a better band of the model. */
export function rises({ model, previous, scored }: ModelScoring): boolean {
  const { status } = model.compiled;
  return scored !== null && bandIndexOf(status, scored.result.status) < bandBefore(status, previous);
}

/** The index of the band that the lead was in. Without a result, it was in the last one. */
function bandBefore(status: CompiledStatus, previous: PreviousResult | null): number {
  return Math.min(bandIndexOf(status, previous?.status), status.bands.length - 1);
}

/** What each model is given of a lead that is scored from its stored states. */
export function statesOf(states: LeadState | readonly (LeadState | null)[]): readonly (LeadState | null)[] {
  return 'instants' in states ? [states] : states;
}

/** Whether a model was given the lead itself. */
export function isOfLead({ scored }: ModelScoring): boolean {
  return scored !== null && !isState(scored.lead);
}

function isVisiblyEqual(
  previous: PreviousResult,
  result: ScoreResult,
  lines: readonly StoredLine[],
  model: ScoredModel,
  context: ModelContext,
): boolean {
  return (
    previous.grade === result.grade &&
    previous.fit_score === result.fit.score &&
    previous.behavior_score === result.behavior.score &&
    previous.status === result.status &&
    hasSameLines(previous, lines, model, context)
  );
}

/** Whether the same signals have the same points and labels. */
function hasSameLines(
  { contributions: before, model_hash }: PreviousResult,
  lines: readonly StoredLine[],
  model: ScoredModel,
  { earlierModels }: ModelContext,
): boolean {
  if (before.length !== lines.length) return false;
  const hasSamePoints = lines.every(([signal, points], index) => {
    return before[index]?.[0] === signal && before[index]?.[1] === points;
  });
  if (!hasSamePoints) return false;
  const texts = lineTexts(model.compiled);
  const labelsBefore = toContributions(
    before,
    model_hash === model.hash ? texts : (earlierModels.get(model_hash)?.texts ?? NONE),
  );
  const labels = toContributions(lines, texts);
  return labels.every(({ label }, index) => labelsBefore[index]?.label === label);
}

const NONE: LineTexts = new Map();

interface Origin {
  readonly cause: string;
  readonly previous: PreviousResult | null;
  readonly modelHash: string;
}

function toNewResult(
  result: ScoreResult,
  contributions: readonly StoredLine[],
  { cause, previous, modelHash }: Origin,
): NewResult {
  return {
    as_of: new Date(result.asOf).toISOString(),
    model_hash: modelHash,
    cause,
    grade: result.grade,
    coverage: result.coverage,
    fit_score: result.fit.score,
    behavior_score: result.behavior.score,
    total: result.total,
    status: result.status,
    previous_status: previous?.status ?? null,
    previous_grade: previous?.grade ?? null,
    cell: result.cell,
    thresholds: result.thresholds ?? null,
    contributions,
    gates: result.gates,
  };
}
