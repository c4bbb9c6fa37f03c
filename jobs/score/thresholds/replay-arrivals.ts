// How many leads would have newly reached each level of points with a model that was not in use, from the stored
// activities.
import { type ArrivalRange, ArrivalTally, arrivalsOf } from '../../../src/scoring/capacity/arrivals.ts';
import { WINDOW_MS } from '../../../src/scoring/capacity/capacity.ts';
import { pointsPath } from '../../../src/scoring/capacity/points-path.ts';
import type { CompiledBand } from '../../../src/scoring/status.ts';
import type { JobContext } from '../../context.ts';
import { applies } from '../score-chunk.ts';
import { storedLeads } from '../stored-leads.ts';

/** In the last 28 days, by band; all leads are read once. */
export async function replayArrivals(
  context: JobContext,
  bands: readonly CompiledBand[],
  now: number,
): Promise<ReadonlyMap<string, readonly ArrivalRange[]>> {
  const tallies = bands.map((band) => ({ band, tally: new ArrivalTally() }));
  if (tallies.length === 0) return new Map();
  for await (const { lead, stored } of storedLeads(context)) {
    if (!applies(context.model, lead, stored.previous)) continue;
    const path = pointsPath(lead, context.model.compiled, now - WINDOW_MS, now);
    for (const { band, tally } of tallies) tally.add(arrivalsOf(path, band.hysteresis));
  }
  return new Map(tallies.map(({ band, tally }) => [band.id, tally.ranges]));
}
