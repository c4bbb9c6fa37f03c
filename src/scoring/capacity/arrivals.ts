// Which levels of points leads newly reach, and the threshold at which as many arrive as a team can take.
// A lead arrives at a level when its points reach it for the first time, or again after they were more than the
// hysteresis below it; in one week, once. Pure.

const WEEK_MS = 7 * 86_400_000;

/** The points of one lead in the order of time. */
export interface PointsPath {
  /** When the window began; null: the lead did not exist yet. */
  readonly start: number | null;
  /** Those of the window; `at` in epoch milliseconds. */
  readonly steps: readonly { readonly at: number; readonly points: number }[];
}

/** Leads that arrived at each level above `above` up to `upTo`; null: at each one up to `upTo`. */
export interface ArrivalRange {
  readonly above: number | null;
  readonly upTo: number;
  readonly leads: number;
}

interface Range {
  readonly above: number;
  readonly upTo: number;
}

/** The levels at which a lead arrives: a range, or more, for each week in which it does. Weeks are counted from epoch. */
export function arrivalsOf({ start, steps }: PointsPath, hysteresis: number): readonly ArrivalRange[] {
  const before = start === null ? [] : [start];
  const byWeek = new Map<number, Range[]>();
  for (const { at, points } of steps) {
    const above = lowestEntered(before, points, hysteresis);
    before.push(points);
    if (above >= points) continue;
    const week = Math.floor(at / WEEK_MS);
    byWeek.set(week, [...(byWeek.get(week) ?? []), { above, upTo: points }]);
  }
  return [...byWeek.values()]
    .flatMap(merged)
    .map(({ above, upTo }) => ({ above: above === -Infinity ? null : above, upTo, leads: 1 }));
}

/** The lead enters all levels above the returned one, up to its points. @param before its earlier points */
function lowestEntered(before: readonly number[], points: number, hysteresis: number): number {
  // A level between `highest` and an earlier `value` was last reached there, and `lowest` since then.
  let [highest, lowest] = [-Infinity, Infinity];
  for (const value of before.toReversed()) {
    if (value >= points || lowest + hysteresis < value) return Math.max(highest, lowest + hysteresis);
    highest = Math.max(highest, value);
    lowest = Math.min(lowest, value);
  }
  return highest;
}

function merged(ranges: readonly Range[]): readonly Range[] {
  const result: { above: number; upTo: number }[] = [];
  for (const range of ranges.toSorted((a, b) => a.above - b.above)) {
    const last = result.at(-1);
    if (last === undefined || range.above > last.upTo) result.push({ ...range });
    else last.upTo = Math.max(last.upTo, range.upTo);
  }
  return result;
}

export interface CapacityThreshold {
  readonly points: number;
  /** Leads that arrived at these points in the window. */
  readonly arrivals: number;
}

/**
 * From the highest level down, the first one at which more leads arrived than wanted, or the one above it: the one whose
 * arrivals are nearer. A level at which no lead arrived is not chosen, as the band would stay empty.
 * @param wanted leads in the whole window
 * @param floor the lowest threshold
 */
export function thresholdForArrivals(
  ranges: readonly ArrivalRange[],
  wanted: number,
  floor: number,
): CapacityThreshold {
  const levels = new Set(ranges.map(({ upTo }) => upTo).filter((level) => level > floor));
  let above: CapacityThreshold | null = null;
  for (const points of [...levels].toSorted((a, b) => b - a)) {
    const here = { points, arrivals: arrivalsAt(ranges, points) };
    if (here.arrivals > wanted) return nearer(above, here, wanted);
    above = here;
  }
  const atFloor = { points: floor, arrivals: arrivalsAt(ranges, floor) };
  return atFloor.arrivals > wanted ? nearer(above, atFloor, wanted) : atFloor;
}

function nearer(above: CapacityThreshold | null, here: CapacityThreshold, wanted: number): CapacityThreshold {
  const isBetter = above !== null && above.arrivals > 0 && wanted - above.arrivals <= here.arrivals - wanted;
  return isBetter ? above : here;
}

/** Leads that arrived at a level. */
export function arrivalsAt(ranges: readonly ArrivalRange[], level: number): number {
  return ranges.reduce(
    (sum, { above, upTo, leads }) => (level <= upTo && (above === null || level > above) ? sum + leads : sum),
    0,
  );
}

/** Adds up the arrivals of many leads. */
export class ArrivalTally {
  readonly #counts = new Map<string, ArrivalRange>();

  add(ranges: readonly ArrivalRange[]): void {
    for (const range of ranges) {
      const key = `${range.above} ${range.upTo}`;
      this.#counts.set(key, { ...range, leads: range.leads + (this.#counts.get(key)?.leads ?? 0) });
    }
  }

  get ranges(): readonly ArrivalRange[] {
    return [...this.#counts.values()];
  }
}
