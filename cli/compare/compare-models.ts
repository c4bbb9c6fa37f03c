// `npx leadgrade compare models LIVE SHADOW`: the same leads by two models side by side, who differs and why.
import type { JobContext, ScoredModel } from '../../jobs/context.ts';
import { addModels, knownModels } from '../../jobs/score/earlier-models.ts';
import { applies, isInScope } from '../../jobs/score/score-chunk.ts';
import { inputOptions, scoringInputs } from '../../jobs/score/scoring-inputs.ts';
import {
  appliedThresholds,
  type ModelThresholds,
  scoringContext,
  thresholdsFor,
} from '../../jobs/score/thresholds/moving-bands.ts';
import type { Lead } from '../../src/domain/lead.ts';
import type { CurrentScore } from '../../src/domain/score-result.ts';
import { toLead } from '../../src/people/to-lead.ts';
import { type PlanTally, tallyPlan } from '../../src/review/plan/plan.ts';
import type { PlanReport, Standing } from '../../src/review/plan/plan-report.ts';
import { reportSections } from '../../src/review/plan/print-plan.ts';
import { percent } from '../../src/review/plan/text-tables.ts';
import { scoreLeadOnly } from '../../src/scoring/score-lead.ts';
import type { EarlierResult } from '../../src/store/leads/previous-result.ts';
import { storedModels } from '../../src/store/models/models.ts';
import { otherResultsOf } from '../../src/store/models/other-results.ts';
import { type PagedLead, pagesOfLeads } from '../../src/store/replay/lead-pages.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';

export interface CompareModelsOptions {
  readonly asOf?: Date;
  readonly json: boolean;
}

interface Comparison extends PlanReport {
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
    const models = [modelNamed(context, names[0]), modelNamed(context, names[1])] as const;
    const comparison = await compare(context, models, asOf ?? context.clock.now());
    io.stdout.write(json ? `${JSON.stringify(comparison)}\n` : textOf(comparison));
  });
}

/** @throws ConfigurationError for a name that no applied model has */
function modelNamed({ models }: JobContext, name: string): ScoredModel {
  const found = models.find((model) => model.name === name);
  if (found !== undefined) return found;
  const fix =
    models.length === 1
      ? 'MODEL_FILE is one model. Set it to a file that lists several (docs/several-models.md).'
      : `MODEL_FILE lists ${models.map((model) => model.name).join(', ')}. A model that was added to the list must be applied first: npx leadgrade apply.`;
  throw new ConfigurationError(`There is no model "${name}". ${fix}`);
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
    const ids = page.map(({ id }) => id);
    const results = await otherResultsOf(context.db, ids);
    for (const paged of page) {
      if (paged.records.length === 0 || !isInScope(paged.records, context.crms)) continue;
      const known = { paged, others: results.get(paged.id), lead: toLead(paged, inputs), thresholds, at };
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
  /** Its last results by other models than the first one. */
  readonly others: ReadonlyMap<string, EarlierResult> | undefined;
  readonly lead: Lead;
  readonly thresholds: ModelThresholds;
  readonly at: Date;
}

/** Null: the model does not score the lead. */
function standingBy(model: ScoredModel, { paged, others, lead, thresholds, at }: KnownLead): Standing | null {
  if (!applies(model, lead)) return null;
  const previous = model.key === null ? paged.previous : (others?.get(model.key) ?? null);
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
  const [first] = records;
  tally.add({ lead: `${first?.crm}:${first?.id}`, before: former, after: next });
  if (wonAt === null) return;
  // With the fields and thresholds of today, and the activities until then.
  const statusBy = (model: ScoredModel) => {
    const { points } = thresholdsFor(thresholds, model);
    return scoreLeadOnly(lead, model.compiled, wonAt, { thresholds: points }).status;
  };
  tally.addWon({ before: statusBy(before), after: statusBy(after) });
}

function toStanding({ status, grade, total, contributions, gates }: CurrentScore): Standing {
  const points = new Map(contributions.map(({ signal, label, points: each }) => [signal, { label, points: each }]));
  return { status, grade, total, points, gates: gates.map(({ label }) => label) };
}

function textOf(comparison: Comparison): string {
  const { as_of, models, only, leads, moved, better, worse, rescored } = comparison;
  const [before, after] = models;
  const [first, second] = [before.name, after.name];
  const head = [
    `${leads} leads by ${first} (${before.model}, ${before.role}) and ${second} (${after.model}, ${after.role}), as of ${as_of}.`,
    ...models.flatMap(({ name }, index) =>
      (only[index] ?? 0) === 0 ? [] : [`${only[index]} more are scored by ${name} alone.`],
    ),
    `${moved} have another status with ${second} (${percent(moved, leads)}): ${better} a better one, ${worse} a worse one.`,
    `${rescored} more have the same status and another total or grade.`,
  ];
  const sections = reportSections(comparison, { from: first, to: second });
  return `${[head, ...sections].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}
