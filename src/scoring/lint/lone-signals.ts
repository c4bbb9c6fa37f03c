// Signals that decide alone: one that makes a lead hot by itself, and opened emails, which mail
// programs open as well, that reach a band of sales.

import type { ModelProblem } from '../checks/model-checks.ts';
import { behaviorSpan, type Reach, thresholdOf } from '../dead-rules/reach.ts';
import type { Model } from '../schemas/model-schema.ts';
import type { SignalSource } from '../schemas/signal-schema.ts';
import type { BandSource, Requires } from '../schemas/status-schema.ts';
import { isMoving } from '../status.ts';

const OPENS: readonly string[] = ['email_open', 'email_open_bot'];

export function findLoneSignals(model: Model, reach: Reach): ModelProblem[] {
  const { basis = 'total' } = model.status;
  // A cell needs a grade, which behavior alone does not give.
  if (basis === 'fit' || basis === 'matrix') return [];
  return [...loneSignals(model, reach), ...opensAlone(model, reach)];
}

function loneSignals(model: Model, reach: Reach): ModelProblem[] {
  const [best] = model.status.bands;
  if (best === undefined) return [];
  return (model.behavior?.signals ?? []).flatMap((signal, index): ModelProblem[] => {
    if (isOpen(signal)) return [];
    const reached = reachedBy([signal], 0, model, reach);
    if (reached === null) return [];
    const message = `${signal.id} alone makes a lead ${best.id}: it gives up to ${reached.points} points, and ${best.id} begins at ${reached.from}.`;
    const fix = `If that is not meant, write requires: { min_signals: 2 } at ${best.id}.`;
    return [{ level: 'warning', path: ['behavior', 'signals', index], message, fix }];
  });
}

function opensAlone(model: Model, reach: Reach): ModelProblem[] {
  const signals = model.behavior?.signals ?? [];
  const opens = signals.filter(isOpen);
  const first = signals.findIndex(isOpen);
  for (const [index, band] of model.status.bands.entries()) {
    if (opens.length === 0 || !isForSales(model.status.bands, index)) continue;
    const reached = reachedBy(opens, index, model, reach);
    if (reached === null) continue;
    const ids = opens.map(({ id }) => id).join(', ');
    const message = `opened emails alone make a lead ${band.id}: they give up to ${reached.points} points, and ${band.id} begins at ${reached.from}. Mail programs open emails, too.`;
    const max = Math.max(1, Math.min(10, Math.floor(reached.from / 2)));
    const fix = `Limit them under groups: - { id: opens, label: Opened emails, signals: [${ids}], max: ${max} }`;
    return [{ level: 'warning', path: ['behavior', 'signals', first], message, fix }];
  }
  return [];
}

function isOpen(signal: SignalSource): boolean {
  return (signal.kind === 'counted' || signal.kind === 'tiered') && OPENS.includes(signal.activity);
}

const SALES = /\b(hot|sales|sql|mql|call)\b/i;

/** The best band, one with a time limit, or one whose name says it; never the last one. */
function isForSales(bands: readonly BandSource[], index: number): boolean {
  const band = bands[index];
  if (band === undefined || index === bands.length - 1) return false;
  return index === 0 || band.sla !== undefined || SALES.test(band.id) || SALES.test(band.label ?? '');
}

interface Reached {
  readonly points: number;
  readonly from: number;
}

/** Null if a lead with nothing but these signals, at their best, is not in the band. */
function reachedBy(
  signals: readonly SignalSource[],
  index: number,
  { behavior, status }: Model,
  reach: Reach,
): Reached | null {
  const band = status.bands[index];
  const from = band === undefined ? undefined : thresholdOf(band);
  if (band === undefined || from === undefined || isMoving(band) || index === status.bands.length - 1) return null;
  const spans = new Map(signals.flatMap(({ id }) => [[id, reach.signals.get(id) ?? { min: 0, max: 0 }] as const]));
  const points = Math.round(behaviorSpan(behavior, spans).max);
  const strong = [...spans].filter(([, { max }]) => max >= 1).map(([id]) => id);
  if (points < from || strong.length === 0 || !meets(band.requires ?? {}, points, strong)) return null;
  const worse = new Set(status.bands.slice(index + 1).map(({ id }) => id));
  // Without known fields every gate is active.
  return (status.gates ?? []).some(({ max_band }) => worse.has(max_band)) ? null : { points, from };
}

/** Whether a lead without any known field meets the requirements. */
function meets(requires: Requires, behavior: number, signals: readonly string[]): boolean {
  const { min_grade, exclude_grades = [], min_fit = 0, min_behavior = 0, min_signals = 0, any_signal } = requires;
  return (
    min_grade === undefined &&
    !exclude_grades.includes('Ungraded') &&
    min_fit <= 0 &&
    min_behavior <= behavior &&
    min_signals <= signals.length &&
    (any_signal === undefined || any_signal.some((id) => signals.includes(id)))
  );
}
