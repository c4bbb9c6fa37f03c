// The thresholds of the bands for one lead. Those of a band with a capacity neither let a lead in nor out by themselves:
// a moved one applies to a lead when its points change. Pure.
import type { CurrentScore, EarlierScore, ScoringContext } from '../../domain/score-result.ts';
import {
  bandIndexOf,
  basisValue,
  type CompiledBand,
  type CompiledStatus,
  type LeadPosition,
  type LeadThresholds,
  type Thresholds,
} from '../status.ts';

/** How the points of a lead changed since its last scoring: below 0 = fell, above 0 = rose. */
export type Change = number;

/**
 * A band with `top` or `capacity` uses its threshold in force, at least its floor; without one, the floor. While its
 * first threshold is not computed (`pending`), no lead enters it, and one inside stays down to the floor.
 */
export function resolveThresholds(
  status: CompiledStatus,
  context: ScoringContext | undefined,
  position: LeadPosition,
): LeadThresholds {
  const { bands, thresholds, hasMoving } = status;
  const previousBandIndex = bandIndexOf(status, context?.previousStatus);
  if (!hasMoving) return previousBandIndex === Infinity ? thresholds : { ...thresholds, previousBandIndex };
  const change = changeSince(context?.earlier, status, position);
  const limits = bands.map((band, index) => limitOf(band, previousBandIndex <= index, change, context));
  return {
    points: limits.map(({ points }) => points),
    inForce: limits.map(({ current }) => current),
    applied: Object.fromEntries(limits.flatMap(({ applied }, index) => entryOf(bands[index], applied))),
    previousBandIndex,
  };
}

interface Limit {
  readonly points: number;
  readonly current: number;
  /** Undefined: nothing is stored. */
  readonly applied: number | undefined;
}

function limitOf(band: CompiledBand, isInside: boolean, change: Change | null, context: ScoringContext = {}): Limit {
  const held = change === null ? undefined : heldOf(band, context);
  if (band.isMoving && context.pending?.includes(band.id)) {
    return { points: whilePending(band, isInside), current: PENDING, applied: change === 0 ? held : undefined };
  }
  const current = currentOf(band, context);
  const points = held === undefined ? current : pointsAfter(change ?? 0, { isInside, held, current });
  return { points, current, applied: band.isMoving ? points : undefined };
}

/** In force for all leads: none comes in. */
const PENDING = Infinity;

function whilePending({ points }: CompiledBand, isInside: boolean): number {
  return isInside ? points : PENDING;
}

function entryOf(band: CompiledBand | undefined, applied: number | undefined): readonly (readonly [string, number])[] {
  return band === undefined || applied === undefined ? [] : [[band.id, applied]];
}

/** Null: the earlier points say nothing, as another version of the model gave them and this one gives others. */
function changeSince(earlier: EarlierScore | undefined, status: CompiledStatus, position: LeadPosition): Change | null {
  if (earlier === undefined) return null;
  const change = basisValue(status, position) - basisValue(status, earlier);
  return earlier.isByOtherModel === true && change !== 0 ? null : change;
}

function currentOf(band: CompiledBand, context: ScoringContext): number {
  const stored = band.isMoving ? context.thresholds?.[band.id] : undefined;
  return stored === undefined ? band.points : Math.max(stored, band.points);
}

/** The threshold by which the lead was last judged, at least the floor of today; undefined: none, or no capacity. */
function heldOf({ id, capacity, points }: CompiledBand, context: ScoringContext): number | undefined {
  if (capacity === null) return undefined;
  const held = context.earlier?.thresholds?.[id] ?? context.firstThresholds?.[id];
  return held === undefined ? undefined : Math.max(held, points);
}

/** Outside, a lead comes in by the current threshold if its points rise; inside, it leaves by it if they fall. */
function pointsAfter(
  change: Change,
  { isInside, held, current }: { readonly isInside: boolean; readonly held: number; readonly current: number },
): number {
  if (isInside) return change < 0 ? current : Math.min(current, held);
  return change > 0 ? current : Math.max(current, held);
}

/**
 * The thresholds of the next scoring of a lead in the band at `bandIndex`, if the present ones stay in force and its
 * points change like this until then.
 */
export function thresholdsAfter(
  change: Change,
  { bands, hasMoving }: CompiledStatus,
  { points, inForce }: Pick<LeadThresholds, 'points' | 'inForce'>,
  bandIndex: number,
): Thresholds {
  if (!hasMoving) return { points, previousBandIndex: bandIndex };
  const next = bands.map((band, index) => {
    const [held = Infinity, current = Infinity] = [points[index], inForce[index]];
    const isInside = bandIndex <= index;
    if (current === PENDING) return whilePending(band, isInside);
    return band.capacity === null ? current : pointsAfter(change, { isInside, held, current });
  });
  return { points: next, previousBandIndex: bandIndex };
}

/** What a result says besides the applied thresholds, so that its look ahead needs no context. */
export function notApplied(
  { bands }: CompiledStatus,
  { points, inForce }: Pick<LeadThresholds, 'points' | 'inForce'>,
): Pick<CurrentScore, 'thresholdsInForce' | 'pending'> {
  const pending: string[] = [];
  const others: Record<string, number> = {};
  for (const [index, { id }] of bands.entries()) {
    const current = inForce[index] ?? PENDING;
    if (current === PENDING) pending.push(id);
    else if (current !== points[index]) others[id] = current;
  }
  return {
    ...(Object.keys(others).length > 0 && { thresholdsInForce: others }),
    ...(pending.length > 0 && { pending }),
  };
}

/** The thresholds by which a result was made, and those in force then. */
export function thresholdsBehind(result: CurrentScore, status: CompiledStatus): LeadThresholds {
  const previousBandIndex = bandIndexOf(status, result.status);
  const { thresholds: applied = null, thresholdsInForce, pending = [] } = result;
  if (applied === null) return { ...status.thresholds, previousBandIndex };
  const isPending = ({ id }: CompiledBand) => pending.includes(id);
  const points = status.bands.map((band, index) => {
    return isPending(band) ? whilePending(band, previousBandIndex <= index) : (applied[band.id] ?? band.points);
  });
  const inForce = status.bands.map((band, index) => {
    return isPending(band) ? PENDING : (thresholdsInForce?.[band.id] ?? points[index] ?? band.points);
  });
  return { points, inForce, applied, previousBandIndex };
}
