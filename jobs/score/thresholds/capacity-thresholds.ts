// The thresholds of bands with a capacity (`capacity: 60 per week`) in points, from the arrivals of the last weeks.
import {
  type ArrivalRange,
  ArrivalTally,
  arrivalsOf,
  thresholdForArrivals,
} from '../../../src/scoring/capacity/arrivals.ts';
import { NEEDED_MS, WINDOW_MS } from '../../../src/scoring/capacity/capacity.ts';
import type { CompiledBand } from '../../../src/scoring/status.ts';
import type { RankedScore, StoredThreshold } from '../../../src/store/leads/band-thresholds.ts';
import { pointsPaths } from '../../../src/store/leads/history/points-paths.ts';
import { firstRunDone } from '../../../src/store/sync/runs.ts';
import type { JobContext } from '../../context.ts';
import { replayArrivals } from './replay-arrivals.ts';

const WEEK_MS = 7 * 86_400_000;

export interface CapacityResult {
  readonly points: number;
  /** Leads that arrived at these points in the window. */
  readonly leads: number;
  /** Null: too little history, so the floor applies. */
  readonly per_week: number | null;
}

type Stored = ReadonlyMap<string, StoredThreshold>;

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
 * The next thresholds, by band, from the stored results since the first one of the model; a band without enough weeks is
 * left out: its threshold stays.
 */
export async function nextCapacities(
  db: JobContext['db'],
  score: RankedScore,
  { bands, stored, now }: { readonly bands: readonly CompiledBand[]; readonly stored: Stored; readonly now: Date },
): Promise<ReadonlyMap<string, CapacityResult>> {
  const next = new Map<string, CapacityResult>();
  for (const band of capacityBands(bands)) {
    const first = stored.get(band.id)?.first.getTime();
    if (first === undefined || now.getTime() - first < NEEDED_MS) continue;
    const from = new Date(Math.max(now.getTime() - WINDOW_MS, first));
    const tally = new ArrivalTally();
    for await (const path of pointsPaths(db, score, { from, to: now })) tally.add(arrivalsOf(path, band.hysteresis));
    next.set(band.id, thresholdFromArrivals(band, tally.ranges, now.getTime() - from.getTime()));
  }
  return next;
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
