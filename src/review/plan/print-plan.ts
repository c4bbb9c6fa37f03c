// The text of a plan for the terminal.
import { GRADES } from '../../domain/score-result.ts';
import { durationText } from '../../domain/texts/duration-text.ts';
import { modelName } from '../../domain/texts/model-name.ts';
import { leadsText, wholeNumber } from '../../scoring/capacity/capacity-texts.ts';
import { bandTable } from './band-table.ts';
import type { ModelPlan, Move, NamedModel, OtherModelPlan, PlannedWrites, PlanReport } from './plan-report.ts';
import type { PlanSources } from './plan-sources.ts';
import { type BandLabels, bandLabels, matrix, percent, signed } from './text-tables.ts';

/** Also what `--json` prints. */
export interface Plan extends ModelPlan {
  /** ISO 8601. */
  readonly as_of: string;
  /** The first model; the sums of the plan are its. */
  readonly model: { readonly before: NamedModel; readonly after: NamedModel };
  /** Of the models beside it that are to score leads, what each does to its own. */
  readonly other_models: readonly OtherModelPlan[];
  /** What differs between the models, a line each. */
  readonly changes: readonly string[];
  readonly writes: readonly PlannedWrites[];
  /** What is surely not meant, with the fix. */
  readonly warnings: readonly string[];
  /** Leads of which a change waits to be scored, with any model. */
  readonly due: number;
  /** Leads that could not be scored. */
  readonly failed: number;
  /** CRMs whose mapping reads other values than those that are stored. */
  readonly reads_anew: readonly string[];
  /** Scope, people.yaml or other inputs besides the model are not those with which leads are scored. */
  readonly other_inputs: boolean;
  /** Hash of `sources`: the hash of the plan. */
  readonly made_from: string;
  /** What the plan was made from. */
  readonly sources: PlanSources;
}

const OTHER_INPUTS =
  'Besides the model, one of these is not as at the last scoring: scope and written fields of a mapping, people.yaml, titles.yaml, TIMEZONE, the streams that a CRM shows. Its effect is part of this plan, and comes with the next start of the service, not with apply.';
const MAX_CHANGES = 30;
const MAX_REASONS = 8;
const MAX_MOVES = 10;

