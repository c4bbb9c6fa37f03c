// The behavior score as a formula of time, valid from one instant to the next jump. A jump is an
// activity that begins to count, an activity that leaves its window, a fulfilled absence, or the
// end of a linear decay. Between jumps every signal is constant, halving or linear, so that bounds
// over a whole stretch cost a few exponentials.
import { type CompiledBehavior, clamp } from '../behavior.ts';
import type { AbsentSignal, CompiledSignal, CountedSignal, TieredSignal } from '../compile/compiled-signals.ts';
import type { Decay } from '../decay.ts';
import type { Ledger } from '../ledger.ts';
import { scoreSignal, tierOf } from '../signals.ts';
import type { Timeline } from '../timeline.ts';
import {
  addTerms,
  type Bounds,
  boundsOf,
  emptyTerms,
  isFalling,
  isRising,
  type Span,
  slopeOf,
  sumOf,
  type Terms,
} from './terms.ts';

export class Segment {
  readonly start: number;
  /** The next jump (epoch ms); Infinity = no further jump. */
  end = Infinity;
  /** Whether the score never rises before the next jump. */
  readonly isFalling: boolean;
  /** Whether the score never falls before the next jump. */
  readonly isRising: boolean;
  readonly #behavior: CompiledBehavior;
  readonly #ledger: Ledger;
  readonly #ungrouped: Terms;
  readonly #groups: readonly Terms[];

  constructor(behavior: CompiledBehavior, ledger: Ledger, start: number) {
    this.start = start;
    this.#behavior = behavior;
    this.#ledger = ledger;
    this.#ungrouped = this.#termsOf(behavior.ungrouped);
    this.#groups = behavior.groups.map(({ members }) => this.#termsOf(members));
    this.isFalling = isFalling(this.#ungrouped) && this.#groups.every(isFalling);
    this.isRising = isRising(this.#ungrouped) && this.#groups.every(isRising);
  }

  /** @param indexes of signals */
  #termsOf(indexes: readonly number[]): Terms {
    const terms = emptyTerms(this.#behavior.halfLives.length);
    for (const index of indexes) {
      const signal = this.#behavior.signals[index];
      if (signal !== undefined && !this.#ledger.isHidden(signal)) this.#add(signal, terms);
    }
    return terms;
  }

  #add(signal: CompiledSignal, terms: Terms): void {
    if (signal.kind === 'counted') this.#addCounted(signal, this.#ledger.timeline(signal.index), terms);
    else if (signal.kind === 'tiered') this.#addTiered(signal, this.#ledger.timeline(signal.index), terms);
    else terms.constant += scoreSignal(signal, this.#ledger, this.start).exact;
    if (signal.kind === 'absent') this.#addAbsenceJumps(signal);
  }

  /** The longest half-life of any term in ms; 0 without a halving term. */
  get longestHalfLife(): number {
    const isUsed = (index: number) => [this.#ungrouped, ...this.#groups].some(({ halving }) => halving[index] !== 0);
    return Math.max(0, ...this.#behavior.halfLives.filter((_, index) => isUsed(index)));
  }

  #jumpAt(instant: number): void {
    if (instant > this.start && instant < this.end) this.end = instant;
  }

  #addCounted({ points, maxCount, decay }: CountedSignal, timeline: Timeline, terms: Terms): void {
    const end = timeline.countUntil(this.start);
    this.#jumpAt(timeline.at(end));
    const first = Math.max(0, end - maxCount);
    for (let index = end - 1; index >= first; index--) this.#addTerm(terms, points, decay, timeline.at(index));
  }

  #addTiered(signal: TieredSignal, timeline: Timeline, terms: Terms): void {
    const end = timeline.countUntil(this.start);
    this.#jumpAt(timeline.at(end));
    const tier = tierOf(signal, timeline.countWithin(this.start, signal.windowMs));
    if (tier === undefined) return;
    // The tier is lost when the oldest activity that it needs leaves the window.
    this.#jumpAt(timeline.at(end - tier.count) + signal.windowMs);
    this.#addTerm(terms, tier.points, signal.decay, timeline.at(end - 1));
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

  #addTerm(terms: Terms, points: number, decay: Decay, at: number): void {
    const age = this.start - at;
    if (decay.shape === 'none') {
      terms.constant += points;
    } else if (decay.shape === 'half_life') {
      const index = this.#behavior.halfLives.indexOf(decay.ms);
      terms.halving[index] = (terms.halving[index] ?? 0) + points * 2 ** (-age / decay.ms);
    } else if (points !== 0 && age < decay.ms) {
      terms.linear += points * (1 - age / decay.ms);
      terms.slope -= points / decay.ms;
      this.#jumpAt(at + decay.ms);
    }
  }

  /** The remaining share of each half-life's points at an instant. */
  #remainingAt(at: number): number[] {
    const elapsed = at - this.start;
    const remaining: number[] = [];
    for (const halfLife of this.#behavior.halfLives) remaining.push(Math.exp((-elapsed / halfLife) * Math.LN2));
    return remaining;
  }

  /** The exact score at an instant of the segment, and its slope there (points per millisecond). */
  valueAt(at: number): { readonly value: number; readonly slope: number } {
    const { groups, limits, halfLives } = this.#behavior;
    const remaining = this.#remainingAt(at);
    const elapsed = at - this.start;
    let value = sumOf(this.#ungrouped, remaining, elapsed);
    let slope = slopeOf(this.#ungrouped, remaining, halfLives);
    for (let index = 0; index < this.#groups.length; index++) {
      const terms = this.#groups[index];
      const group = groups[index];
      if (!terms || !group) continue;
      const sum = sumOf(terms, remaining, elapsed);
      const limited = clamp(sum, group);
      value += limited;
      if (limited === sum) slope += slopeOf(terms, remaining, halfLives);
    }
    return { value: clamp(value, limits), slope };
  }

  /**
   * Bounds of the score between two instants of the segment. Groups whose limit cannot bind in
   * between are first added to the ungrouped terms: terms of equal half-life that cancel each other
   * must not widen the bounds.
   */
  bounds(from: number, to: number): Bounds {
    const { groups, limits } = this.#behavior;
    const span: Span = {
      from: from - this.start,
      to: to - this.start,
      remainingFrom: this.#remainingAt(from),
      remainingTo: this.#remainingAt(to),
    };
    const unlimited: Terms = { ...this.#ungrouped, halving: [...this.#ungrouped.halving] };
    let low = 0;
    let high = 0;
    this.#groups.forEach((terms, index) => {
      const group = groups[index];
      if (!group) return;
      const sum = boundsOf(terms, span);
      if (sum.low >= group.min && sum.high <= group.max) {
        addTerms(unlimited, terms);
      } else {
        low += clamp(sum.low, group);
        high += clamp(sum.high, group);
      }
    });
    const rest = boundsOf(unlimited, span);
    return { low: clamp(low + rest.low, limits), high: clamp(high + rest.high, limits) };
  }
}
