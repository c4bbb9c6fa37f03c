// The models of a plan, each beside the applied one whose place it takes.
import type { JobContext, ScoredModel } from '../../jobs/context.ts';
import type { EarlierModels } from '../../jobs/score/earlier-models.ts';
import { applies } from '../../jobs/score/score-chunk.ts';
import type { ScoringInputs } from '../../jobs/score/scoring-inputs.ts';
import { appliedThresholds, thresholdsFor } from '../../jobs/score/thresholds/moving-bands.ts';
import { type LineTexts, toContributions } from '../../src/domain/stored-lines.ts';
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

export interface CountContext {
  /** With the applied and with the planned models. */
  readonly inputs: { readonly before: ScoringInputs; readonly after: ScoringInputs };
  /** The models that gave the stored results, by hash. */
  readonly earlierModels: EarlierModels;
}

/** Counts a lead that the model scores or scored. @returns how its status, grade or total changes; null = it does not */
export function countLead(
  planned: PlannedModel,
  lead: PagedLead,
  scored: ScoredLead,
  { inputs, earlierModels }: CountContext,
): { readonly planned: PlannedLead; readonly move: Move | null } | null {
  const won = scored.failure === undefined ? wonBy(planned, lead, inputs) : null;
  if (won !== null) planned.tally.addWon(won);
  const each = standings(planned, lead, scored, earlierModels);
  const { before, after } = each;
  if (before === null && after === null) return null;
  const move = planned.tally.add(each);
  const isChanged = move !== null || before?.total !== after?.total || before?.grade !== after?.grade;
  return isChanged ? { planned: each, move } : null;
}

function standings(
  { after: { model } }: PlannedModel,
  lead: PagedLead,
  scored: ScoredLead,
  earlierModels: EarlierModels,
): PlannedLead {
  const stored = resultOf(lead, model);
  const before = stored === null ? null : standingOf(stored, earlierModels.get(stored.model_hash)?.texts ?? new Map());
  const { result, unscored } = scoreOf(model, scored);
  const unchanged = unscored ? null : before;
  const after = result === null ? unchanged : standingOf(result, lineTexts(model.compiled));
  return { lead: nameOf(lead), before, after };
}

/** Its first record. */
function nameOf({ records: [first] }: PagedLead): string {
  return `${first?.crm}:${first?.id}`;
}

function resultOf(lead: PagedLead, { key }: ScoredModel): PagedResult | null {
  return key === null ? lead.previous : (lead.others.get(key) ?? null);
}

const UNSCORED: ModelScore = { result: null, unscored: true };

function scoreOf({ key }: ScoredModel, scored: ScoredLead): ModelScore {
  // A lead that cannot be scored keeps all its results.
  if (key === null || scored.failure !== undefined) return scored;
  return scored.others?.get(key) ?? UNSCORED;
}

type Shown = Pick<PagedResult, 'status' | 'grade' | 'total' | 'contributions' | 'gates'>;

function standingOf({ status, grade, total, contributions, gates }: Shown, texts: LineTexts): Standing {
  const lines = toContributions(contributions, texts);
  const points = new Map(lines.map(({ signal, label, points: each }) => [signal, { label, points: each }]));
  return { status, grade, total, points, gates: gates.map(({ label }) => label) };
}

/**
 * With the fields and thresholds of today, and the activities before the deal was won; null = none was, or the model
 * scored the lead neither before nor scores it now.
 */
function wonBy({ before, after }: PlannedModel, lead: PagedLead, inputs: CountContext['inputs']): WonDeal | null {
  const { wonAt } = lead;
  if (wonAt === null) return null;
  const statusBy = (side: Side | null, view: ScoringInputs) => {
    if (side === null) return null;
    const person = toLead(asReadable(lead, view.unreadable), view);
    const { model, thresholds } = side;
    return applies(model, person, resultOf(lead, model))
      ? scoreLeadOnly(person, model.compiled, wonAt, { thresholds }).status
      : null;
  };
  const won = { lead: nameOf(lead), before: statusBy(before, inputs.before), after: statusBy(after, inputs.after) };
  return won.before === null && won.after === null ? null : won;
}
