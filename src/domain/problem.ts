// A thing that is wrong in a file that somebody edits (model, mapping, settings): where, what and how to mend it.

export interface Problem {
  readonly level: 'error' | 'warning';
  readonly file: string;
  /** 1-based; absent where the file has no such place. */
  readonly line?: number;
  /** e.g. `fit.criteria[2].cases[0].when`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
  readonly fix?: string;
}

/** `mappings/model.yaml:12 fit.criteria[0].field: message. Fix.` */
export function formatProblem(problem: Problem): string {
  const place = problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`;
  const path = problem.path === '' ? '' : ` ${problem.path}`;
  const fix = problem.fix === undefined ? '' : ` ${problem.fix}`;
  return `${place}${path}: ${problem.message}${fix}`;
}
