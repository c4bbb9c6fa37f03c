// The behavior scores between which a lead keeps its band: those between two neighboring edges.
import { TOLERANCE } from '../rounding.ts';
import { type CompiledStatus, type LeadPosition, type Thresholds, thresholdOf } from '../status.ts';

/** Rounded scores, both ends included. */
export interface ScoreRange {
  readonly min: number;
  readonly max: number;
}

/** The scores around `position.behavior` that certainly give the same band, as long as nothing else changes. */
export function steadyRange(status: CompiledStatus, position: LeadPosition, thresholds: Thresholds): ScoreRange {
  let min = -Infinity;
  let max = Infinity;
  const addEdge = (points: number) => {
    // The lowest whole score that reaches these points.
    const edge = Math.ceil(points - TOLERANCE);
    if (edge <= position.behavior) min = Math.max(min, edge);
    else max = Math.min(max, edge - 1);
  };
  status.bands.forEach((band, index) => {
    if (status.basis === 'total') addEdge(thresholdOf(band, index, thresholds) - position.fit);
    if (status.basis === 'behavior') addEdge(thresholdOf(band, index, thresholds));
    for (const { minBehavior } of band.requirements) if (minBehavior !== undefined) addEdge(minBehavior);
  });
  if (status.basis === 'matrix') for (const [, atLeast] of status.levels) addEdge(atLeast);
  return { min, max };
}
