// Looks ahead: the first whole second at which a lead's score or status changes although nothing happens and no field changes.
// Time is never stepped through: jumps split it into segments, and within one, bounds and bisection find the second.
import { type Assessment, strongSignals } from '../assess.ts';
import { reaches, roundPoints } from '../rounding.ts';
import { scoreSignal } from '../signals.ts';
import { applyGates, chooseBand, type LeadPosition, type Thresholds } from '../status.ts';
import { Segment } from './segment.ts';

export interface Change {
  /** Epoch milliseconds, a whole second. */
  readonly at: number;
  /** The place of the status then. */
  readonly place: number;
}

/** `any`: behavior score or status (the cell follows the score, the grade never moves); `status`: only the status. */
type Wanted = 'any' | 'status';

interface Range {
  readonly min: number;
  readonly max: number;
}

// The last instant that a date can hold (ECMA-262, Time Values and Time Range), in seconds.
const LAST_SECOND = 8_640_000_000_000;
// After that many half-lives less than 1e-9 is left of any sum of points below ten billion.
const LASTING_HALF_LIVES = 64;

/** @param now epoch milliseconds; the instant of the assessment */
export function findNextChange(assessment: Assessment, now: number, wanted: Wanted): Change | null {
  const search = new Search(assessment, wanted);
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

/** The last second of a segment at which anything can still change. */
function lastSecond(segment: Segment, first: number): number {
  if (!segment.falls && !segment.rises) return first;
  if (segment.end !== Infinity) return Math.min(Math.ceil(segment.end / 1000) - 1, LAST_SECOND);
  return Math.min(first + Math.ceil((segment.longestHalfLife * LASTING_HALF_LIVES) / 1000), LAST_SECOND);
}

class Search {
  readonly #assessment: Assessment;
  readonly #wanted: Wanted;
  /** Looking ahead, the status of now is the previous one. */
  readonly #thresholds: Thresholds;

  constructor(assessment: Assessment, wanted: Wanted) {
    this.#assessment = assessment;
    this.#wanted = wanted;
    this.#thresholds = { points: assessment.thresholds.points, previous: assessment.place };
  }

  inSegment(segment: Segment, first: number, last: number): Change | null {
    const strong = this.#strongAt(first);
    const weakenings = this.#weakenings(strong, first, last);
    let from = first;
    for (const { at, index } of weakenings) {
      const change = this.#inStretch(segment, from, at - 1, strong);
      if (change) return change;
      strong[index] = false;
      from = at;
    }
    return this.#inStretch(segment, from, last, strong);
  }

  /** Between `from` and `to` only the score moves. */
  #inStretch(segment: Segment, from: number, to: number, strong: readonly boolean[]): Change | null {
    let second: number | null = from;
    while (second !== null && second <= to) {
      const score = roundPoints(segment.valueAt(second * 1000).value);
      const place = this.#placeAt(score, strong);
      if (place !== this.#assessment.place) return { at: second * 1000, place };
      if (this.#wanted === 'any' && score !== this.#assessment.standing.behavior) return { at: second * 1000, place };
      if (second === to) return null;
      const keep = this.#wanted === 'any' ? { min: score, max: score } : this.#keeping(score, strong, segment, to);
      second = firstOutside(segment, second, to, keep);
    }
    return null;
  }

  #placeAt(behavior: number, strong: readonly boolean[]): number {
    const { model, standing, gates } = this.#assessment;
    const then: LeadPosition = { ...standing, behavior, strong };
    return applyGates(chooseBand(model.status, then, this.#thresholds), gates);
  }

  /** The scores around `score` with the same status, as far as the segment can come. */
  #keeping(score: number, strong: readonly boolean[], segment: Segment, to: number): Range {
    const { low, high } = segment.bounds(segment.start, to * 1000);
    const isSame = (each: number) => this.#placeAt(each, strong) === this.#assessment.place;
    let [min, max] = [score, score];
    while (min > low - 1 && isSame(min - 1)) min--;
    while (max < high + 1 && isSame(max + 1)) max++;
    return { min, max };
  }

  #strongAt(second: number): boolean[] {
    const { model, ledger } = this.#assessment;
    if (model.status.asked.length === 0) return [];
    const scores = model.behavior.signals.map((signal) => scoreSignal(signal, ledger, second * 1000));
    return strongSignals(model, scores);
  }

  /** When signals that a band asks about fall below 1 point, in order of time. */
  #weakenings(strong: readonly boolean[], first: number, last: number): { at: number; index: number }[] {
    const { model, ledger } = this.#assessment;
    const found: { at: number; index: number }[] = [];
    for (const index of model.status.asked) {
      const signal = model.behavior.signals[index];
      if (!signal || strong[index] !== true) continue;
      const isStrong = (second: number) => reaches(scoreSignal(signal, ledger, second * 1000).exact, 1);
      if (isStrong(last)) continue;
      found.push({ at: firstWeak(isStrong, first, last), index });
    }
    return found.sort((a, b) => a.at - b.at);
  }
}

/** Bisection: strong at `first`, weak at `last`, and falling between them. */
function firstWeak(isStrong: (second: number) => boolean, first: number, last: number): number {
  let [strong, weak] = [first, last];
  while (weak - strong > 1) {
    const middle = Math.floor((strong + weak) / 2);
    if (isStrong(middle)) strong = middle;
    else weak = middle;
  }
  return weak;
}

/** The first second after `from`, up to `to`, whose rounded score is outside the range; it is inside at `from`. */
function firstOutside(segment: Segment, from: number, to: number, range: Range): number | null {
  if (from >= to) return null;
  if (segment.falls && segment.rises) return firstOutsideBounded(segment, from, to, range);
  return isInside(segment, to, range) ? null : firstOutsideMonotone(segment, from, to, range);
}

// Newton's steps from the left never pass the crossing of a score that flattens out; where a limit makes a kink they may, and
// bisection takes over.
const NEWTON_STEPS = 12;

/** The score only falls, or only rises: inside at `from`, outside at `to`. */
function firstOutsideMonotone(segment: Segment, from: number, to: number, range: Range): number {
  let [inside, outside] = [from, to];
  const edge = segment.falls ? range.min - 0.5 : range.max + 0.5;
  for (let step = 0; outside - inside > 1; step++) {
    let next = Math.floor((inside + outside) / 2);
    if (step < NEWTON_STEPS) {
      const { value, slope } = segment.valueAt(inside * 1000);
      const guess = inside + Math.max(1, Math.floor((edge - value) / slope / 1000));
      if (guess < outside) next = guess;
    }
    if (isInside(segment, next, range)) inside = next;
    else outside = next;
  }
  return outside;
}

function isInside(segment: Segment, second: number, range: Range): boolean {
  const score = roundPoints(segment.valueAt(second * 1000).value);
  return score >= range.min && score <= range.max;
}

/** Some terms fall and some rise: stretches whose bounds stay inside are skipped, others halved. */
function firstOutsideBounded(segment: Segment, from: number, to: number, range: Range): number | null {
  const { low, high } = segment.bounds(from * 1000, to * 1000);
  if (roundPoints(low) >= range.min && roundPoints(high) <= range.max) return null;
  if (to - from === 1) return isInside(segment, to, range) ? null : to;
  const middle = Math.floor((from + to) / 2);
  return firstOutsideBounded(segment, from, middle, range) ?? firstOutsideBounded(segment, middle, to, range);
}
