// Replays scores: what they were at an instant in the past, or would have been with another model,
// from what Leadgrade had read by then.

import { type ActiveModel, type JobContext, withModel } from '../../jobs/context.ts';
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
import { type Applied, firstModel, listApplied } from '../../src/store/models/applied.ts';
import { listModels, type StoredModel } from '../../src/store/models/models.ts';
import type { LeadAsOf } from '../../src/store/replay/leads-as-of.ts';
import { ConfigurationError } from '../product/configuration-error.ts';

/** What is as it is today in every replay. */
export const AS_TODAY =
  'Scope, people.yaml, titles.yaml, time zone and the streams that the CRM shows are as they are today.';

const DAY_MS = 86_400_000;

const OUT_OF_SCOPE = 'The lead was outside the scope of the mapping (leads.where) then.';

export interface Replayed {
  readonly lead: Lead;
  readonly model: ActiveModel;
  readonly result: ScoreResult;
}

export interface Replay {
  isInScope(lead: LeadAsOf): boolean;
  /** @returns the reason, if the score cannot be replayed */
  score(lead: LeadAsOf): Promise<Replayed | { readonly refused: string }>;
}

/**
 * @param at the instant, not in the future
 * @param model the model for all leads; null = the one that was in use for each
 */
export async function openReplay(context: JobContext, at: Date, model: ActiveModel | null): Promise<Replay> {
  const applied = await listApplied(context.db);
  const stored = await listModels(context.db);
  addModels(new Map(stored.map(({ hash, text }) => [hash, text])));
  const byHash = new Map<string, Promise<Prepared | string>>();
  const prepared = (hash: string): Promise<Prepared | string> => {
    const known =
      byHash.get(hash) ??
      prepare(
        context,
        at,
        stored.find((each) => each.hash === hash),
        hash,
      );
    byHash.set(hash, known);
    return known;
  };
  const given = model === null ? null : await withInputs(context, at, model);
  const { unreadable } = await scoringInputs(context, at);
  const inScopeThen = (lead: LeadAsOf) => isInScope(asReadable(lead, unreadable), context.crms, lead.result !== null);
  return {
    isInScope: inScopeThen,
    score: async (lead) => {
      if (!inScopeThen(lead)) return { refused: OUT_OF_SCOPE };
      const { recordsChangedAt } = lead;
      if (recordsChangedAt !== null && recordsChangedAt > at) return { refused: changedRecords(recordsChangedAt) };
      const inUse = given ?? (await preparedOf(modelInUse(applied, lead, at), prepared));
      return typeof inUse === 'string' ? { refused: inUse } : scored(lead, inUse, at);
    },
  };
}

interface Prepared {
  readonly model: ActiveModel;
  readonly inputs: ScoringInputs;
  readonly thresholds: ModelThresholds;
}

function scored(lead: LeadAsOf, { model, inputs, thresholds }: Prepared, at: Date): Replayed {
  const whole = toLead(asReadable(lead, inputs.unreadable), inputs);
  const before = { thresholds, earlierModels: knownModels, isCurrent: false };
  const context = scoringContext(model, lead.result, before);
  return { lead: whole, model, result: scoreLead(whole, model.compiled, at.getTime(), context) };
}

/** The model of the last result, unless another one was applied between that and the instant. */
function modelInUse(applied: readonly Applied[], { result }: LeadAsOf, at: Date): string | null {
  const from = result?.as_of.getTime() ?? -Infinity;
  const newer = applied.find(({ applied_at }) => applied_at.getTime() > from && applied_at <= at);
  return firstModel(newer ?? null)?.hash ?? result?.model_hash ?? null;
}

function preparedOf(hash: string | null, prepared: (hash: string) => Promise<Prepared | string>) {
  return hash === null ? 'No model was in use yet.' : prepared(hash);
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

function changedRecords(at: Date): string {
  return `The records of this person changed on ${at.toISOString()} (one was linked, merged, deleted or restored). Scores from before that cannot be replayed.`;
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
