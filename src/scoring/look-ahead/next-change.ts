// Finds the first whole second at which a lead's score or status changes without new activity and
// without a changed field. Time is not stepped through: jumps divide it into segments, and within a
// segment bounds and bisection find the second.
import { type Standing, strongSignals } from '../assess.ts';
import { thresholdsAfter } from '../capacity/lead-thresholds.ts';
import { reaches, roundPoints } from '../rounding.ts';
import { scoreSignal } from '../signals.ts';
import { applyGates, chooseBand, type LeadPosition, type Thresholds } from '../status.ts';
import { firstOutside } from './crossing.ts';
import { Segment } from './segment.ts';
import { steadyRange } from './steady-range.ts';

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

/**
 * @param now epoch milliseconds; the instant of the standing
 * @param after an instant until which nothing changes
 */
export function findNextChange(standing: Standing, now: number, kind: ChangeKind, after = now): NextChange | null {
  const search = new Search(standing, kind);
  let start = after;
  let exact = after === now ? standing.exact : search.exactAt(after);
  let first = Math.floor(after / 1000) + 1;
  while (first <= LAST_SECOND) {
    const segment = new Segment(standing.model.behavior, standing.ledger, start, exact);
    const change = search.inSegment(segment, first, lastSecond(segment, first));
    if (change || segment.end === Infinity) return change;
    first = Math.ceil(segment.end / 1000);
    start = first * 1000;
    exact = search.exactAt(start);
  }
  return null;
}

/** The last second of a segment at which a change is still possible; before `first` if it has no whole second. */
function lastSecond(segment: Segment, first: number): number {
  const last = Math.min(Math.ceil(segment.end / 1000) - 1, LAST_SECOND);
  if (segment.isConstant) return Math.min(first, last);
  if (segment.end !== Infinity) return last;
  return Math.min(first + Math.ceil((segment.longestHalfLife * MAX_HALF_LIVES) / 1000), LAST_SECOND);
}

class Search {
  readonly #standing: Standing;
  readonly #kind: ChangeKind;
  /** For the future, the present status is the previous one. They follow the score from change to change. */
  #thresholds: Thresholds;
  #behavior: number;
  /** Whether a threshold can depend on how the behavior score changes. */
  readonly #follows: boolean;

  constructor(standing: Standing, kind: ChangeKind) {
    const { model, thresholds, bandIndex, position } = standing;
    this.#standing = standing;
    this.#kind = kind;
    this.#thresholds = thresholdsAfter(0, model.status, thresholds, bandIndex);
    this.#behavior = position.behavior;
    this.#follows = model.status.hasMoving && model.status.basis !== 'fit';
  }

  /** Call it for each change of the score, unless `#isSettled`. */
  #moveTo(behavior: number): void {
    const change = behavior - this.#behavior;
    if (!this.#follows || change === 0) return;
    const { model, thresholds, bandIndex } = this.#standing;
    const held = { points: this.#thresholds.points, inForce: thresholds.inForce };
    this.#thresholds = thresholdsAfter(change, model.status, held, bandIndex);
    this.#behavior = behavior;
  }

  /** Whether no band holds the lead by another threshold than that in force: then further changes move none. */
  get #isSettled(): boolean {
    if (!this.#follows) return true;
    const { inForce } = this.#standing.thresholds;
    return this.#thresholds.points.every((points, index) => points === inForce[index]);
  }

  inSegment(segment: Segment, first: number, last: number): NextChange | null {
    if (first > last) return null;
    if (this.#standing.model.status.requiredSignals.length === 0) return this.#inStretch(segment, first, last, []);
    const strong = [...strongSignals(this.#standing.model, this.exactAt(first * 1000))];
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
    const { model, position: present, bandIndex: presentBand, gates } = this.#standing;
    let second: number | null = from;
    while (second !== null && second <= to) {
      const behavior = roundPoints(segment.valueAt(second * 1000).value);
      this.#moveTo(behavior);
      const position: LeadPosition = { ...present, behavior, strong };
      const bandIndex = applyGates(chooseBand(model.status, position, this.#thresholds), gates);
      const isChanged = bandIndex !== presentBand || (this.#kind === 'any' && behavior !== present.behavior);
      if (isChanged) return { at: second * 1000, bandIndex };
      const isEach = this.#kind === 'any' || !this.#isSettled;
      const range = isEach ? { min: behavior, max: behavior } : steadyRange(model.status, position, this.#thresholds);
      second = firstOutside(segment, second, to, range);
    }
    return null;
  }

  /** The points at an instant, by signal index. */
  exactAt(instant: number): number[] {
    const { model, ledger } = this.#standing;
    return model.behavior.signals.map((signal) => scoreSignal(signal, ledger, instant).exact);
  }

  /** The seconds at which signals that a band requires fall below 1 point, in order of time. */
  #weakenings(strong: readonly boolean[], first: number, last: number): { at: number; index: number }[] {
    const { model, ledger } = this.#standing;
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
