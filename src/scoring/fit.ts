// The fit score: the first matching case of each criterion gives its points; the grade is their
// share of the attainable points. Fit does not decay. An unknown field lowers the coverage, not the
// points.
import type { Fields } from '../domain/lead.ts';
import type { Contribution, Grade, MatchResult } from '../domain/score-result.ts';
import { compileCondition, conditionFields, type FieldTest } from './compile/conditions.ts';
import { rememberByField } from './compile/remember.ts';
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
  /** The line of all leads that this case matches. */
  readonly line: Contribution;
}
interface CompiledCriterion {
  readonly id: string;
  readonly label: string;
  /** The largest points of its cases, never below 0. */
  readonly attainable: number;
  /** The fields that its cases read. */
  readonly fields: readonly string[];
  readonly cases: readonly CompiledCase[];
  /** One for each case, then unmatched, then unknown. */
  readonly lines: readonly Contribution[];
  /** The line of the first matching case, with the whole points below its exact ones. */
  readonly lineOf: (fields: Fields) => Contribution;
}
export interface CompiledOverride {
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

export interface FitScore {
  readonly grade: Grade;
  readonly coverage: number;
  readonly raw: number;
}

export function compileFit(fit: FitSource = { criteria: [] }): CompiledFit {
  const criteria = fit.criteria.map(compileCriterion);
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

type CriterionSource = FitSource['criteria'][number];

function compileCriterion({ id, label = id, field, cases: sources }: CriterionSource): CompiledCriterion {
  const line = (outcome: MatchResult, exact: number, of: string): Contribution => {
    return Object.freeze({ dimension: 'fit', signal: id, outcome, exact, points: Math.floor(exact), label: of });
  };
  const cases = sources.map(({ when, points, label: own = label }): CompiledCase => {
    return { test: compileCondition(when, field), points, label: own, line: line('matched', points, own) };
  });
  const fields = [...new Set(sources.flatMap(({ when }) => conditionFields(when, field)))];
  const others = { unmatched: line('unmatched', 0, label), unknown: line('unknown', 0, label) };
  const lineOf = rememberByField(fields, (values) => firstMatch(cases, values, others));
  const attainable = Math.max(0, ...cases.map(({ points }) => points));
  const lines = [...cases.map((each) => each.line), others.unmatched, others.unknown];
  return { id, label, attainable, fields, cases, lines, lineOf };
}

function firstMatch(
  cases: readonly CompiledCase[],
  fields: Fields,
  others: Readonly<Record<'unmatched' | 'unknown', Contribution>>,
): Contribution {
  let outcome: 'unmatched' | 'unknown' = 'unmatched';
  for (const { test, line } of cases) {
    const tested = test(fields);
    if (tested === 'matched') return line;
    if (tested === 'unknown') outcome = 'unknown';
  }
  return others[outcome];
}

/** The line of each criterion, as leads share it. */
export function fitLines({ criteria }: CompiledFit, fields: Fields): readonly Contribution[] {
  const lines: Contribution[] = [];
  for (const { lineOf } of criteria) lines.push(lineOf(fields));
  return lines;
}

/**
 * @param lines of each criterion
 * @param overrides those that match
 * @returns the grade, the share of attainable points that is known (0 to 1), and the exact points
 */
export function scoreFit(
  fit: CompiledFit,
  lines: readonly Contribution[],
  overrides: readonly CompiledOverride[],
): FitScore {
  let raw = 0;
  let known = 0;
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index];
    raw += line?.exact ?? 0;
    if (line?.outcome !== 'unknown') known += fit.criteria[index]?.attainable ?? 0;
  }
  const coverage = fit.attainable === 0 ? 0 : known / fit.attainable;
  return { grade: override(gradeOf(fit, raw, coverage), overrides), coverage, raw };
}

function gradeOf(fit: CompiledFit, raw: number, coverage: number): Grade {
  if (coverage === 0 || !reaches(coverage, fit.minCoverage)) return 'Ungraded';
  const percent = (100 * raw) / fit.attainable;
  for (const [grade, threshold] of fit.thresholds) if (reaches(percent, threshold)) return grade;
  return 'F';
}

/** Applies every `min_grade` first, then every `max_grade`: a cap is stronger than a target. */
function override(grade: Grade, overrides: readonly CompiledOverride[]): Grade {
  if (overrides.length === 0) return grade;
  let best: number = RANKS.length;
  let worst = 0;
  for (const each of overrides) {
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
