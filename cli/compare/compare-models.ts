// `npx leadgrade compare models LIVE SHADOW`: the same leads by two models side by side, who differs and why.
import type { JobContext, ScoredModel } from '../../jobs/context.ts';
import { applies, isInScope } from '../../jobs/score/score-chunk.ts';
import { inputOptions, scoringInputs } from '../../jobs/score/scoring-inputs.ts';
import { type Earlier, scoringContext } from '../../jobs/score/thresholds/moving-bands.ts';
import type { CurrentScore } from '../../src/domain/score-result.ts';
import { toLead } from '../../src/people/to-lead.ts';
import { type PlanTally, tallyPlan } from '../../src/review/plan/plan.ts';
import type { PlanReport, Standing } from '../../src/review/plan/plan-report.ts';
import { reportSections } from '../../src/review/plan/print-plan.ts';
import { scoreLeadOnly } from '../../src/scoring/score-lead.ts';
import { thresholdsByModel } from '../../src/store/leads/band-thresholds.ts';
import { otherResultsOf } from '../../src/store/models/other-results.ts';
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
  const judge = await judgeOf(context, at);
  for await (const page of pagesOfLeads(context.db, { ...inputOptions(context), now: at })) {
    const ids = page.map(({ id }) => id);
    const results = await otherResultsOf(context.db, ids);
    const scored = page.filter(({ records }) => records.length > 0 && isInScope(records, context.crms));
    for (const lead of scored) {
      const others = results.get(lead.id) ?? NO_RESULTS;
      const [former, next] = [judge.standing(lead, before, others), judge.standing(lead, after, others)];
      if (former === null || next === null) countOnly(only, former, next);
      else add(tally, lead, { former, next }, (model, instant) => judge.statusAt(lead, model, instant), models);
    }
  }
  const named = ({ name, compiled, role }: ScoredModel): NamedModel => ({ name, model: compiled.id, role });
  return { as_of: at.toISOString(), models: [named(before), named(after)], only, ...tally.report() };
}

type Others = ReadonlyMap<string, Earlier>;

const NO_RESULTS: Others = new Map();

function countOnly(only: [number, number], former: Standing | null, next: Standing | null): void {
  if (former !== null) only[0]++;
  if (next !== null) only[1]++;
}

function add(
  tally: PlanTally,
  { records: [first], wonAt }: PagedLead,
  { former, next }: { readonly former: Standing; readonly next: Standing },
  statusAt: (model: ScoredModel, instant: number) => string,
  [before, after]: readonly [ScoredModel, ScoredModel],
): void {
  tally.add({ lead: `${first?.crm}:${first?.id}`, before: former, after: next });
  if (wonAt !== null) tally.addWon({ before: statusAt(before, wonAt), after: statusAt(after, wonAt) });
}

async function judgeOf(context: JobContext, at: Date) {
  const inputs = await scoringInputs(context);
  const thresholds = await thresholdsByModel(
    context.db,
    context.models.map(({ hash }) => hash),
  );
  const ofModel = ({ hash }: ScoredModel) => ({ thresholds: thresholds.get(hash) ?? {} });
  return {
    /** Null: the model does not score the lead. */
    standing: (paged: PagedLead, model: ScoredModel, others: Others): Standing | null => {
      const lead = toLead(paged, inputs);
      if (!applies(model, lead)) return null;
      const previous = model.key === null ? paged.previous : (others.get(model.key) ?? null);
      const scoring = scoringContext('compare', previous, model, ofModel(model).thresholds);
      return toStanding(scoreLeadOnly(lead, model.compiled, at.getTime(), scoring));
    },
    /** With the fields and thresholds of today, and the activities until then. */
    statusAt: (paged: PagedLead, model: ScoredModel, instant: number): string =>
      scoreLeadOnly(toLead(paged, inputs), model.compiled, instant, ofModel(model)).status,
  };
}

function toStanding({ status, grade, total, contributions, gates }: CurrentScore): Standing {
  const points = new Map(contributions.map(({ signal, label, points: each }) => [signal, { label, points: each }]));
  return { status, grade, total, points, gates: gates.map(({ label }) => label) };
}

/** How many leads differ. */
export function comparisonHead(comparison: Comparison): readonly string[] {
  const { as_of, models, only, leads, moved, better, worse, rescored } = comparison;
  const [before, after] = models;
  const [first, second] = [before.name, after.name];
  const share = leads === 0 ? '0' : ((100 * moved) / leads).toFixed(1);
  return [
    `${leads} leads by ${first} (${before.model}, ${before.role}) and ${second} (${after.model}, ${after.role}), as of ${as_of}.`,
    ...models.flatMap(({ name }, index) =>
      (only[index] ?? 0) === 0 ? [] : [`${only[index]} more are scored by ${name} alone.`],
    ),
    `${moved} have another status with ${second} (${share} %): ${better} a better one, ${worse} a worse one.`,
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
