// The tables of a plan for the terminal.
import { matrixOf } from './matrix.ts';
import type { Transition } from './plan-report.ts';

export const NOT_SCORED = 'not scored';

/** The label of a band by its id; null = not scored. */
export type BandLabels = (id: string | null) => string;

export function bandLabels(bands: readonly { readonly id: string; readonly label: string }[]): BandLabels {
  const labels = new Map(bands.map(({ id, label }) => [id, label]));
  return (id) => (id === null ? NOT_SCORED : (labels.get(id) ?? id));
}

/** Of a column: as wide as its longest head, between these. */
const WIDTHS = { least: 10, most: 15 };

export function matrix<T extends string>(
  cells: readonly Transition<T>[],
  known: readonly T[],
  labelOf: (value: T) => string,
): string[] {
  const { values, leads } = matrixOf(cells, known);
  const column = (value: T | null) => value ?? NOT_SCORED;
  const line = (value: T | null) => {
    const label = value === null ? NOT_SCORED : labelOf(value);
    return label === column(value) ? label : `${column(value)} (${label})`;
  };
  const head = [...values.map(column), 'all'];
  const row = rowOf(Math.max(...values.map((value) => line(value).length), 3), head);
  return [
    row('', head),
    ...values.map((from) => {
      const entries = values.map((to) => leads(from, to));
      return row(line(from), [...entries.map((entry) => (entry === 0 ? '.' : entry)), sum(entries)]);
    }),
    row('all', [
      ...values.map((to) => sum(values.map((from) => leads(from, to)))),
      sum(cells.map((cell) => cell.leads)),
    ]),
  ];
}

/**
 * A line of a table; a longer cell than its column is cut.
 * @param width of the first column
 * @param head of the other columns
 */
export function rowOf(
  width: number,
  head: readonly string[],
): (name: string, entries: readonly (string | number)[]) => string {
  const longest = Math.max(WIDTHS.least, ...head.map(({ length }) => length));
  const most = Math.min(WIDTHS.most, longest);
  const cell = (entry: string | number) =>
    String(entry)
      .slice(0, most)
      .padStart(most + 1);
  return (name, entries) => `  ${name.padEnd(width)}${entries.map(cell).join('')}`;
}

export function signed(value: number): string {
  return value > 0 ? `+${value}` : String(value);
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

/** `12.5 %` of a whole; `0 %` of nothing. */
export function percent(part: number, whole: number): string {
  return `${whole === 0 ? '0' : ((100 * part) / whole).toFixed(1)} %`;
}
