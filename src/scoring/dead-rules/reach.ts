// The highest and lowest scores that a model can give, and how each band is reached.
import type { Model } from '../schemas/model-schema.ts';
import type { SignalSource } from '../schemas/signal-schema.ts';
import type { BandSource } from '../schemas/status-schema.ts';

export interface Span {
  readonly min: number;
  readonly max: number;
}

export interface Reach {
  readonly fit: Span;
  readonly behavior: Span;
  /** The spans of the signals, by id, before groups and limits. */
  readonly signals: ReadonlyMap<string, Span>;
}

/** Criterion `id` -> indexes of its cases that never match. */
export type DeadCasesById = ReadonlyMap<string, ReadonlySet<number>>;

/**
 * Bounds: no lead scores more than `max` or less than `min`. Signals that exclude each other are
 * counted together, so a lead may not reach them.
 */
export function reachOf(model: Model, deadCases: DeadCasesById): Reach {
  const criteria = (model.fit?.criteria ?? []).map(({ id, cases }) => {
    const points = cases.flatMap((each, index) => (deadCases.get(id)?.has(index) ? [] : [each.points]));
    return spanOf(points);
  });
  const signals = new Map((model.behavior?.signals ?? []).map((signal) => [signal.id, signalSpan(signal)]));
  return { fit: rounded(sum(criteria)), behavior: rounded(behaviorSpan(model.behavior, signals)), signals };
}

function spanOf(points: readonly number[]): Span {
  return { min: Math.min(0, ...points), max: Math.max(0, ...points) };
}

function signalSpan(signal: SignalSource): Span {
  if (signal.kind === 'tiered') return spanOf(signal.tiers.map(({ points }) => points));
  return spanOf([signal.points * (signal.kind === 'counted' ? (signal.max_count ?? 1) : 1)]);
}

/** @param signals the spans of those that count; the others give nothing */
export function behaviorSpan(behavior: Model['behavior'], signals: ReadonlyMap<string, Span>): Span {
  if (behavior === undefined) return { min: 0, max: 0 };
  const { groups = [], min = 0, max = Infinity } = behavior;
  const grouped = new Set(groups.flatMap((group) => group.signals));
  const spans = [
    ...[...signals].flatMap(([id, span]) => (grouped.has(id) ? [] : [span])),
    ...groups.map((group) => clamped(sum(group.signals.flatMap((id) => signals.get(id) ?? [])), group)),
  ];
  return clamped(sum(spans), { min: min === 'none' ? undefined : min, max });
}

function sum(spans: readonly Span[]): Span {
  return spans.reduce((total, { min, max }) => ({ min: total.min + min, max: total.max + max }), { min: 0, max: 0 });
}

function clamped(
  { min, max }: Span,
  bounds: { readonly min?: number | undefined; readonly max?: number | undefined },
): Span {
  const clamp = (value: number) => Math.min(Math.max(value, bounds.min ?? -Infinity), bounds.max ?? Infinity);
  return { min: clamp(min), max: clamp(max) };
}

function rounded({ min, max }: Span): Span {
  return { min: Math.round(min), max: Math.round(max) };
}

/** The value that the bands compare, at most and at least. */
export function basisSpan({ fit, behavior }: Reach, basis: 'total' | 'behavior' | 'fit' | 'matrix'): Span {
  if (basis === 'fit') return fit;
  if (basis === 'behavior') return behavior;
  return { min: fit.min + behavior.min, max: fit.max + behavior.max };
}

/** The points from which a band begins; undefined for the last one and for cells. */
export function thresholdOf({ at_least: threshold }: BandSource): number | undefined {
  if (threshold === undefined) return undefined;
  return 'points' in threshold ? threshold.points : threshold.floor;
}

/** Lines for `validate`: the highest scores, and how each band is reached. */
export function reachLines(model: Model, reach: Reach): string[] {
  const { fit, behavior } = reach;
  const total = basisSpan(reach, 'total');
  const { bands, basis = 'total' } = model.status;
  const label = basis === 'matrix' ? 'cells' : basis;
  return [
    `highest attainable: fit ${fit.max}, behavior ${behavior.max}, total ${total.max}. Bands by ${label}:`,
    ...bands.map(
      (band, index) =>
        `  ${band.id}: ${index === bands.length - 1 ? 'all other leads' : howReached(band, model, reach)}`,
    ),
  ];
}

function howReached(band: BandSource, { status }: Model, reach: Reach): string {
  const { basis = 'total' } = status;
  const needs = requirementsOf(band);
  if (basis === 'matrix') return `cells ${(band.cells ?? []).join(', ')}${needs}`;
  const points = thresholdOf(band) ?? 0;
  const { max } = basisSpan(reach, basis);
  const from = `from ${points}${movingText(band)}${needs}`;
  if (points > max) return `${from}: never, the highest ${basis} is ${max}`;
  return `${from}: reached by ${basis === 'total' ? waysTo(band, points, reach) : basis}`;
}

function movingText({ at_least: threshold }: BandSource): string {
  if (threshold === undefined || 'points' in threshold) return '';
  const wanted = 'top' in threshold ? `the best ${threshold.top}` : `as many as ${threshold.capacity} arrive`;
  return ` (${wanted}, never below that)`;
}

function waysTo({ requires }: BandSource, points: number, { fit, behavior }: Reach): string {
  const { min_fit = 0, min_behavior = 0, min_grade, min_signals, any_signal } = requires ?? {};
  const needsSignals = min_behavior > 0 || min_signals !== undefined || any_signal !== undefined;
  const byFit = points <= fit.max + behavior.min && !needsSignals;
  const byBehavior = points <= behavior.max && min_fit <= 0 && min_grade === undefined;
  if (byFit && byBehavior) return 'fit alone, by behavior alone, or by both';
  if (byFit) return 'fit alone, or by fit and behavior together';
  return byBehavior ? 'behavior alone, or by fit and behavior together' : 'fit and behavior together';
}

function requirementsOf({ requires }: BandSource): string {
  const keys = Object.entries(requires ?? {}).filter(([, value]) => value !== undefined);
  return keys.length === 0
    ? ''
    : `, if ${keys.map(([key, value]) => `${key} ${[value].flat().join(', ')}`).join(' and ')}`;
}
