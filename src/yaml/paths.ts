// Where something is in a YAML file: the keys that lead to it, and its line.
import type { Problem } from '../domain/problem.ts';

export type Path = readonly PropertyKey[];

/** 1-based. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** `fit.criteria[0].cases[1].when` */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}

export function byPlace(a: Problem, b: Problem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
