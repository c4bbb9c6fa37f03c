// Replays scores: what they were at an instant in the past, or would have been with another model,
// from what Leadgrade had read by then.

import { appliedCondition } from '../../jobs/applied-model.ts';
import { type ActiveModel, type JobContext, onlyModel, type ScoredModel, withModel } from '../../jobs/context.ts';
import { addModels, knownModels } from '../../jobs/score/earlier-models.ts';
import { isInScope } from '../../jobs/score/score-chunk.ts';
import { type ScoringInputs, scoringInputs } from '../../jobs/score/scoring-inputs.ts';
import { type ModelThresholds, movingBands, scoringContext } from '../../jobs/score/thresholds/moving-bands.ts';
import type { Lead } from '../../src/domain/lead.ts';
import type { ScoreResult } from '../../src/domain/score-result.ts';
import { shortHash } from '../../src/domain/texts/model-name.ts';
import { toLead } from '../../src/people/to-lead.ts';
import { asReadable } from '../../src/people/unreadable-fields.ts';
import { compileModel } from '../../src/scoring/compile/compile.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { thresholdsAsOf } from '../../src/store/leads/band-thresholds.ts';
import { type Applied, listApplied } from '../../src/store/models/applied.ts';
import { listModels, type StoredModel } from '../../src/store/models/models.ts';
import type { LeadAsOf } from '../../src/store/replay/leads-as-of.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { outsideOf } from './outside-model.ts';

/** What is as it is today in every replay. */
export const AS_TODAY =
  'Scope, people.yaml, titles.yaml, time zone and the streams that the CRM shows are as they are today.';

const DAY_MS = 86_400_000;

const OUT_OF_SCOPE = 'The lead was outside the scope of the mapping (leads.where) then.';

/** A model of the list that was in force at the instant. */
export type ModelThen = Pick<ScoredModel, 'key' | 'name' | 'role' | 'where'>;

export interface Replayed {
  readonly then: ModelThen;
  readonly lead: Lead;
  readonly model: ActiveModel;
  readonly result: ScoreResult;
}

/** What one model said of the lead; `outside`: why the model did not score it. */
export type ModelReplay =
  | Replayed
  | { readonly then: ModelThen; readonly outside: string }
  | { readonly then: ModelThen; readonly refused: string };

export interface Replay {
  isInScope(lead: LeadAsOf): boolean;
  /** The models that are replayed, the first one first. */
  readonly models: readonly ModelThen[];
  /** @returns what each of `models` said; or the reason, if no score of the lead can be replayed */
  score(lead: LeadAsOf): Promise<readonly ModelReplay[] | { readonly refused: string }>;
}

/** Absent: the live models that were in force. Else one of them by its name, or another model for all leads. */
export type ReplayChoice = { readonly name: string } | { readonly model: ActiveModel };

/**
 * @param at the instant, not in the future
 * @throws ConfigurationError for a name that no model had at that instant
 */
export async function openReplay(context: JobContext, at: Date, choice?: ReplayChoice): Promise<Replay> {
  const { refusalOf, replayOf, models } =
    choice !== undefined && 'model' in choice
      ? await givenModel(context, at, choice.model)
      : await modelsThen(context, at, choice?.name ?? null);
  const { unreadable } = await scoringInputs(context, at);
  const inScope = (lead: LeadAsOf) => isInScope(asReadable(lead, unreadable), context.crms, lead.results.size > 0);
  return {
    models,
    isInScope: inScope,
    score: async (lead) => {
      const refused = (inScope(lead) ? recordsRefusal(lead, at) : OUT_OF_SCOPE) ?? refusalOf(lead);
      if (refused !== null) return { refused };
      const replays: ModelReplay[] = [];
      for (const then of models) replays.push(await replayOf(then, lead));
      return replays;
    },
  };
}

interface Opened {
  readonly models: readonly ModelThen[];
  /** Why no model can score the lead; null = they can. */
  refusalOf(lead: LeadAsOf): string | null;
  replayOf(then: ModelThen, lead: LeadAsOf): Promise<ModelReplay>;
}

function recordsRefusal({ recordsChangedAt }: LeadAsOf, at: Date): string | null {
  if (recordsChangedAt === null || recordsChangedAt <= at) return null;
  return `The records of this person changed on ${recordsChangedAt.toISOString()} (one was linked, merged, deleted or restored). Scores from before that cannot be replayed.`;
}

async function givenModel(context: JobContext, at: Date, model: ActiveModel): Promise<Opened> {
  const prepared = await withInputs(context, at, model);
  return {
    models: [onlyModel(model)],
    refusalOf: () => null,
    replayOf: async (then, lead) => replayWith(prepared, then, lead, at),
  };
}

