// Finds the first whole second at which a lead's score or status changes without new activity and
// without a changed field. Time is not stepped through: jumps divide it into segments, and within a
// segment bounds and bisection find the second.
import { type Assessment, strongSignals } from '../assess.ts';
import { reaches, roundPoints } from '../rounding.ts';
import { scoreSignal } from '../signals.ts';
import { applyGates, chooseBand, type LeadPosition, type Thresholds } from '../status.ts';
import { firstOutside, type ScoreRange } from './crossing.ts';
import { Segment } from './segment.ts';

export interface NextChange {
  /** Epoch milliseconds, a whole second. */
  readonly at: number;
  /** The index of the band from then on. */
  readonly bandIndex: number;
}

/**
 * `any`: the behavior score or the status (the cell follows the score, the grade never changes);
 * `status`: only the status.
 */
type ChangeKind = 'any' | 'status';

// The last instant that a date can hold (ECMA-262, Time Values and Time Range), in seconds.
const LAST_SECOND = 8_640_000_000_000;
// After this many half-lives, less than 1e-9 is left of any sum of points below ten billion.
const MAX_HALF_LIVES = 64;

/** @param now epoch milliseconds; the instant of the assessment */
export function findNextChange(assessment: Assessment, now: number, kind: ChangeKind): NextChange | null {
  const search = new Search(assessment, kind);
  let first = Math.floor(now / 1000) + 1;
  while (first <= LAST_SECOND) {
    const { model, ledger } = assessment;
    const segment = new Segment(model.behavior, ledger, first * 1000);
    const change = search.inSegment(segment, first, lastSecond(segment, first));
    if (change || segment.end === Infinity) return change;
    first = Math.ceil(segment.end / 1000);
  }
  return null;
}

/** The last second of a segment at which a change is still possible. */
function lastSecond(segment: Segment, first: number): number {
  if (!segment.hasFallingTerm && !segment.hasRisingTerm) return first;
  if (segment.end !== Infinity) return Math.min(Math.ceil(segment.end / 1000) - 1, LAST_SECOND);
  return Math.min(first + Math.ceil((segment.longestHalfLife * MAX_HALF_LIVES) / 1000), LAST_SECOND);
}

class Search {
  readonly #assessment: Assessment;
  readonly #kind: ChangeKind;
  /** For the future, the present status is the previous one. */
  readonly #thresholds: Thresholds;

  constructor(assessment: Assessment, kind: ChangeKind) {
    this.#assessment = assessment;
    this.#kind = kind;
    this.#thresholds = { points: assessment.thresholds.points, previousBandIndex: assessment.bandIndex };
  }

  inSegment(segment: Segment, first: number, last: number): NextChange | null {
    const strong = this.#strongAt(first);
    let from = first;
    for (const { at, index } of this.#weakenings(strong, first, last)) {
      const change = this.#inStretch(segment, from, at - 1, strong);
      if (change) return change;
      strong[index] = false;
      from = at;
    }
    return this.#inStretch(segment, from, last, strong);
  }

  /**
   * Searches a stretch in which the strong signals stay the same, so that only the score changes.
   */
  #inStretch(segment: Segment, from: number, to: number, strong: readonly boolean[]): NextChange | null {
    let second: number | null = from;
    while (second !== null && second <= to) {
      const score = roundPoints(segment.valueAt(second * 1000).value);
      const bandIndex = this.#bandIndexAt(score, strong);
      const isChanged =
        bandIndex !== this.#assessment.bandIndex ||
        (this.#kind === 'any' && score !== this.#assessment.position.behavior);
      if (isChanged) return { at: second * 1000, bandIndex };
      if (second === to) return null;
      const range = this.#kind === 'any' ? { min: score, max: score } : this.#sameBand(score, strong, segment, to);
      second = firstOutside(segment, second, to, range);
    }
    return null;
  }

  #bandIndexAt(behavior: number, strong: readonly boolean[]): number {
    const { model, position, gates } = this.#assessment;
    const future: LeadPosition = { ...position, behavior, strong };
    return applyGates(chooseBand(model.status, future, this.#thresholds), gates);
  }

  /** The scores around `score` with the present band, as far as the segment can reach. */
  #sameBand(score: number, strong: readonly boolean[], segment: Segment, to: number): ScoreRange {
    const { low, high } = segment.bounds(segment.start, to * 1000);
    const isSame = (behavior: number) => this.#bandIndexAt(behavior, strong) === this.#assessment.bandIndex;
    let [min, max] = [score, score];
    while (min > low - 1 && isSame(min - 1)) min--;
    while (max < high + 1 && isSame(max + 1)) max++;
    return { min, max };
  }

  #strongAt(second: number): boolean[] {
    const { model, ledger } = this.#assessment;
    if (model.status.requiredSignals.length === 0) return [];
    const scores = model.behavior.signals.map((signal) => scoreSignal(signal, ledger, second * 1000));
    return strongSignals(model, scores);
  }

  /** The seconds at which signals that a band requires fall below 1 point, in order of time. */
  #weakenings(strong: readonly boolean[], first: number, last: number): { at: number; index: number }[] {
    const { model, ledger } = this.#assessment;
    const found: { at: number; index: number }[] = [];
    for (const index of model.status.requiredSignals) {
      const signal = model.behavior.signals[index];
      if (!signal || strong[index] !== true) continue;
      const isStrong = (second: number) => reaches(scoreSignal(signal, ledger, second * 1000).exact, 1);
      if (isStrong(last)) continue;
      found.push({ at: firstWeak(isStrong, first, last), index });
    }
    return found.sort((a, b) => a.at - b.at);
  }
}

/** Bisection: strong at `first`, weak at `last`, falling in between. */
function firstWeak(isStrong: (second: number) => boolean, first: number, last: number): number {
  let [strong, weak] = [first, last];
  while (weak - strong > 1) {
    const middle = Math.floor((strong + weak) / 2);
    if (isStrong(middle)) strong = middle;
    else weak = middle;
  }
  return weak;
}
