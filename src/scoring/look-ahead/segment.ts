// The behavior score as a formula of time, valid from one instant up to the next jump (an activity that begins to count, one
// that leaves its window, an absence that is fulfilled, the end of a linear decay). Between jumps every signal is constant,
// halves, or falls in a straight line, so that bounds over a whole stretch cost a few exponentials.
import { type CompiledBehavior, clamp } from '../behavior.ts';
import type { AbsentSignal, CompiledSignal, CountedSignal, TieredSignal } from '../compile/compiled-signals.ts';
import type { Decay } from '../decay.ts';
import type { Ledger } from '../ledger.ts';
import { countWithin, lowerBound, scoreSignal, tierOf } from '../signals.ts';

/** A sum of terms: fixed points, points in a straight line, and points that halve. */
interface Terms {
  fixed: number;
  /** Linear points at the start of the segment, and their slope per millisecond. */
  linear: number;
  slope: number;
  /** Points at the start of the segment, by the place of their half-life. */
  readonly halving: number[];
}

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

export class Segment {
  readonly start: number;
  /** The next jump (epoch ms); Infinity when there is none. */
  end = Infinity;
  /** Whether a term falls (positive points), or rises (negative ones), before the next jump. */
  falls = false;
  rises = false;
  readonly #behavior: CompiledBehavior;
  readonly #halfLives: number[] = [];
  readonly #free: Terms = emptyTerms();
  readonly #groups: readonly Terms[];

  constructor(behavior: CompiledBehavior, ledger: Ledger, start: number) {
    this.start = start;
    this.#behavior = behavior;
    this.#groups = behavior.groups.map(emptyTerms);
    for (const signal of behavior.signals) if (!ledger.isHidden(signal)) this.#add(signal, ledger);
  }

  #add(signal: CompiledSignal, ledger: Ledger): void {
    const terms = this.#groups[this.#behavior.groupOf[signal.index] ?? -1] ?? this.#free;
    if (signal.kind === 'counted') this.#addCounted(signal, ledger.times(signal.index), terms);
    else if (signal.kind === 'tiered') this.#addTiered(signal, ledger.times(signal.index), terms);
    else terms.fixed += scoreSignal(signal, ledger, this.start).exact;
    if (signal.kind === 'absent') this.#addAbsenceJumps(signal, ledger);
  }

  /** The longest half-life of any term, ms; 0 when nothing halves. */
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
    const keeping = times[first + tier.count - 1];
    if (keeping !== undefined) this.#jumpAt(keeping + signal.windowMs);
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
      terms.fixed += points;
      return;
    }
    if (decay.shape === 'half_life') {
      const place = this.#placeOf(decay.ms);
      terms.halving[place] = (terms.halving[place] ?? 0) + points * 2 ** (-age / decay.ms);
    } else {
      if (age >= decay.ms) return;
      terms.linear += points * (1 - age / decay.ms);
      terms.slope -= points / decay.ms;
      this.#jumpAt(at + decay.ms);
    }
    if (points > 0) this.falls = true;
    else this.rises = true;
  }

  #placeOf(halfLife: number): number {
    const place = this.#halfLives.indexOf(halfLife);
    return place === -1 ? this.#halfLives.push(halfLife) - 1 : place;
  }

  /** The share of each half-life's points that is left at an instant. */
  #leftAt(at: number): number[] {
    const elapsed = at - this.start;
    return this.#halfLives.map((halfLife) => Math.exp((-elapsed / halfLife) * Math.LN2));
  }

  /** The exact score at an instant of the segment, and how fast it moves then (points per millisecond). */
  valueAt(at: number): { readonly value: number; readonly slope: number } {
    const { groups, limits } = this.#behavior;
    const left = this.#leftAt(at);
    const elapsed = at - this.start;
    let value = sumOf(this.#free, left, elapsed);
    let slope = this.#slopeOf(this.#free, left);
    for (let index = 0; index < this.#groups.length; index++) {
      const [terms, group] = [this.#groups[index], groups[index]];
      if (!terms || !group) continue;
      const own = sumOf(terms, left, elapsed);
      const kept = clamp(own, group);
      value += kept;
      if (kept === own) slope += this.#slopeOf(terms, left);
    }
    return { value: clamp(value, limits), slope };
  }

  #slopeOf({ slope, halving }: Terms, left: readonly number[]): number {
    let sum = slope;
    for (let place = 0; place < halving.length; place++) {
      sum -= ((halving[place] ?? 0) * (left[place] ?? 0) * Math.LN2) / (this.#halfLives[place] ?? Infinity);
    }
    return sum;
  }

  /**
   * What the score cannot leave between two instants of the segment.
   * Groups whose limit cannot bind on the way are summed with the rest first: terms of equal half-life that cancel must not
   * widen the bounds.
   */
  bounds(from: number, to: number): Bounds {
    const { groups, limits } = this.#behavior;
    const span: Span = {
      early: from - this.start,
      late: to - this.start,
      before: this.#leftAt(from),
      after: this.#leftAt(to),
    };
    const free: Terms = { ...this.#free, halving: [...this.#free.halving] };
    let low = 0;
    let high = 0;
    this.#groups.forEach((terms, index) => {
      const group = groups[index];
      if (!group) return;
      const own = boundsOf(terms, span);
      if (own.low >= group.min && own.high <= group.max) {
        addTerms(free, terms);
      } else {
        low += clamp(own.low, group);
        high += clamp(own.high, group);
      }
    });
    const rest = boundsOf(free, span);
    return { low: clamp(low + rest.low, limits), high: clamp(high + rest.high, limits) };
  }
}

/** Two instants, ms after the start of the segment, and what is left of each half-life's points at them. */
interface Span {
  readonly early: number;
  readonly late: number;
  readonly before: readonly number[];
  readonly after: readonly number[];
}

function sumOf({ fixed, linear, slope, halving }: Terms, left: readonly number[], elapsed: number): number {
  let value = fixed + linear + slope * elapsed;
  for (let place = 0; place < halving.length; place++) value += (halving[place] ?? 0) * (left[place] ?? 0);
  return value;
}

function boundsOf({ fixed, linear, slope, halving }: Terms, { early, late, before, after }: Span): Bounds {
  const first = linear + slope * early;
  const last = linear + slope * late;
  let low = fixed + Math.min(first, last);
  let high = fixed + Math.max(first, last);
  for (let place = 0; place < halving.length; place++) {
    const points = halving[place] ?? 0;
    const [a, b] = [points * (before[place] ?? 0), points * (after[place] ?? 0)];
    low += Math.min(a, b);
    high += Math.max(a, b);
  }
  return { low, high };
}

function emptyTerms(): Terms {
  return { fixed: 0, linear: 0, slope: 0, halving: [] };
}

function addTerms(into: Terms, terms: Terms): void {
  into.fixed += terms.fixed;
  into.linear += terms.linear;
  into.slope += terms.slope;
  for (let place = 0; place < terms.halving.length; place++) {
    into.halving[place] = (into.halving[place] ?? 0) + (terms.halving[place] ?? 0);
  }
}
