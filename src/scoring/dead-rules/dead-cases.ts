// Cases of a criterion that never give their points: no value meets them, or an earlier case always
// takes their leads.
import type { ModelProblem } from '../checks/model-checks.ts';
import type { Condition } from '../schemas/condition.ts';
import {
  type Conjunction,
  contains,
  describeRange,
  intersect,
  isEmpty,
  type Range,
  toConjunction,
} from './conjunction.ts';
import { contradictionIn } from './contradictions.ts';
import { type Budget, implies, splitValues } from './implication.ts';

type Path = ModelProblem['path'];

interface Criterion {
  readonly field?: string | undefined;
  readonly cases: readonly { readonly when: Condition; readonly points: number }[];
}

export interface DeadCases {
  readonly problems: readonly ModelProblem[];
  /** Indexes of the cases that never match. */
  readonly dead: ReadonlySet<number>;
}

/** @param path of the criterion */
export function findDeadCases({ field, cases }: Criterion, path: Path, budget: Budget): DeadCases {
  const problems: ModelProblem[] = [];
  const dead = new Set<number>();
  const earlier: { readonly number: number; readonly condition: Conjunction }[] = [];
  cases.forEach(({ when }, index) => {
    const at: Path = [...path, 'cases', index, 'when'];
    const condition = toConjunction(when, field);
    const problem = contradiction(condition, at) ?? shadowed(condition, earlier, at, budget);
    if (problem) problems.push(problem);
    if (problem?.level === 'error') dead.add(index);
    else {
      problems.push(...overlaps(condition, earlier, at));
      earlier.push({ number: index + 1, condition });
    }
  });
  return { problems, dead };
}

function contradiction(condition: Conjunction, path: Path): ModelProblem | null {
  const reason = contradictionIn(condition);
  if (reason === null) return null;
  return {
    level: 'error',
    path,
    message: `this case can never match: ${reason}.`,
    fix: 'Correct the condition, or remove the case.',
  };
}

interface Earlier {
  /** 1-based. */
  readonly number: number;
  readonly condition: Conjunction;
}

/** An error if earlier cases take every lead of this case, a warning if they take some values. */
function shadowed(
  condition: Conjunction,
  earlier: readonly Earlier[],
  path: Path,
  budget: Budget,
): ModelProblem | null {
  const values = splitValues(condition).map(({ value, alone }) => {
    const taker = earlier.find((each) => implies(alone, each.condition, budget));
    return { value, taker: taker?.number ?? null };
  });
  const takers = [...new Set(values.flatMap(({ taker }) => taker ?? []))];
  const number = Number(path.at(-2)) + 1;
  if (values.every(({ taker }) => taker !== null) || isCovered(condition, earlier)) {
    const by =
      takers.length === 0
        ? 'the cases above it take'
        : `case${takers.length > 1 ? 's' : ''} ${takers.join(' and ')} above take${takers.length > 1 ? '' : 's'}`;
    const first = takers[0] ?? 1;
    return {
      level: 'error',
      path,
      message: `this case can never match: ${by} every lead that it is for.`,
      fix: `Move it above case ${first}, or narrow that case.`,
    };
  }
  const taken = values.filter(({ taker }) => taker !== null);
  if (taken.length === 0) return null;
  const names = taken.map(({ value }) => `"${value}"`).join(', ');
  return {
    level: 'warning',
    path,
    message: `${names} never count${taken.length === 1 ? 's' : ''} in case ${number}: case ${takers.join(' and ')} above takes such leads.`,
    fix: 'Remove them here, or move the case up.',
  };
}

/** Whether the ranges of earlier cases together contain the range of this one. */
function isCovered(condition: Conjunction, earlier: readonly Earlier[]): boolean {
  return condition.parts.some((part) => {
    if (part.kind !== 'range') return false;
    const ranges = earlier.flatMap((each) => onlyRange(each.condition, part.field) ?? []);
    let rest: Range | null = part.range;
    for (const range of ranges.toSorted((a, b) => a.low - b.low)) rest = rest && after(rest, range);
    return rest === null;
  });
}

/** The range of a condition that is nothing else. */
function onlyRange({ parts, anyOf }: Conjunction, field: string): Range | null {
  const [part] = parts;
  return parts.length === 1 && anyOf.length === 0 && part?.kind === 'range' && part.field === field ? part.range : null;
}

/** What is left of a range above another one that covers its beginning; null = nothing. */
function after(rest: Range, range: Range): Range | null {
  const coversStart = range.low < rest.low || (range.low === rest.low && (!range.isLowOpen || rest.isLowOpen));
  if (!coversStart) return rest;
  const left = { ...rest, low: range.high, isLowOpen: !range.isHighOpen };
  if (range.high < rest.low) return rest;
  return isEmpty(left) ? null : left;
}

/** Ranges that share some numbers, while neither contains the other. */
function overlaps(condition: Conjunction, earlier: readonly Earlier[], path: Path): ModelProblem[] {
  return condition.parts.flatMap((part) => {
    if (part.kind !== 'range') return [];
    return earlier.flatMap(({ number, condition: other }): ModelProblem[] => {
      const range = onlyRange(other, part.field);
      if (range === null || contains(part.range, range) || contains(range, part.range)) return [];
      const both = intersect(range, part.range);
      if (isEmpty(both)) return [];
      const shared = both.low === both.high ? `${both.low} is` : `the numbers ${describeRange(both)} are`;
      const mine = Number(path.at(-2)) + 1;
      const fix =
        range.low < part.range.low
          ? `Write gt: ${range.high} here, or lt: ${part.range.low} in case ${number}.`
          : 'Let each case begin where the other one ends.';
      return [
        {
          level: 'warning',
          path,
          message: `${shared} in case ${number} and in case ${mine}; case ${number} counts.`,
          fix,
        },
      ];
    });
  });
}
