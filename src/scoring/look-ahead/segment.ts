// The behavior score as a formula of time, valid from one instant to the next jump. A jump is an
// activity that begins to count, an activity that leaves its window, a fulfilled absence, or the
// end of a linear decay. Between jumps every signal is constant, halving or linear, so that bounds
// over a whole stretch cost a few exponentials.
import { type CompiledBehavior, clamp, type Limits } from '../behavior.ts';
import type { AbsentSignal, CompiledSignal, CountedSignal, TieredSignal } from '../compile/compiled-signals.ts';
import type { Ledger } from '../ledger.ts';
import { tierOf } from '../signals.ts';
import type { Decay } from '../time/decay.ts';
import type { Timeline } from '../time/timeline.ts';
import {
  addTerms,
  boundsOf,
  copyTerms,
  emptyTerms,
  isConstant,
  longestHalfLife,
  type Span,
  slopeBoundsOf,
  slopeOf,
  sumOf,
  type Terms,
} from './terms.ts';

/** What the score does over a stretch of a segment. */
export interface Course {
  /** Bounds of the score. */
  readonly low: number;
  readonly high: number;
  /** Certainly never rising; never falling. */
  readonly isFalling: boolean;
  readonly isRising: boolean;
}

/** The terms of a group whose limit may bind. */
interface LimitedTerms {
  readonly terms: Terms;
  readonly group: Limits;
}

export class Segment {
  readonly start: number;
  /** The next jump (epoch ms); Infinity = no further jump. */
  end = Infinity;
  readonly #behavior: CompiledBehavior;
  readonly #ledger: Ledger;
  /** The signals without a group, and the groups whose limit cannot bind before the next jump. */
  readonly #free: Terms;
  readonly #limited: readonly LimitedTerms[];
  /** Used again for every instant. */
  readonly #remaining: number[] = [];

  /** @param exact the points at the start, by signal index */
  constructor(behavior: CompiledBehavior, ledger: Ledger, start: number, exact: readonly number[]) {
    this.start = start;
    this.#behavior = behavior;
    this.#ledger = ledger;
    this.#free = this.#termsOf(behavior.ungrouped, exact);
    const groups = behavior.groups.map((group) => ({ group, terms: this.#termsOf(group.members, exact) }));
    this.#limited = groups.length === 0 ? groups : this.#bindingOf(groups);
  }

  /** @param indexes of signals */
  #termsOf(indexes: readonly number[], exact: readonly number[]): Terms {
    const terms = emptyTerms(this.#behavior.halfLives.length);
    for (const index of indexes) {
      const signal = this.#behavior.signals[index];
      if (signal !== undefined && !this.#ledger.isHidden(signal)) this.#add(signal, exact[index] ?? 0, terms);
    }
    return terms;
  }

  #add(signal: CompiledSignal, exact: number, terms: Terms): void {
    if (signal.kind === 'counted') this.#addCounted(signal, exact, terms);
    else if (signal.kind === 'tiered') this.#addTiered(signal, exact, terms);
    else terms.constant += exact;
    if (signal.kind === 'absent') this.#addAbsenceJumps(signal);
  }

  /** The groups whose limit may bind before the next jump; the others are free. All jumps must be known. */
  #bindingOf(groups: readonly LimitedTerms[]): LimitedTerms[] {
    const span = this.#span(this.start, this.end);
    return groups.filter((each) => !this.#addIfFree(each, this.#free, span));
  }

  /** Adds the terms of a group to `free` if its limit cannot bind in the span. */
  #addIfFree({ terms, group }: LimitedTerms, free: Terms, span: Span): boolean {
    const { low, high } = boundsOf(terms, span);
    const isFree = low >= group.min && high <= group.max;
    if (isFree) addTerms(free, terms);
    return isFree;
  }

  /** Whether the score stays the same until the next jump. */
  get isConstant(): boolean {
    return isConstant(this.#free) && this.#limited.every(({ terms }) => isConstant(terms));
  }

  /** The longest half-life of any term in ms; 0 without a halving term. */
  get longestHalfLife(): number {
    let longest = longestHalfLife(this.#free, this.#behavior.halfLives);
    for (const { terms } of this.#limited) {
      longest = Math.max(longest, longestHalfLife(terms, this.#behavior.halfLives));
    }
    return longest;
  }

  #jumpAt(instant: number): void {
    if (instant > this.start && instant < this.end) this.end = instant;
  }

  #addCounted({ index, points, maxCount, decay }: CountedSignal, exact: number, terms: Terms): void {
    const timeline = this.#ledger.timeline(index);
    const end = timeline.countUntil(this.start);
    this.#jumpAt(timeline.at(end));
    const first = Math.max(0, end - maxCount);
    this.#addTerm(terms, exact, decay);
    if (decay.shape === 'linear') this.#addSlopes(terms, points, decay.ms, timeline, first, end);
  }

  #addTiered(signal: TieredSignal, exact: number, terms: Terms): void {
    const timeline = this.#ledger.timeline(signal.index);
    const end = timeline.countUntil(this.start);
    this.#jumpAt(timeline.at(end));
    const tier = tierOf(signal, timeline.countWithin(this.start, signal.windowMs));
    if (tier === undefined) return;
    // The tier is lost when the oldest activity that it needs leaves the window.
    this.#jumpAt(timeline.at(end - tier.count) + signal.windowMs);
    this.#addTerm(terms, exact, signal.decay);
    if (signal.decay.shape === 'linear') this.#addSlopes(terms, tier.points, signal.decay.ms, timeline, end - 1, end);
  }

  #addTerm(terms: Terms, exact: number, decay: Decay): void {
    if (decay.shape === 'none') terms.constant += exact;
    else if (decay.shape === 'linear') terms.linear += exact;
    else {
      const index = this.#behavior.halfLives.indexOf(decay.ms);
      terms.halving[index] = (terms.halving[index] ?? 0) + exact;
    }
  }

  /** Of the activities from index `first` to before `end`, until the lifetime of their points ends. */
  #addSlopes(terms: Terms, points: number, lifetime: number, timeline: Timeline, first: number, end: number): void {
    if (points === 0) return;
    for (let index = first; index < end; index++) {
      const endsAt = timeline.at(index) + lifetime;
      if (endsAt <= this.start) continue;
      terms.slope -= points / lifetime;
      this.#jumpAt(endsAt);
    }
  }

  #addAbsenceJumps(signal: AbsentSignal): void {
    const created = this.#ledger.createdAt();
    if (created === null) return;
    this.#jumpAt(created + signal.forMs);
    const timeline = this.#ledger.timeline(signal.index);
    const end = timeline.countUntil(this.start);
    this.#jumpAt(timeline.at(end));
    this.#jumpAt(timeline.at(end - 1) + signal.forMs);
    if (signal.requires !== undefined) this.#jumpAt(this.#ledger.timeline(signal.requiresSlot).at(0));
  }

