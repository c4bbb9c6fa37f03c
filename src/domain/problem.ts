// A mistake in a file that people edit (model, mapping, settings): where it is, what is wrong, and
// how to fix it.

export interface Problem {
  /** `note`: nothing to change; the file has something that does not work yet. */
  readonly level: 'error' | 'warning' | 'note';
  readonly file: string;
  /** 1-based; absent if the problem has no line in the file. */
  readonly line?: number;
  /** 1-based. */
  readonly column?: number;
  /** e.g. `fit.criteria[2].cases[0].when`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
  readonly fix?: string;
  /** Problems with the same noun and fix are printed as one line with all names. */
  readonly listed?: { readonly noun: string; readonly name: string };
}

/** `mappings/model.yaml:12:9 fit.criteria[0].field: message. Fix.` */
export function formatProblem(problem: Problem): string {
  return withPlace(problem, `${problem.message}${fixOf(problem)}`);
}

function withPlace({ file, line, column, path }: Problem, text: string): string {
  const location = [file, line, column].filter((part) => part !== undefined).join(':');
  return `${location}${path === '' ? '' : ` ${path}`}: ${text}`;
}

function fixOf({ fix }: Problem): string {
  return fix === undefined ? '' : ` ${fix}`;
}

/** One line each; the same problem at several lines is one line that names all of them. */
export function formatProblems(problems: readonly Problem[]): string[] {
  return bounded(groupsOf(problems).map(formatGroup));
}

/** As `formatProblems`, each line with its level: `error: ...`. */
export function formatProblemsWithLevel(problems: readonly Problem[]): string[] {
  return bounded(groupsOf(problems).map((group) => `${group[0]?.level}: ${formatGroup(group)}`));
}

const MAX_LINES = 100;

/** Thousands of lines mostly come from one mistake. */
function bounded(lines: readonly string[]): string[] {
  if (lines.length <= MAX_LINES) return [...lines];
  return [...lines.slice(0, MAX_LINES), `... and ${lines.length - MAX_LINES} more lines like these.`];
}

function groupsOf(problems: readonly Problem[]): Problem[][] {
  const groups = Map.groupBy(problems, ({ level, file, message, fix, listed }) =>
    JSON.stringify([level, file, listed?.noun ?? message, fix ?? '']),
  );
  return [...groups.values()];
}

function formatGroup(group: readonly Problem[]): string {
  const [first] = group;
  if (first === undefined) return '';
  const byName = Map.groupBy(group, ({ listed }) => listed?.name ?? '');
  if (byName.size > 1) {
    const names = [...byName].map(([name, places]) => `"${name}" (${linesOf(places)})`);
    return withPlace({ ...first, path: '' }, `${first.listed?.noun}s: ${shortened(names)}.${fixOf(first)}`);
  }
  const others = group.slice(1);
  if (others.length === 0) return formatProblem(first);
  return withPlace(first, `${first.message} Also in ${linesOf(others)}.${fixOf(first)}`);
}

/** `lines 3, 5 and 9` */
function linesOf(problems: readonly Problem[]): string {
  const lines = [...new Set(problems.flatMap(({ line }) => line ?? []))];
  if (lines.length === 0) return `${problems.length} places`;
  return `line${lines.length === 1 ? '' : 's'} ${shortened(lines.map(String), ' and ')}`;
}

const MAX_SHOWN = 10;

function shortened(items: readonly string[], last = ', '): string {
  if (items.length > MAX_SHOWN) {
    return `${items.slice(0, MAX_SHOWN).join(', ')} and ${items.length - MAX_SHOWN} more`;
  }
  return [items.slice(0, -1).join(', '), items.at(-1)].filter(Boolean).join(last);
}
