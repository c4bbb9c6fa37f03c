// The fit score: the first matching case of each criterion gives its points; the grade is their
// share of the attainable points. Fit does not decay. An unknown field lowers the coverage, not the
// points.
import type { Fields } from '../domain/lead.ts';
import type { Grade, MatchResult } from '../domain/score-result.ts';
import { compileCondition, conditionFields, type FieldTest } from './compile/conditions.ts';
import { gradeThresholds } from './grade-thresholds.ts';
import { reaches } from './rounding.ts';
import type { FitSource } from './schemas/model-schema.ts';

type RealGrade = Exclude<Grade, 'Ungraded'>;

/** Best first; the index of a grade is its rank. */
const RANKS: readonly RealGrade[] = ['A', 'B', 'C', 'D', 'F'];

interface CompiledCase {
  readonly test: FieldTest;
  readonly points: number;
  readonly label: string;
}
interface CompiledCriterion {
  readonly id: string;
  readonly label: string;
  /** The largest points of its cases, never below 0. */
  readonly attainable: number;
  /** The fields that its cases read. */
  readonly fields: readonly string[];
  readonly cases: readonly CompiledCase[];
}
interface CompiledOverride {
  readonly label: string;
  /** The fields that its condition reads. */
  readonly fields: readonly string[];
  readonly test: FieldTest;
  readonly minGrade: RealGrade | undefined;
  readonly maxGrade: RealGrade | undefined;
}
export interface CompiledFit {
  readonly criteria: readonly CompiledCriterion[];
  readonly overrides: readonly CompiledOverride[];
  readonly attainable: number;
  readonly minCoverage: number;
  /** Best first. */
  readonly thresholds: readonly (readonly [RealGrade, number])[];
}

/** The points of one criterion. */
interface CriterionScore {
  /** The id of the criterion. */
  readonly signal: string;
  readonly label: string;
  readonly outcome: MatchResult;
  readonly exact: number;
}
export interface FitScore {
  readonly grade: Grade;
  readonly coverage: number;
  readonly raw: number;
  readonly lines: readonly CriterionScore[];
}

export function compileFit(fit: FitSource = { criteria: [] }): CompiledFit {
  const criteria = fit.criteria.map(({ id, label = id, field, cases }): CompiledCriterion => {
    const attainable = Math.max(0, ...cases.map((each) => each.points));
    const compiled = cases.map((each): CompiledCase => {
      return { test: compileCondition(each.when, field), points: each.points, label: each.label ?? label };
    });
    const fields = [...new Set(cases.flatMap((each) => conditionFields(each.when, field)))];
    return { id, label, attainable, fields, cases: compiled };
  });
  const overrides = (fit.overrides ?? []).map(({ id, label = id, when, min_grade, max_grade }): CompiledOverride => {
    const fields = conditionFields(when);
    return { label, fields, test: compileCondition(when), minGrade: min_grade, maxGrade: max_grade };
  });
  const { A, B, C, D } = gradeThresholds(fit.grades);
  return {
    criteria,
    overrides,
    attainable: criteria.reduce((sum, criterion) => sum + criterion.attainable, 0),
    minCoverage: fit.min_coverage ?? 0,
    thresholds: [
      ['A', A],
      ['B', B],
      ['C', C],
      ['D', D],
    ],
  };
}

/**
 * @returns the grade, the share of attainable points that is known (0 to 1), the exact points and
 * each criterion's
 */
export function scoreFit(fit: CompiledFit, fields: Fields): FitScore {
  let raw = 0;
  let known = 0;
  const lines = fit.criteria.map((criterion) => {
    const line = scoreCriterion(criterion, fields);
    raw += line.exact;
    if (line.outcome !== 'unknown') known += criterion.attainable;
    return line;
  });
  const coverage = fit.attainable === 0 ? 0 : known / fit.attainable;
  const grade = override(gradeOf(fit, raw, coverage), fit.overrides, fields);
  return { grade, coverage, raw, lines };
}

function scoreCriterion({ id, label, cases }: CompiledCriterion, fields: Fields): CriterionScore {
  let outcome: MatchResult = 'unmatched';
  for (const each of cases) {
    const tested = each.test(fields);
    if (tested === 'matched') return { signal: id, label: each.label, outcome: 'matched', exact: each.points };
    if (tested === 'unknown') outcome = 'unknown';
  }
  return { signal: id, label, outcome, exact: 0 };
}

function gradeOf(fit: CompiledFit, raw: number, coverage: number): Grade {
  if (coverage === 0 || !reaches(coverage, fit.minCoverage)) return 'Ungraded';
  const percent = (100 * raw) / fit.attainable;
  return fit.thresholds.find(([, threshold]) => reaches(percent, threshold))?.[0] ?? 'F';
}

/** Applies every `min_grade` first, then every `max_grade`: a cap is stronger than a target. */
function override(grade: Grade, overrides: readonly CompiledOverride[], fields: Fields): Grade {
  let best: number = RANKS.length;
  let worst = 0;
  for (const each of overrides) {
    if (each.test(fields) !== 'matched') continue;
    if (each.minGrade) best = Math.min(best, RANKS.indexOf(each.minGrade));
    if (each.maxGrade) worst = Math.max(worst, RANKS.indexOf(each.maxGrade));
  }
  if (grade === 'Ungraded' && best === RANKS.length) {
    // An ungraded lead gets a grade only from a cap that rejects it (D, F).
    return worst >= RANKS.indexOf('D') ? (RANKS[worst] ?? grade) : grade;
  }
  const own = grade === 'Ungraded' ? best : RANKS.indexOf(grade);
  return RANKS[Math.max(Math.min(own, best), worst)] ?? grade;
}

/** Whether `grade` is `wanted` or better; `Ungraded` never is. */
export function isAtLeastGrade(grade: Grade, wanted: RealGrade): boolean {
  return grade !== 'Ungraded' && RANKS.indexOf(grade) <= RANKS.indexOf(wanted);
}
