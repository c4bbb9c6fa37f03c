// The models of a plan, each beside the applied one whose place it takes.
import type { JobContext, ScoredModel } from '../../jobs/context.ts';
import type { EarlierModels } from '../../jobs/score/earlier-models.ts';
import { applies } from '../../jobs/score/score-chunk.ts';
import { previousOf } from '../../jobs/score/score-model.ts';
import type { ScoringInputs } from '../../jobs/score/scoring-inputs.ts';
import { appliedThresholds, thresholdsFor } from '../../jobs/score/thresholds/moving-bands.ts';
import type { Lead } from '../../src/domain/lead.ts';
import { type LineTexts, toContributions } from '../../src/domain/stored-lines.ts';
import { leadName } from '../../src/domain/texts/lead-name.ts';
import { toLead } from '../../src/people/to-lead.ts';
import { asReadable } from '../../src/people/unreadable-fields.ts';
import { type PlanTally, tallyPlan } from '../../src/review/plan/plan.ts';
import type {
  ModelPlan,
  Move,
  OtherModelPlan,
  PlannedLead,
  Standing,
  WonDeal,
} from '../../src/review/plan/plan-report.ts';
import { toStanding } from '../../src/review/plan/standing.ts';
import { lineTexts } from '../../src/scoring/line-texts.ts';
import { scoreLeadOnly } from '../../src/scoring/score-lead.ts';
import type { ModelScore, ScoredLead } from '../../src/store/leads/scored-lead.ts';
import type { PagedLead, PagedResult } from '../../src/store/replay/lead-pages.ts';
import { type PlannedThresholds, plannedThresholds } from './planned-thresholds.ts';

type Points = Readonly<Record<string, number>>;

interface Side {
  readonly model: ScoredModel;
  /** In points, by band. */
  readonly thresholds: Points;
}

export interface PlannedModel {
  /** The applied one; null = the model is new. */
  readonly before: Side | null;
  readonly after: Side;
  readonly capacity: PlannedThresholds['capacity'];
  readonly tally: PlanTally;
}

/** The planned models of the context, the first one first. */
export async function plannedModels(
  context: JobContext,
  applied: readonly ScoredModel[],
  now: number,
): Promise<readonly PlannedModel[]> {
  const inUse = await appliedThresholds({ ...context, models: applied });
  const planned: PlannedModel[] = [];
  for (const model of context.models) {
    const former = applied.find(({ key }) => key === model.key);
    const { points, capacity } = await plannedThresholds({ ...context, model }, now);
    const bands = { before: former?.compiled.bands ?? [], after: model.compiled.bands };
    planned.push({
      before: former === undefined ? null : { model: former, thresholds: thresholdsFor(inUse, former).points },
      after: { model, thresholds: points },
      capacity,
      tally: tallyPlan(bands),
    });
  }
  return planned;
}

/** What the plan says of a model after all leads were counted. */
export function modelPlan({ before, after, capacity, tally }: PlannedModel): ModelPlan {
  const known = new Set(before?.model.compiled.bands.map(({ id }) => id));
  const added = after.model.compiled.bands.filter(({ id }) => !known.has(id));
  return { ...tally.report(), capacity, new_options: added.map(({ id, label }) => ({ id, label })) };
}

export function otherModelPlan(planned: PlannedModel): OtherModelPlan {
  const { before, after } = planned;
  const { name: label, role } = after.model;
  // A shadow has no fields; `setup` makes new ones with all their options.
  const [hasFields, hadFields] = [role === 'live', before?.model.role === 'live'];
  return {
    ...{ label, role },
    before: before === null ? null : named(before.model),
    after: named(after.model),
    has_new_fields: hasFields && !hadFields,
    ...modelPlan(planned),
    ...(!(hasFields && hadFields) && { new_options: [] }),
  };
}

export function named({ compiled, hash }: ScoredModel) {
  return { name: compiled.id, hash };
}

/** A lead with a won deal, as the applied and as the planned models see it. */
export interface WonLead {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly before: Lead;
  readonly after: Lead;
}

/** Null: its deals were not won. */
export function wonLead(
  lead: PagedLead,
  inputs: { readonly before: ScoringInputs; readonly after: ScoringInputs },
): WonLead | null {
  if (lead.wonAt === null) return null;
  const seenWith = (view: ScoringInputs) => toLead(asReadable(lead, view.unreadable), view);
  return { at: lead.wonAt, before: seenWith(inputs.before), after: seenWith(inputs.after) };
}

interface ScoredLeadOfPlan {
  readonly lead: PagedLead;
  /** Null also if it could not be scored. */
  readonly won: WonLead | null;
  readonly scored: ScoredLead;
}

/** Counts a lead that the model scores or scored. @returns how its status, grade or total changes; null = it does not */
export function countLead(
  planned: PlannedModel,
  ofPlan: ScoredLeadOfPlan,
  earlierModels: EarlierModels,
): { readonly planned: PlannedLead; readonly move: Move | null } | null {
  const won = ofPlan.won === null ? null : wonBy(planned, ofPlan.lead, ofPlan.won);
  if (won !== null) planned.tally.addWon(won);
  const each = standings(planned, ofPlan, earlierModels);
  const { before, after } = each;
  if (before === null && after === null) return null;
  const move = planned.tally.add(each);
  const isChanged = move !== null || before?.total !== after?.total || before?.grade !== after?.grade;
  return isChanged ? { planned: each, move } : null;
}

function standings(
  { after: { model } }: PlannedModel,
  { lead, scored }: ScoredLeadOfPlan,
  earlierModels: EarlierModels,
): PlannedLead {
  const stored = previousOf(model, lead);
  const before = stored === null ? null : standingOf(stored, earlierModels.get(stored.model_hash)?.texts ?? new Map());
  const { result, unscored } = scoreOf(model, scored);
  const unchanged = unscored ? null : before;
  const after = result === null ? unchanged : standingOf(result, lineTexts(model.compiled));
  return { lead: leadName(lead.records), before, after };
}

const UNSCORED: ModelScore = { result: null, unscored: true };

function scoreOf({ key }: ScoredModel, scored: ScoredLead): ModelScore {
  // A lead that cannot be scored keeps all its results.
  if (key === null || scored.failure !== undefined) return scored;
  return scored.others?.get(key) ?? UNSCORED;
}

type Stored = Pick<PagedResult, 'status' | 'grade' | 'total' | 'contributions' | 'gates'>;

function standingOf(stored: Stored, texts: LineTexts): Standing {
  return toStanding({ ...stored, contributions: toContributions(stored.contributions, texts) });
}

/**
 * With the fields and thresholds of today, and the activities before the deal was won; null = the model scored the lead
 * neither before nor scores it now.
 */
function wonBy({ before, after }: PlannedModel, lead: PagedLead, won: WonLead): WonDeal | null {
  const statusBy = (side: Side | null, person: Lead) => {
    if (side === null) return null;
    const { model, thresholds } = side;
    return applies(model, person, previousOf(model, lead))
      ? scoreLeadOnly(person, model.compiled, won.at, { thresholds }).status
      : null;
  };
  const deal = {
    lead: leadName(lead.records),
    before: statusBy(before, won.before),
    after: statusBy(after, won.after),
  };
  return deal.before === null && deal.after === null ? null : deal;
}
