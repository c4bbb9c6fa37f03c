// The thresholds of bands with a capacity (`capacity: 60 per week`) in points, from the arrivals of the last weeks.
import {
  type ArrivalRange,
  ArrivalTally,
  arrivalsOf,
  thresholdForArrivals,
} from '../../../src/scoring/capacity/arrivals.ts';
import { NEEDED_MS, WINDOW_MS } from '../../../src/scoring/capacity/capacity.ts';
import type { CompiledBand } from '../../../src/scoring/status.ts';
import type { StoredThreshold } from '../../../src/store/leads/band-thresholds.ts';
import { pointsPaths } from '../../../src/store/leads/history/points-paths.ts';
import type { Basis } from '../../../src/store/leads/ranked-leads.ts';
import { inForceSince } from '../../../src/store/models/applied.ts';
import { firstRunDone } from '../../../src/store/sync/runs.ts';
import type { JobContext, ScoredModel } from '../../context.ts';
import { replayArrivals } from './replay-arrivals.ts';

const WEEK_MS = 7 * 86_400_000;

export interface CapacityResult {
  readonly points: number;
  /** Leads that arrived at these points in the window. */
  readonly leads: number;
  /** Null: too little history, so the floor applies. */
  readonly per_week: number | null;
}

interface Stored {
  readonly basis: Basis;
  readonly bands: readonly CompiledBand[];
  readonly stored: ReadonlyMap<string, StoredThreshold>;
  readonly now: Date;
}

export function capacityBands(bands: readonly CompiledBand[]): readonly CompiledBand[] {
  return bands.filter(({ capacity }) => capacity !== null);
}

/**
 * The first thresholds of a model, by band: from the arrivals that it would have had, if the activities of enough weeks
 * were read as they happened; else the floors.
 */
export async function firstCapacities(
  context: JobContext,
  bands: readonly CompiledBand[],
  now: number,
): Promise<ReadonlyMap<string, CapacityResult>> {
  const wanted = capacityBands(bands);
  const since = wanted.length === 0 ? null : await firstRunDone(context.db, 'backfill');
  if (since === null || now - since.getTime() < NEEDED_MS) {
    return new Map(wanted.map(({ id, points }) => [id, { points, leads: 0, per_week: null }]));
  }
  const arrivals = await replayArrivals(context, wanted, now);
  return new Map(wanted.map((band) => [band.id, thresholdFromArrivals(band, arrivals.get(band.id) ?? [], WINDOW_MS)]));
}

/**
 * The next thresholds, by band, from the stored results since the model is in force under its name; a band without
 * enough weeks of them is left out: its threshold stays. The results before are those of another model.
 */
export async function nextCapacities(
  db: JobContext['db'],
  { hash, key }: Pick<ScoredModel, 'hash' | 'key'>,
  { basis, bands, stored, now }: Stored,
): Promise<ReadonlyMap<string, CapacityResult>> {
  const wanted = capacityBands(bands);
  if (wanted.length === 0) return new Map();
  const named = (await inForceSince(db, { hash, key }))?.getTime() ?? -Infinity;
  const tallies = wanted.flatMap((band) => {
    const since = Math.max(stored.get(band.id)?.first.getTime() ?? Infinity, named);
    if (!(now.getTime() - since >= NEEDED_MS)) return [];
    return [{ band, from: Math.max(now.getTime() - WINDOW_MS, since), tally: new ArrivalTally() }];
  });
  // Bands have their first thresholds together, so that all results are read once.
  for (const [from, ofWindow] of Map.groupBy(tallies, (each) => each.from)) {
    for await (const path of pointsPaths(db, { basis, model: key }, { from: new Date(from), to: now })) {
      for (const { band, tally } of ofWindow) tally.add(arrivalsOf(path, band.hysteresis));
    }
  }
  return new Map(
    tallies.map(({ band, from, tally }) => [band.id, thresholdFromArrivals(band, tally.ranges, now.getTime() - from)]),
  );
}

/** @param windowMs the time in which the leads arrived */
export function thresholdFromArrivals(
  band: CompiledBand,
  ranges: readonly ArrivalRange[],
  windowMs: number,
): CapacityResult {
  const weeks = windowMs / WEEK_MS;
  const { points, arrivals } = thresholdForArrivals(ranges, (band.capacity ?? 0) * weeks, band.points);
  return { points, leads: arrivals, per_week: arrivals / weeks };
}
