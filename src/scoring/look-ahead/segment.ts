// The behavior score as a formula of time, valid from one instant to the next jump. A jump is an
// activity that begins to count, an activity that leaves its window, a fulfilled absence, or the
// end of a linear decay. Between jumps every signal is constant, halving or linear, so that bounds
// over a whole stretch cost a few exponentials.
import { type CompiledBehavior, clamp } from '../behavior.ts';
import type { AbsentSignal, CompiledSignal, CountedSignal, TieredSignal } from '../compile/compiled-signals.ts';
import type { Decay } from '../decay.ts';
import type { Ledger } from '../ledger.ts';
import { countWithin, lowerBound, scoreSignal, tierOf } from '../signals.ts';
import { addTerms, type Bounds, boundsOf, emptyTerms, type Span, slopeOf, sumOf, type Terms } from './terms.ts';

export class Segment {
  readonly start: number;
  /** The next jump (epoch ms); Infinity = no further jump. */
  end = Infinity;
  /** Whether a term with positive points decays before the next jump. */
  hasFallingTerm = false;
  /** Whether a term with negative points decays before the next jump. */
  hasRisingTerm = false;
  readonly #behavior: CompiledBehavior;
  readonly #halfLives: number[] = [];
  readonly #ungrouped: Terms = emptyTerms();
  readonly #groups: readonly Terms[];

  constructor(behavior: CompiledBehavior, ledger: Ledger, start: number) {
    this.start = start;
    this.#behavior = behavior;
    this.#groups = behavior.groups.map(emptyTerms);
    for (const signal of behavior.signals) if (!ledger.isHidden(signal)) this.#add(signal, ledger);
  }

  #add(signal: CompiledSignal, ledger: Ledger): void {
    const terms = this.#groups[this.#behavior.groupOf[signal.index] ?? -1] ?? this.#ungrouped;
    if (signal.kind === 'counted') this.#addCounted(signal, ledger.times(signal.index), terms);
    else if (signal.kind === 'tiered') this.#addTiered(signal, ledger.times(signal.index), terms);
    else terms.constant += scoreSignal(signal, ledger, this.start).exact;
    if (signal.kind === 'absent') this.#addAbsenceJumps(signal, ledger);
  }

  /** The longest half-life of any term in ms; 0 without a halving term. */
  get longestHalfLife(): number {
    return Math.max(0, ...this.#halfLives);
  }

  #jumpAt(instant: number | undefined): void {
    if (instant !== undefined && instant > this.start && instant < this.end) this.end = instant;
  }

  #addCounted({ points, maxCount, decay }: CountedSignal, times: readonly number[], terms: Terms): void {
    const first = lowerBound(times, this.start);
    this.#jumpAt(times[first - 1]);
    const last = Math.min(times.length, first + maxCount);
    for (let index = first; index < last; index++) this.#addTerm(terms, points, decay, times[index] ?? this.start);
  }

  #addTiered(signal: TieredSignal, times: readonly number[], terms: Terms): void {
    const first = lowerBound(times, this.start);
    this.#jumpAt(times[first - 1]);
    const tier = tierOf(signal, countWithin(times, first, this.start, signal.windowMs));
    const latest = times[first];
    if (!tier || latest === undefined) return;
    // The tier is lost when the oldest activity that it needs leaves the window.
    const oldestNeeded = times[first + tier.count - 1];
    if (oldestNeeded !== undefined) this.#jumpAt(oldestNeeded + signal.windowMs);
    this.#addTerm(terms, tier.points, signal.decay, latest);
  }

  #addAbsenceJumps(signal: AbsentSignal, ledger: Ledger): void {
    const created = ledger.createdAt();
    if (created === null) return;
    this.#jumpAt(created + signal.forMs);
    const times = ledger.times(signal.index);
    const first = lowerBound(times, this.start);
    this.#jumpAt(times[first - 1]);
    const latest = times[first];
    if (latest !== undefined) this.#jumpAt(latest + signal.forMs);
    if (signal.requires !== undefined) this.#jumpAt(ledger.times(signal.requiresSlot).at(-1));
  }

  #addTerm(terms: Terms, points: number, decay: Decay, at: number): void {
    if (points === 0) return;
    const age = this.start - at;
    if (decay.shape === 'none') {
      terms.constant += points;
      return;
    }
    if (decay.shape === 'half_life') {
      const index = this.#halfLifeIndex(decay.ms);
      terms.halving[index] = (terms.halving[index] ?? 0) + points * 2 ** (-age / decay.ms);
    } else {
      if (age >= decay.ms) return;
      terms.linear += points * (1 - age / decay.ms);
      terms.slope -= points / decay.ms;
      this.#jumpAt(at + decay.ms);
    }
    if (points > 0) this.hasFallingTerm = true;
    else this.hasRisingTerm = true;
  }

  #halfLifeIndex(halfLife: number): number {
    const index = this.#halfLives.indexOf(halfLife);
    return index === -1 ? this.#halfLives.push(halfLife) - 1 : index;
  }

  /** The remaining share of each half-life's points at an instant. */
  #remainingAt(at: number): number[] {
    const elapsed = at - this.start;
    return this.#halfLives.map((halfLife) => Math.exp((-elapsed / halfLife) * Math.LN2));
  }

  /** The exact score at an instant of the segment, and its slope there (points per millisecond). */
  valueAt(at: number): { readonly value: number; readonly slope: number } {
    const { groups, limits } = this.#behavior;
    const remaining = this.#remainingAt(at);
    const elapsed = at - this.start;
    let value = sumOf(this.#ungrouped, remaining, elapsed);
    let slope = slopeOf(this.#ungrouped, remaining, this.#halfLives);
    for (let index = 0; index < this.#groups.length; index++) {
      const [terms, group] = [this.#groups[index], groups[index]];
      if (!terms || !group) continue;
      const sum = sumOf(terms, remaining, elapsed);
      const limited = clamp(sum, group);
      value += limited;
      if (limited === sum) slope += slopeOf(terms, remaining, this.#halfLives);
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
