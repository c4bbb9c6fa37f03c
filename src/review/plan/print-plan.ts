// The text of a plan for the terminal.
import { GRADES } from '../../domain/score-result.ts';
import { modelName } from '../../domain/texts/model-name.ts';
import { leadsText, wholeNumber } from '../../scoring/capacity/capacity-texts.ts';
import type { Move, PlanReport } from './plan-report.ts';
import type { PlanSources } from './plan-sources.ts';
import { matrix, NOT_SCORED, percent, rowOf, signed } from './text-tables.ts';

interface NamedModel {
  /** `name@version` */
  readonly name: string;
  readonly hash: string;
}

/** New leads of a band against its capacity. */
export interface CapacityUse {
  readonly band: string;
  readonly label: string;
  /** Leads per week that the team can take. */
  readonly capacity: number;
  /** The points from which the band begins with the planned model, and the lowest ones it may begin at. */
  readonly points: number;
  readonly floor: number;
  /** Leads that would have reached these points in a week; null = activities were read for less than two weeks. */
  readonly per_week: number | null;
}

/** Also what `--json` prints. */
export interface Plan extends PlanReport {
  /** ISO 8601. */
  readonly as_of: string;
  readonly model: { readonly before: NamedModel; readonly after: NamedModel };
  /** What differs between the models, a line each. */
  readonly changes: readonly string[];
  /** The bands with a capacity, best first. */
  readonly capacity: readonly CapacityUse[];
  readonly writes: readonly {
    readonly crm: string;
    readonly records: number;
    readonly writes: number;
    readonly calls: number;
  }[];
  /** Leads of which a change waits to be scored, with any model. */
  readonly due: number;
  /** Leads that could not be scored. */
  readonly failed: number;
  /** Bands that the status field of the CRM does not have as an option yet. */
  readonly new_options: readonly { readonly id: string; readonly label: string }[];
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
  const labels = new Map(plan.bands.map(({ id, label }) => [id, label]));
  const bands = plan.bands.map(({ id }) => id);
  return [
    headline(plan),
    ['WHAT CHANGES IN THE MODEL', ...indented(shortened(changesOf(plan), MAX_CHANGES))],
    ['STATUS: FROM (LINES) TO (COLUMNS)', ...matrix(plan.status, bands, (id) => labels.get(id) ?? id)],
    ['GRADE: FROM (LINES) TO (COLUMNS)', ...matrix(plan.grades, GRADES, (grade) => grade)],
    ['LEADS BY BAND', ...bandTable(plan, { from: 'before', to: 'after' })],
    ...(plan.capacity.length === 0 ? [] : [['CAPACITY', ...indented(capacityUseLines(plan))]]),
    ['WHO MOVES', ...indented(moverLines(plan, labels))],
    ['COST', ...indented(costLines(plan))],
  ];
}

/** What two models say of the same leads: matrices, bands, and the leads that differ most. */
export function reportSections(
  report: PlanReport,
  names: { readonly from: string; readonly to: string },
): readonly (readonly string[])[] {
  const labels = new Map(report.bands.map(({ id, label }) => [id, label]));
  const bands = report.bands.map(({ id }) => id);
  const title = (what: string) => `${what}: ${names.from} (LINES), ${names.to} (COLUMNS)`;
  return [
    [title('STATUS'), ...matrix(report.status, bands, (id) => labels.get(id) ?? id)],
    [title('GRADE'), ...matrix(report.grades, GRADES, (grade) => grade)],
    ['LEADS BY BAND', ...bandTable(report, names)],
    ['WHY THEY DIFFER', ...indented(reasonLines(report, labels))],
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

function bandTable(
  { bands, won_deals }: PlanReport,
  { from, to }: { readonly from: string; readonly to: string },
): string[] {
  const row = rowOf(Math.max(...bands.map(({ label }) => label.length)));
  const won = from === 'before' ? ['won*', 'won* after'] : ['won* 1st', 'won* 2nd'];
  const head = [from, to, 'change', ...(won_deals > 0 ? won : [])];
  return [
    row('', head),
    ...bands.map(({ label, before, after, won_before, won_after }) =>
      row(label, [before, after, signed(after - before), ...(won_deals > 0 ? [won_before, won_after] : [])]),
    ),
    ...(won_deals === 0
      ? []
      : [
          `  * ${won_deals} leads won a deal in the last 92 days: their band at that instant, with the fields of today.`,
        ]),
  ];
}

/** One line for each band with a capacity. */
export function capacityUseLines({ capacity: uses }: Plan): readonly string[] {
  return uses.map(({ label, capacity, points, floor, per_week }) => {
    const from = `${label}: from ${points} points${points <= floor ? ', its floor' : ''}`;
    const wanted = `its capacity is ${wholeNumber(capacity)}`;
    if (per_week === null)
      return `${from}; ${wanted} a week, which counts when activities were read for two weeks after the first backfill.`;
    return `${from}: ${leadsText(per_week)} a week would have reached it in the last 4 weeks; ${wanted}. requires and gates come after the points.`;
  });
}

function moverLines(plan: Plan, labels: ReadonlyMap<string, string>): string[] {
  const { leads, moved, better, worse, rescored } = plan;
  return [
    `${moved} of ${leads} leads get another status (${percent(moved, leads)}): ${better} a better one, ${worse} a worse one.`,
    `${rescored} more keep their status and get another total or grade.`,
    ...reasonLines(plan, labels),
  ];
}

function reasonLines({ reasons, moves }: PlanReport, labels: ReadonlyMap<string, string>): string[] {
  const rest = reasons.slice(MAX_REASONS).reduce((all, { leads: each }) => all + each, 0);
  return [
    ...reasons.slice(0, MAX_REASONS).map(({ reason, leads: each, mean_points }) => {
      const points = mean_points === null ? '' : `, ${signed(Math.round(mean_points * 10) / 10)} points on average`;
      return `  ${String(each).padStart(6)}  ${reason}${points}`;
    }),
    ...(rest === 0 ? [] : [`  ${String(rest).padStart(6)}  other reasons`]),
    ...moves.slice(0, MAX_MOVES).map((move) => `  ${moveLine(move, labels)}`),
  ];
}

export function moveLine(
  { lead, from, to, total_before, total_after, reason }: Move,
  labels: ReadonlyMap<string, string>,
): string {
  const label = (id: string | null) => (id === null ? NOT_SCORED : (labels.get(id) ?? id));
  return `${lead}  ${label(from)} → ${label(to)}  ${total_before ?? '-'} → ${total_after ?? '-'}: ${reason}`;
}

export function costLines({ writes, failed, new_options }: Plan): string[] {
  return [
    ...writes.map(
      ({ crm, records, writes: each, calls }) =>
        `${crm}: ${each} of ${records} records would be written, in ${calls} API ${calls === 1 ? 'call' : 'calls'}.`,
    ),
    ...(new_options.length === 0
      ? []
      : [
          `New options of the status field: ${new_options.map(({ id, label }) => `${id} (${label})`).join(', ')}. "npx leadgrade setup" adds them; run it first.`,
        ]),
    ...(failed === 0 ? [] : [`${failed} leads could not be scored.`]),
  ];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function shortened(lines: readonly string[], most: number): readonly string[] {
  return lines.length <= most ? lines : [...lines.slice(0, most), `and ${lines.length - most} more`];
}
