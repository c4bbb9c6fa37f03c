// The cells of a table from one value to another.
import type { Transition } from './plan-report.ts';

export interface Matrix<T> {
  /** The values that occur, in the order of `known`; null = not scored, at the end. */
  readonly values: readonly (T | null)[];
  leads(from: T | null, to: T | null): number;
}

export function matrixOf<T extends string>(cells: readonly Transition<T>[], known: readonly T[]): Matrix<T> {
  const used = new Set(cells.flatMap(({ from, to }) => [from, to]));
  return {
    values: [...known.filter((value) => used.has(value)), ...(used.has(null) ? [null] : [])],
    leads: (from, to) => cells.find((cell) => cell.from === from && cell.to === to)?.leads ?? 0,
  };
}
