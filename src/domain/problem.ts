// A mistake in a file that people edit (model, mapping, settings): where it is, what is wrong, and
// how to fix it.

export interface Problem {
  readonly level: 'error' | 'warning';
  readonly file: string;
  /** 1-based; absent if the problem has no line in the file. */
  readonly line?: number;
  /** e.g. `fit.criteria[2].cases[0].when`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
  readonly fix?: string;
}

/** `mappings/model.yaml:12 fit.criteria[0].field: message. Fix.` */
export function formatProblem(problem: Problem): string {
  const location = problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`;
  const path = problem.path === '' ? '' : ` ${problem.path}`;
  const fix = problem.fix === undefined ? '' : ` ${problem.fix}`;
  return `${location}${path}: ${problem.message}${fix}`;
}
