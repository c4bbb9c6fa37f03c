// Prints a sample report as a table.
import type { Firing, OutcomeShare, SampleReport, Share } from './sample-report.ts';

const LABEL_WIDTH = 44;
const NUMBER_WIDTH = 10;

/** @param outcomeName the name of the outcome column in the file, e.g. `Converted` */
export function printSample(report: SampleReport, outcomeName: string): string {
  const { outcome, coverage, mean, bands, grades } = report;
  const table = tableWith(outcome !== undefined);
  const quarters = coverage.quarters.map((each, index) => [`${index * 25} to ${index * 25 + 25} %`, each] as const);
  const summary = outcome && `known for ${outcome.known}, reached by ${outcome.reached} (${percent(outcome.share)})`;
  const sections = [
    [
      `${report.leads} leads scored with ${report.model}.`,
      ...(summary ? [`Outcome (${outcomeName}): ${summary}.`] : []),
    ],
    table.shares(
      'BANDS, lowest to highest',
      bands.map((each) => [each.label, each]),
    ),
    table.shares(
      'GRADES, lowest to highest',
      grades.map((each) => [each.grade, each]),
    ),
    table.shares(`COVERAGE, mean ${percent(coverage.mean)}`, quarters),
    [table.head('FIT', FIRING), ...fitLines(report, table)],
    [table.head('BEHAVIOR', FIRING), ...signalLines(report, table)],
    [
      `Mean: fit ${points(mean.fit)} + behavior ${points(mean.behavior)} = ${points(mean.total)}.`,
      'points: average over the leads that it matches; mean: average over all leads.',
    ],
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

const FIRING = ['matched', 'unmatched', 'unknown', 'points', 'mean'];

interface Table {
  head(title: string, names: readonly string[]): string;
  line(label: string, numbers: readonly string[], outcome: OutcomeShare | undefined): string;
  shares(title: string, rows: readonly (readonly [string, Share])[]): string[];
}

function tableWith(hasOutcome: boolean): Table {
  const row = (label: string, cells: readonly string[]) => {
    return `${padded(label)}${cells.map((cell) => cell.padStart(NUMBER_WIDTH)).join('')}`.trimEnd();
  };
  const head: Table['head'] = (title, names) => row(title, hasOutcome ? [...names, 'outcome'] : names);
  const line: Table['line'] = (label, numbers, outcome) => {
    return row(label, hasOutcome ? [...numbers, percent(outcome?.share ?? null)] : numbers);
  };
  const shares: Table['shares'] = (title, rows) => {
    const lines = rows.map(([label, each]) => line(label, [String(each.leads), percent(each.share)], each.outcome));
    return [head(title, ['leads', 'share']), ...lines];
  };
  return { head, line, shares };
}

function fitLines({ fit: criteria }: SampleReport, table: Table): string[] {
  return criteria.flatMap((criterion) => [
    table.line(criterion.label, firingCells(criterion), criterion.matched.outcome),
    ...criterion.cases.map((each) => {
      return table.line(`  ${each.label}`, [String(each.leads), '', '', points(each.points), ''], each.outcome);
    }),
  ]);
}

function signalLines({ behavior }: SampleReport, table: Table): string[] {
  return behavior.map((signal) => {
    return table.line(signal.label, firingCells(signal), signal.matched.outcome);
  });
}

function firingCells(fired: Firing): string[] {
  const { matched, unmatched, unknown, mean_points, mean_points_when_matched: whenMatched } = fired;
  const numbers = [matched.leads, unmatched, unknown].map(String);
  return [...numbers, whenMatched === null ? '' : points(whenMatched), points(mean_points)];
}

function padded(label: string): string {
  const text = label.length >= LABEL_WIDTH ? `${label.slice(0, LABEL_WIDTH - 4)}...` : label;
  return text.padEnd(LABEL_WIDTH);
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(share * 100).toFixed(1)} %`;
}

/** At most one decimal, and no -0. */
function points(value: number): string {
  return String(Math.round(value * 10) / 10 + 0);
}