async function modelsThen(context: JobContext, at: Date, name: string | null): Promise<Opened> {
  const applied = (await listApplied(context.db)).find(({ applied_at }) => applied_at <= at) ?? null;
  const stored = await listModels(context.db);
  addModels(new Map(stored.map(({ hash, text }) => [hash, text])));
  const byHash = new Map<string, Promise<Prepared | string>>();
  const preparedOf = (hash: string): Promise<Prepared | string> => {
    const model = stored.find((each) => each.hash === hash);
    const known = byHash.get(hash) ?? prepare(context, at, model, hash);
    byHash.set(hash, known);
    return known;
  };
  return {
    models: chosen(applied, name, at),
    refusalOf: ({ results }) => (applied === null && !results.has(null) ? 'No model was in use yet.' : null),
    replayOf: async (then, lead) => {
      const hash = hashInUse(applied, then, lead);
      return replayWith(hash === null ? 'The model was not in use yet.' : await preparedOf(hash), then, lead, at);
    },
  };
}

/** Results from before models were applied are those of a single model. */
const FIRST: ModelThen = { key: null, name: 'the model', role: 'live', where: null };

/** @throws ConfigurationError for a name that none has */
function chosen(applied: Applied | null, name: string | null, at: Date): readonly ModelThen[] {
  const all = (applied?.models ?? []).map(({ key, label, role, where }): ModelThen => {
    return { key, name: label, role, where: appliedCondition(where) };
  });
  if (name === null) return applied === null ? [FIRST] : all.filter(({ role }) => role === 'live');
  const named = all.filter((model) => model.name === name);
  if (named.length > 0) return named;
  const known =
    all.length === 0 ? 'No model was applied by then.' : `In force: ${all.map((each) => each.name).join(', ')}.`;
  throw new ConfigurationError(
    `There was no model "${name}" at ${at.toISOString()}, and there is no file of that name. ${known}`,
  );
}

/** The version of the last result by the model, unless models were applied between that and the instant. */
function hashInUse(applied: Applied | null, { key }: ModelThen, { results }: LeadAsOf): string | null {
  const result = results.get(key);
  if (applied !== null && (result === undefined || applied.applied_at > result.as_of)) {
    return applied.models.find((model) => model.key === key)?.hash ?? null;
  }
  return result?.model_hash ?? null;
}

interface Prepared {
  readonly model: ActiveModel;
  readonly inputs: ScoringInputs;
  readonly thresholds: ModelThresholds;
}

function replayWith(prepared: Prepared | string, then: ModelThen, lead: LeadAsOf, at: Date): ModelReplay {
  if (typeof prepared === 'string') return { then, refused: prepared };
  const { model, inputs, thresholds } = prepared;
  const whole = toLead(asReadable(lead, inputs.unreadable), inputs);
  const previous = lead.results.get(then.key) ?? null;
  const outside = outsideOf(then, whole, previous);
  if (outside !== null) return { then, outside };
  const scoring = scoringContext(model, previous, { thresholds, earlierModels: knownModels, isCurrent: false });
  return { then, lead: whole, model, result: scoreLead(whole, model.compiled, at.getTime(), scoring) };
}

/** @returns why it is not possible, in place of the model */
async function prepare(
  context: JobContext,
  at: Date,
  stored: StoredModel | undefined,
  hash: string,
): Promise<Prepared | string> {
  const { model } = stored === undefined ? { model: null } : readModel(stored.text, stored.name);
  if (stored === undefined || model === null)
    return `The model of that time (${shortHash(hash)}) is not stored, or cannot be read by this version.`;
  return withInputs(context, at, { compiled: compileModel(model), hash, text: stored.text });
}

/** @returns why it is not possible, in place of the model */
async function withInputs(context: JobContext, at: Date, model: ActiveModel): Promise<Prepared | string> {
  const inputs = await scoringInputs(withModel(context, model), at);
  const bands = movingBands(model.compiled.status);
  const points = bands.length === 0 ? {} : await thresholdsAsOf(context.db, model.hash, at);
  const missing = bands.find(({ id }) => !Object.hasOwn(points, id));
  const thresholds = new Map([[model.hash, { points, first: points }]]);
  if (missing === undefined) return { model, inputs, thresholds };
  return `The points of the band ${missing.id} follow the leads, and were not known with this model at that instant.`;
}

/** @throws ConfigurationError for an instant in the future, or one of which data is deleted already */
export function checkInstant(at: Date, { clock, retention }: Pick<JobContext, 'clock' | 'retention'>): void {
  const now = clock.now();
  if (at > now) {
    throw new ConfigurationError(
      `${at.toISOString()} is in the future: there is nothing to replay. "npx leadgrade explain LEAD" names the next change of a score.`,
    );
  }
  const oldest = new Date(now.getTime() - retention.historyDays * DAY_MS);
  if (at < oldest) {
    throw new ConfigurationError(
      `${at.toISOString()} is more than HISTORY_DAYS ago (${retention.historyDays}): what was known then is deleted in part. Replay an instant after ${oldest.toISOString()}.`,
    );
  }
}