  #span(from: number, to: number): Span {
    // A linear term ends with the segment, so that one without an end has none.
    const last = to === Infinity ? Number.MAX_SAFE_INTEGER : to;
    return {
      from: from - this.start,
      to: last - this.start,
      remainingFrom: this.#remainingAt(from, []),
      remainingTo: this.#remainingAt(last, []),
    };
  }

  /** The remaining share of each half-life's points at an instant, written into a list. */
  #remainingAt(at: number, into: number[]): number[] {
    const { halfLives } = this.#behavior;
    const elapsed = at - this.start;
    for (let index = 0; index < halfLives.length; index++) {
      into[index] = Math.exp((-elapsed / (halfLives[index] ?? Infinity)) * Math.LN2);
    }
    return into;
  }

  /** The exact score at an instant of the segment, and its slope there (points per millisecond). */
  valueAt(at: number): { readonly value: number; readonly slope: number } {
    const { limits, halfLives } = this.#behavior;
    const remaining = this.#remainingAt(at, this.#remaining);
    const elapsed = at - this.start;
    let value = sumOf(this.#free, remaining, elapsed);
    let slope = slopeOf(this.#free, remaining, halfLives);
    for (const { terms, group } of this.#limited) {
      const sum = sumOf(terms, remaining, elapsed);
      const limited = clamp(sum, group);
      value += limited;
      if (limited === sum) slope += slopeOf(terms, remaining, halfLives);
    }
    return { value: clamp(value, limits), slope };
  }

  /**
   * What the score does between two instants of the segment. Groups whose limit cannot bind in
   * between are first added to the other terms: terms of equal half-life that cancel each other must
   * not widen the bounds.
   */
  between(from: number, to: number): Course {
    const { limits, halfLives } = this.#behavior;
    const span = this.#span(from, to);
    const free = this.#limited.length === 0 ? this.#free : copyTerms(this.#free);
    let [low, high, slopeLow, slopeHigh] = [0, 0, 0, 0];
    for (const each of this.#limited) {
      if (this.#addIfFree(each, free, span)) continue;
      const { terms, group } = each;
      const sum = boundsOf(terms, span);
      low += clamp(sum.low, group);
      high += clamp(sum.high, group);
      // While its limit binds, the slope of a group is 0.
      const slope = slopeBoundsOf(terms, span, halfLives);
      slopeLow += Math.min(0, slope.low);
      slopeHigh += Math.max(0, slope.high);
    }
    const rest = boundsOf(free, span);
    const slope = slopeBoundsOf(free, span, halfLives);
    return {
      low: clamp(low + rest.low, limits),
      high: clamp(high + rest.high, limits),
      isFalling: slopeHigh + slope.high <= 0,
      isRising: slopeLow + slope.low >= 0,
    };
  }
}
