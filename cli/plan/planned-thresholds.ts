// The thresholds that a planned model would have, for its bands with `top` or `capacity`, and the arrivals at them.
import type { JobContext } from '../../jobs/context.ts';
import { applies } from '../../jobs/score/score-chunk.ts';
import { storedLeads } from '../../jobs/score/stored-leads.ts';
import { capacityBands, thresholdFromArrivals } from '../../jobs/score/thresholds/capacity-thresholds.ts';
import { movingBands } from '../../jobs/score/thresholds/moving-bands.ts';
import { replayArrivals } from '../../jobs/score/thresholds/replay-arrivals.ts';
import type { CapacityUse } from '../../src/review/plan/print-plan.ts';
import { type ScoreCount, scoreOfBestShare } from '../../src/scoring/best-share.ts';
import { arrivalsAt } from '../../src/scoring/capacity/arrivals.ts';
import { NEEDED_MS, WINDOW_MS } from '../../src/scoring/capacity/capacity.ts';
import { scoreLeadOnly } from '../../src/scoring/score-lead.ts';
import { basisValue, type CompiledBand } from '../../src/scoring/status.ts';
import { pointsByBand, thresholdsOf } from '../../src/store/leads/band-thresholds.ts';
import { firstRunDone } from '../../src/store/sync/runs.ts';

const WEEKS = WINDOW_MS / (7 * 86_400_000);

export interface PlannedThresholds {
  /** In points, by band. */
  readonly points: Readonly<Record<string, number>>;
  /** The bands with a capacity, best first. */
  readonly capacity: readonly CapacityUse[];
  /** The bands whose first threshold is computed once the model is applied. */
  readonly firsts: readonly PointRange[];
}

/** From the floor of a band, with which its leads are scored at first, to below its threshold. */
export interface PointRange {
  readonly from: number;
  readonly below: number;
}

/** Those in use, if the model was used already; else as its first night would compute them. */
export async function plannedThresholds(context: JobContext, now: number): Promise<PlannedThresholds> {
  const bands = movingBands(context.model.compiled.status);
  const stored = pointsByBand(await thresholdsOf(context.db, context.model.hash));
  const shares = await bestShares(
    context,
    bands.filter(({ id, top }) => top !== null && !Object.hasOwn(stored, id)),
    now,
  );
  const capacity = await capacityUses(context, capacityBands(bands), { stored, now });
  const computed = capacity.map(({ band, points }) => [band, points] as const);
  const points = { ...shares, ...Object.fromEntries(computed), ...stored };
  const firsts = bands
    .filter(({ id }) => !Object.hasOwn(stored, id))
    .map((band): PointRange => ({ from: band.points, below: points[band.id] ?? band.points }));
  return { points, capacity, firsts };
}

async function bestShares(context: JobContext, bands: readonly CompiledBand[], now: number) {
  if (bands.length === 0) return {};
  const { compiled } = context.model;
  const leads = new Map<number, number>();
  for await (const { lead } of storedLeads(context)) {
    if (!applies(context.model, lead)) continue;
    const { fit, behavior } = scoreLeadOnly(lead, compiled, now);
    const score = basisValue(compiled.status, { fit: fit.score, behavior: behavior.score });
    leads.set(score, (leads.get(score) ?? 0) + 1);
  }
  const counts = [...leads].map(([score, number]): ScoreCount => ({ score, leads: number }));
  return Object.fromEntries(
    bands.map(({ id, top, points }) => [id, Math.max(scoreOfBestShare(counts, top ?? 100) ?? points, points)]),
  );
}

async function capacityUses(
  context: JobContext,
  bands: readonly CompiledBand[],
  { stored, now }: { readonly stored: Readonly<Record<string, number>>; readonly now: number },
): Promise<readonly CapacityUse[]> {
  if (bands.length === 0) return [];
  const since = await firstRunDone(context.db, 'backfill');
  const isEnough = since !== null && now - since.getTime() >= NEEDED_MS;
  const arrivals = isEnough ? await replayArrivals(context, bands, now) : null;
  return bands.map((band): CapacityUse => {
    const use = { band: band.id, label: band.label, capacity: band.capacity ?? 0, floor: band.points };
    const inUse = stored[band.id];
    if (arrivals === null) return { ...use, points: inUse ?? band.points, per_week: null };
    const ranges = arrivals.get(band.id) ?? [];
    if (inUse !== undefined) return { ...use, points: inUse, per_week: arrivalsAt(ranges, inUse) / WEEKS };
    const { points, per_week } = thresholdFromArrivals(band, ranges, WINDOW_MS);
    return { ...use, points, per_week };
  });
}
