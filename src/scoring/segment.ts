// The behavior score as a formula of time, valid from one instant up to the next jump (an activity that begins to count, one
// that leaves its window, an absence that is fulfilled, the end of a linear decay). Between jumps every signal is constant,
// halves, or falls in a straight line, so that bounds over a whole stretch cost a few exponentials.
import { type CompiledBehavior, withinLimits } from './behavior.ts';
import type { Decay } from './decay.ts';
import type { Ledger } from './ledger.ts';
import {
  type AbsentSignal,
  type CountedSignal,
  countWithin,
  firstPast,
  scoreSignal,
  type TieredSignal,
  tierOf,
} from './signals.ts';

/** A sum of terms: fixed points, points in a straight line, and points that halve, by half-life. */
interface Terms {
  fixed: number;
  /** Linear points at the start of the segment, and their slope per millisecond. */
  linear: number;
  slope: number;
  readonly halving: Map<number, number>;
}

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

const LN2 = Math.LN2;

export class Segment {
  readonly start: number;
  /** The next jump (epoch ms); Infinity when there is none. */
  end = Infinity;
  /** The longest half-life of any term, ms; 0 when nothing halves. */
  longestHalfLife = 0;
  /** Whether anything changes before the next jump. */
  isMoving = false;
  readonly #behavior: CompiledBehavior;
  readonly #free: Terms = emptyTerms();
  readonly #groups: readonly Terms[];

  constructor(behavior: CompiledBehavior, ledger: Ledger, start: number) {
    this.start = start;
    this.#behavior = behavior;
    this.#groups = behavior.groups.map(emptyTerms);
    behavior.signals.forEach((signal, index) => {
      if (ledger.isHidden(signal)) return;
      const terms = this.#groups[behavior.groupOf[index] ?? -1] ?? this.#free;
      if (signal.kind === 'counted') this.#addCounted(signal, ledger.times(index), terms);
      else if (signal.kind === 'tiered') this.#addTiered(signal, ledger.times(index), terms);
      else {
        terms.fixed += scoreSignal(signal, ledger, start).exact;
        if (signal.kind === 'absent') this.#addAbsenceJumps(signal, ledger);
      }
    });
  }

  #jumpAt(instant: number | undefined): void {
    if (instant !== undefined && instant > this.start && instant < this.end) this.end = instant;
  }

  #addCounted({ points, maxCount, decay }: CountedSignal, times: readonly number[], terms: Terms): void {
    const first = firstPast(times, this.start);
    this.#jumpAt(times[first - 1]);
    const last = Math.min(times.length, first + maxCount);
    for (let index = first; index < last; index++) this.#addTerm(terms, points, decay, times[index] ?? this.start);
  }

  #addTiered(signal: TieredSignal, times: readonly number[], terms: Terms): void {
    const first = firstPast(times, this.start);
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
    const first = firstPast(times, this.start);
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
    } else if (decay.shape === 'half_life') {
      const left = points * 2 ** (-age / decay.ms);
      terms.halving.set(decay.ms, (terms.halving.get(decay.ms) ?? 0) + left);
      this.longestHalfLife = Math.max(this.longestHalfLife, decay.ms);
      this.isMoving = true;
    } else if (age < decay.ms) {
      terms.linear += points * (1 - age / decay.ms);
      terms.slope -= points / decay.ms;
      this.#jumpAt(at + decay.ms);
      this.isMoving = true;
    }
  }

  /**
   * What the score cannot leave between two instants of the segment. Both ends equal: its exact value.
   * Groups whose limit cannot bind on the way are summed with the rest first: terms of equal half-life that cancel must not
   * widen the bounds.
   */
  bounds(from: number, to: number): Bounds {
    const { groups, limits } = this.#behavior;
    const free = copyTerms(this.#free);
    let low = 0;
    let high = 0;
    this.#groups.forEach((terms, index) => {
      const group = groups[index];
      if (!group) return;
      const own = this.#boundsOf(terms, from, to);
      if (own.low >= group.min && own.high <= group.max) {
        addTerms(free, terms);
      } else {
        low += withinLimits(own.low, group);
        high += withinLimits(own.high, group);
      }
    });
    const rest = this.#boundsOf(free, from, to);
    return { low: withinLimits(low + rest.low, limits), high: withinLimits(high + rest.high, limits) };
  }

  #boundsOf(terms: Terms, from: number, to: number): Bounds {
    const [early, late] = [from - this.start, to - this.start];
    const first = terms.linear + terms.slope * early;
    const last = terms.linear + terms.slope * late;
    let low = terms.fixed + Math.min(first, last);
    let high = terms.fixed + Math.max(first, last);
    for (const [halfLife, points] of terms.halving) {
      const before = points * Math.exp((-early / halfLife) * LN2);
      const after = early === late ? before : points * Math.exp((-late / halfLife) * LN2);
      low += Math.min(before, after);
      high += Math.max(before, after);
    }
    return { low, high };
  }
}

function emptyTerms(): Terms {
  return { fixed: 0, linear: 0, slope: 0, halving: new Map() };
}

function copyTerms({ fixed, linear, slope, halving }: Terms): Terms {
  return { fixed, linear, slope, halving: new Map(halving) };
}

function addTerms(into: Terms, terms: Terms): void {
  into.fixed += terms.fixed;
  into.linear += terms.linear;
  into.slope += terms.slope;
  for (const [halfLife, points] of terms.halving) {
    into.halving.set(halfLife, (into.halving.get(halfLife) ?? 0) + points);
  }
}
