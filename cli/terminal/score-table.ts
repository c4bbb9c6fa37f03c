// The number of leads by band and grade, as a table for the terminal.
import { GRADES, type Grade } from '../../src/domain/score-result.ts';

interface ShownBand {
  readonly id: string;
  readonly label: string;
}

/**
 * One header line, then one line a band, best first; `count` returns the number of leads in a cell.
 */
export function scoreTable(
  bands: readonly ShownBand[],
  count: (status: string, grade: Grade) => number,
): readonly string[] {
  const width = Math.max(...bands.map((band) => band.label.length));
  const row = (label: string, cells: readonly (string | number)[]) =>
    `${label.padEnd(width)} ${cells.map((cell) => String(cell).padStart(9)).join('')}`;
  return [
    row('', [...GRADES, 'all']),
    ...bands.map((band) => {
      const cells = GRADES.map((grade) => count(band.id, grade));
      return row(band.label, [...cells, cells.reduce((sum, cell) => sum + cell, 0)]);
    }),
  ];
}
