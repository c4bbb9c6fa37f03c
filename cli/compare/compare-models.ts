// `npx leadgrade compare models LIVE SHADOW`: the same leads by two models side by side, who differs and why.
import type { JobContext, ScoredModel } from '../../jobs/context.ts';
import { addModels, knownModels } from '../../jobs/score/earlier-models.ts';
import { applies, isInScope } from '../../jobs/score/score-chunk.ts';
import { previousOf } from '../../jobs/score/score-model.ts';
import { inputOptions, scoringInputs } from '../../jobs/score/scoring-inputs.ts';
import {
  appliedThresholds,
  type ModelThresholds,
  scoringContext,
  thresholdsFor,
} from '../../jobs/score/thresholds/moving-bands.ts';
import type { Lead } from '../../src/domain/lead.ts';
import { leadName } from '../../src/domain/texts/lead-name.ts';
import { toLead } from '../../src/people/to-lead.ts';
import { asReadable } from '../../src/people/unreadable-fields.ts';
import { type PlanTally, tallyPlan } from '../../src/review/plan/plan.ts';
import type { PlanReport, Standing } from '../../src/review/plan/plan-report.ts';
import { reportSections } from '../../src/review/plan/print-plan.ts';
import { toStanding } from '../../src/review/plan/standing.ts';
import { percent } from '../../src/review/plan/text-tables.ts';
import { scoreLeadOnly } from '../../src/scoring/score-lead.ts';
import { storedModels } from '../../src/store/models/models.ts';
import { type PagedLead, pagesOfLeads } from '../../src/store/replay/lead-pages.ts';
import { modelNamed } from '../models/named-model.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';

export interface CompareModelsOptions {
  readonly asOf?: Date;
  readonly json: boolean;
}

export interface Comparison extends PlanReport {
  readonly as_of: string;
  readonly models: readonly [NamedModel, NamedModel];
  /** Leads that only one of the models scores. */
  readonly only: readonly [number, number];
}

interface NamedModel {
  readonly name: string;
  /** `name@version` */
  readonly model: string;
  readonly role: ScoredModel['role'];
}

export function compareModels(
  io: CommandIo,
  names: readonly [string, string],
  { asOf, json }: CompareModelsOptions,
): Promise<void> {
  return withProduct(io, { asOf, logErrorsOnly: true }, async ({ context }) => {
    const comparison = await compareNamed(context, names, asOf ?? context.clock.now());
    io.stdout.write(json ? `${JSON.stringify(comparison)}\n` : textOf(comparison));
  });
}

/** @throws ConfigurationError for a name that no applied model has */
export function compareNamed(
  context: JobContext,
  [live, shadow]: readonly [string, string],
  at: Date,
): Promise<Comparison> {
  return compare(context, [modelNamed(context, live), modelNamed(context, shadow)], at);
}

async function compare(
  context: JobContext,
  models: readonly [ScoredModel, ScoredModel],
  at: Date,
): Promise<Comparison> {
  const [before, after] = models;
  const tally = tallyPlan({ before: before.compiled.bands, after: after.compiled.bands });
  const only: [number, number] = [0, 0];
  const inputs = await scoringInputs(context);
  const thresholds = await appliedThresholds(context);
  addModels(await storedModels(context.db));
  for await (const page of pagesOfLeads(context.db, { ...inputOptions(context), now: at })) {
    for (const paged of page) {
      const readable = asReadable(paged, inputs.unreadable);
      if (paged.records.length === 0 || !isInScope(readable, context.crms, paged.wasInScope)) continue;
      const known = { paged, lead: toLead(readable, inputs), thresholds, at };
      const [former, next] = [standingBy(before, known), standingBy(after, known)];
      if (former === null || next === null) countOnly(only, former, next);
      else add(tally, known, { former, next }, models);
    }
  }
  const named = ({ name, compiled, role }: ScoredModel): NamedModel => ({ name, model: compiled.id, role });
  return { as_of: at.toISOString(), models: [named(before), named(after)], only, ...tally.report() };
}

interface KnownLead {
  readonly paged: PagedLead;
  readonly lead: Lead;
  readonly thresholds: ModelThresholds;
  readonly at: Date;
}

/** Null: the model does not score the lead. */
function standingBy(model: ScoredModel, { paged, lead, thresholds, at }: KnownLead): Standing | null {
  const previous = previousOf(model, paged);
  if (!applies(model, lead, previous)) return null;
  const before = { thresholds, earlierModels: knownModels, isCurrent: paged.isCurrent };
  const scoring = scoringContext(model, previous, before);
  return toStanding(scoreLeadOnly(lead, model.compiled, at.getTime(), scoring));
}

function countOnly(only: [number, number], former: Standing | null, next: Standing | null): void {
  if (former !== null) only[0]++;
  if (next !== null) only[1]++;
}

function add(
  tally: PlanTally,
  { paged: { records, wonAt }, lead, thresholds }: KnownLead,
  { former, next }: { readonly former: Standing; readonly next: Standing },
  [before, after]: readonly [ScoredModel, ScoredModel],
): void {
  const name = leadName(records);
  tally.add({ lead: name, before: former, after: next });
  if (wonAt === null) return;
  // With the fields and thresholds of today, and the activities until then.
  const statusBy = (model: ScoredModel) => {
    const { points } = thresholdsFor(thresholds, model);
    return scoreLeadOnly(lead, model.compiled, wonAt, { thresholds: points }).status;
  };
  tally.addWon({ lead: name, before: statusBy(before), after: statusBy(after) });
}

/** How many leads differ. */
export function comparisonHead(comparison: Comparison): readonly string[] {
  const { as_of, models, only, leads, moved, better, worse, rescored } = comparison;
  const [before, after] = models;
  const [first, second] = [before.name, after.name];
  return [
    `${leads} leads by ${first} (${before.model}, ${before.role}) and ${second} (${after.model}, ${after.role}), as of ${as_of}.`,
    ...models.flatMap(({ name }, index) =>
      (only[index] ?? 0) === 0 ? [] : [`${only[index]} more are scored by ${name} alone.`],
    ),
    `${moved} have another status with ${second} (${percent(moved, leads)}): ${better} a better one, ${worse} a worse one.`,
    `${rescored} more have the same status and another total or grade.`,
  ];
}

/** Matrices, bands, and why leads differ. */
export function comparisonSections(comparison: Comparison): readonly (readonly string[])[] {
  const [before, after] = comparison.models;
  return reportSections(comparison, { from: before.name, to: after.name });
}

function textOf(comparison: Comparison): string {
  return `${[comparisonHead(comparison), ...comparisonSections(comparison)].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}