export function planText(plan: Plan): string {
  return `${sectionsOf(plan)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function sectionsOf(plan: Plan): readonly (readonly string[])[] {
  return [
    headline(plan),
    ['WHAT CHANGES IN THE MODEL', ...indented(shortened(changesOf(plan), MAX_CHANGES))],
    ...modelSections(plan),
    ...plan.other_models.flatMap((other) => [[otherTitle(other)], ...otherSections(other)]),
    ['COST', ...indented(costLines(plan))],
    ...(plan.warnings.length === 0 ? [] : [['WARNINGS', ...indented(plan.warnings)]]),
  ];
}

/** The tables of one model. */
function modelSections(plan: ModelPlan): readonly (readonly string[])[] {
  const labelOf = bandLabels(plan.bands);
  const bands = plan.bands.map(({ id }) => id);
  return [
    ['STATUS: FROM (LINES) TO (COLUMNS)', ...matrix(plan.status, bands, labelOf)],
    ['GRADE: FROM (LINES) TO (COLUMNS)', ...matrix(plan.grades, GRADES, (grade) => grade)],
    ...queueSections(plan),
    ['WHO MOVES', ...indented(moverLines(plan, labelOf))],
  ];
}

/** Of a new model there is nothing to compare. */
function otherSections(plan: OtherModelPlan): readonly (readonly string[])[] {
  if (isUnchanged(plan)) return [];
  return plan.before === null ? queueSections(plan) : modelSections(plan);
}

function queueSections(plan: ModelPlan): readonly (readonly string[])[] {
  return [
    ['LEADS BY BAND', ...bandTable(plan, { from: 'before', to: 'after' })],
    ...(plan.capacity.length === 0 ? [] : [['CAPACITY', ...indented(capacityUseLines(plan))]]),
  ];
}

/** Whether no lead gets another score by it. */
export function isUnchanged({ moved, rescored }: PlanReport): boolean {
  return moved === 0 && rescored === 0;
}

/** Above the tables of a model beside the first one; all that there is to say of one that changes no lead. */
export function otherTitle(plan: OtherModelPlan): string {
  const { label, role, before, after, leads } = plan;
  const versions =
    before?.hash === after.hash || before === null ? modelName(after) : `${modelName(before)} → ${modelName(after)}`;
  const state = before === null ? ', new' : isUnchanged(plan) ? `: none of its ${leads} leads changes` : '';
  return `MODEL ${label} (${role}), ${versions}${state}`;
}

/** What two models say of the same leads: matrices, bands, and the leads that differ most. */
export function reportSections(
  report: PlanReport,
  names: { readonly from: string; readonly to: string },
): readonly (readonly string[])[] {
  const labelOf = bandLabels(report.bands);
  const bands = report.bands.map(({ id }) => id);
  const title = (what: string) => `${what}: ${names.from} (LINES), ${names.to} (COLUMNS)`;
  return [
    [title('STATUS'), ...matrix(report.status, bands, labelOf)],
    [title('GRADE'), ...matrix(report.grades, GRADES, (grade) => grade)],
    ['LEADS BY BAND', ...bandTable(report, names)],
    ['WHY THEY DIFFER', ...indented(reasonLines(report, labelOf))],
  ];
}

function headline({ as_of, model: { before, after } }: Plan): string[] {
  return [
    `PLAN. Nothing was changed. As of ${as_of}.`,
    `Model in use: ${modelName(before)}. Planned: ${modelName(after)}.`,
  ];
}

/** What differs between the models, and what may differ besides. */
export function changesOf({
  changes,
  model: { before, after },
  due,
  other_inputs,
  reads_anew,
}: Plan): readonly string[] {
  const nothing =
    before.hash === after.hash ? 'Nothing: the file is the model in use.' : 'Nothing that gives another score.';
  return [
    ...(changes.length === 0 ? [nothing] : changes),
    ...(due === 0
      ? []
      : [`${due} leads are due: their change waits to be scored with any model, and is part of this plan.`]),
    ...(other_inputs ? [OTHER_INPUTS] : []),
    ...reads_anew.map(
      (crm) =>
        `mappings/${crm}.yaml reads other values than those that are stored: this plan does not know them. "npx leadgrade backfill --dry-run" reads them.`,
    ),
  ];
}

/** One line for each band with a capacity. */
export function capacityUseLines({ capacity: uses }: Pick<ModelPlan, 'capacity'>): readonly string[] {
  return uses.map(({ label, capacity, points, floor, per_week }) => {
    const from = `${label}: from ${points} points${points <= floor ? ', its floor' : ''}`;
    const wanted = `its capacity is ${wholeNumber(capacity)}`;
    if (per_week === null)
      return `${from}; ${wanted} a week, which counts when activities were read for two weeks after the first backfill.`;
    return `${from}: ${leadsText(per_week)} a week would have reached it in the last 4 weeks; ${wanted}. requires and gates come after the points.`;
  });
}

function moverLines(plan: PlanReport, labelOf: BandLabels): string[] {
  const { leads, moved, better, worse, rescored } = plan;
  return [
    `${moved} of ${leads} leads get another status (${percent(moved, leads)}): ${better} a better one, ${worse} a worse one.`,
    `${rescored} more keep their status and get another total or grade.`,
    ...reasonLines(plan, labelOf),
  ];
}

function reasonLines({ reasons, moves }: PlanReport, labelOf: BandLabels): string[] {
  const rest = reasons.slice(MAX_REASONS).reduce((all, { leads: each }) => all + each, 0);
  return [
    ...reasons.slice(0, MAX_REASONS).map(({ reason, leads: each, mean_points }) => {
      const points = mean_points === null ? '' : `, ${signed(Math.round(mean_points * 10) / 10)} points on average`;
      return `  ${String(each).padStart(6)}  ${reason}${points}`;
    }),
    ...(rest === 0 ? [] : [`  ${String(rest).padStart(6)}  other reasons`]),
    ...moves.slice(0, MAX_MOVES).map((move) => `  ${moveLine(move, labelOf)}`),
  ];
}

export function moveLine({ lead, from, to, total_before, total_after, reason }: Move, labelOf: BandLabels): string {
  return `${lead}  ${labelOf(from)} → ${labelOf(to)}  ${total_before ?? '-'} → ${total_after ?? '-'}: ${reason}`;
}

export function costLines({ writes, failed, new_options, other_models }: Plan): string[] {
  const added = other_models.flatMap(({ label, has_new_fields }) => (has_new_fields ? [label] : []));
  const options = [
    ...(new_options.length === 0 ? [] : [optionsLine(new_options, '')]),
    ...other_models.flatMap((other) => {
      return other.new_options.length === 0 ? [] : [optionsLine(other.new_options, ` of ${other.label}`)];
    }),
  ];
  return [
    ...writes.map(
      ({ crm, records, writes: each, calls, seconds }) =>
        `${crm}: ${each} of ${records} records would be written, in ${calls} API ${calls === 1 ? 'call' : 'calls'}${timeOf(calls, seconds)}.`,
    ),
    ...(added.length === 0
      ? []
      : [`The fields of ${added.join(' and ')} are new. "npx leadgrade setup" makes them, once this is applied.`]),
    ...options,
    ...(failed === 0 ? [] : [`${failed} leads could not be scored.`]),
  ];
}

/** Nothing to write takes no time. */
function timeOf(calls: number, seconds: number | null): string {
  return calls === 0 || seconds === null ? '' : ` (${durationText(seconds)} at most, by its rate limit)`;
}

function optionsLine(options: ModelPlan['new_options'], model: string): string {
  const named = options.map(({ id, label }) => `${id} (${label})`).join(', ');
  return `New options of the status field${model}: ${named}. "npx leadgrade setup" adds them; run it first.`;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function shortened(lines: readonly string[], most: number): readonly string[] {
  return lines.length <= most ? lines : [...lines.slice(0, most), `and ${lines.length - most} more`];
}
