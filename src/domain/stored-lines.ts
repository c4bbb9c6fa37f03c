// The lines of a stored result: those with points, without the texts of the model. `models` keeps
// the file that gave them, so that every line can be shown with its label later. Pure.
import type { Contribution, Dimension } from './score-result.ts';

/**
 * `[signal, points, exact]`. A fourth value tells the label: its position among the texts of the
 * signal, if it is not the first; or the label itself, in rows from before this form.
 */
export type StoredLine = readonly [signal: string, points: number, exact: number, label?: number | string];

export interface LineText {
  readonly dimension: Dimension;
  readonly label: string;
}

/** By signal, the texts that its line can have with a model, in the order of the model. */
export type LineTexts = ReadonlyMap<string, readonly LineText[]>;

/**
 * @param texts those of the model that gave the contributions
 * @throws if the model has no such signal or label
 */
export function toStoredLines(contributions: readonly Contribution[], texts: LineTexts): readonly StoredLine[] {
  const lines: StoredLine[] = [];
  for (const { dimension, signal, points, exact, label } of contributions) {
    if (points === 0) continue;
    const ofSignal = texts.get(signal) ?? [];
    const position = ofSignal.findIndex((text) => text.label === label && text.dimension === dimension);
    if (position === -1) throw new Error(`The model has no signal "${signal}" with the label "${label}".`);
    lines.push(position === 0 ? [signal, points, exact] : [signal, points, exact, position]);
  }
  return lines;
}

/**
 * The contributions with points. They have no instants and counts, which are not stored.
 * @param texts those of the model of the result; a signal that they lack is shown by its id
 */
export function toContributions(lines: readonly StoredLine[], texts: LineTexts): readonly Contribution[] {
  return lines.map(([signal, points, exact, stored = 0]): Contribution => {
    const ofSignal = texts.get(signal) ?? [];
    const { dimension = 'behavior', label = signal } = ofSignal[typeof stored === 'number' ? stored : 0] ?? {};
    const text = typeof stored === 'string' ? stored : label;
    return { dimension, signal, outcome: 'matched', exact, points, label: text };
  });
}
