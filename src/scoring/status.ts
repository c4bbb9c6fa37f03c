// Which band a lead is in: the best one whose threshold (or cell) it reaches and whose requirements hold; gates may hold it
// below that. Thresholds that need every lead's score are handed in; nothing here looks beyond one lead.
import type { Fields } from '../domain/lead.ts';
import type { GateInForce, Grade, ScoringContext } from '../domain/score-result.ts';
import { compileCondition, conditionFields, type FieldTest } from './compile/conditions.ts';
import { isAtLeastGrade } from './fit.ts';
import { reaches } from './rounding.ts';
import type { Model } from './schemas/model-schema.ts';
import type { BandSource, Requires } from './schemas/status-schema.ts';

export interface Band {
  readonly id: string;
  readonly label: string;
  readonly action: string | undefined;
  /** As in the model file, e.g. `24h`. */
  readonly sla: string | undefined;
}

/** What a band looks at. `strong`: by signal, whether it is worth at least 1 point; only those that bands ask for need be. */
export interface LeadPosition {
  readonly grade: Grade;
  readonly fit: number;
  readonly behavior: number;
  readonly strong: readonly boolean[];
}

type Requirement = (standing: LeadPosition) => boolean;

export interface CompiledBand extends Band {
  readonly points: number;
  readonly hysteresis: number;
  /** Per cent of all leads, of a band with `top`. */
  readonly top: number | null;
  readonly cells: ReadonlySet<string>;
  readonly requirements: readonly Requirement[];
}
export interface CompiledGate {
  readonly id: string;
  readonly label: string;
  readonly unless: FieldTest;
  readonly lift: readonly string[];
  readonly maxBand: number;
}
export interface CompiledStatus {
  readonly basis: 'total' | 'behavior' | 'fit' | 'matrix';
  readonly bands: readonly CompiledBand[];
  readonly gates: readonly CompiledGate[];
  /** Highest first. */
  readonly levels: readonly (readonly [string, number])[];
  /** Places of the signals that bands ask about being worth at least 1 point. */
  readonly asked: readonly number[];
}

/** The bands' thresholds for one lead. */
export interface Thresholds {
  readonly points: readonly number[];
  /** The place of the previous status among the bands; Infinity when there is none. */
  readonly previous: number;
}

export function compileStatus(model: Model): CompiledStatus {
  const { basis = 'total', bands, gates = [], behavior_levels = {} } = model.status;
  const signalIds = (model.behavior?.signals ?? []).map((signal) => signal.id);
  const asksAll = bands.some((band) => band.requires?.min_signals !== undefined);
  const askedIds = new Set(bands.flatMap((band) => band.requires?.any_signal ?? []));
  return {
    basis,
    bands: bands.map((band) => compileBand(band, signalIds)),
    gates: gates.map(({ id, label = id, unless, max_band }) => {
      const maxBand = bands.findIndex((band) => band.id === max_band);
      return { id, label, unless: compileCondition(unless), lift: conditionFields(unless), maxBand };
    }),
    levels: Object.entries(behavior_levels).sort(([, a], [, b]) => b - a),
    asked: [...signalIds.keys()].filter((index) => asksAll || askedIds.has(signalIds[index] ?? '')),
  };
}

function compileBand(band: BandSource, signalIds: readonly string[]): CompiledBand {
  const { id, label = id, action, sla, at_least } = band;
  const points = at_least === undefined ? -Infinity : 'points' in at_least ? at_least.points : at_least.floor;
  return {
    id,
    label,
    action,
    sla,
    points,
    hysteresis: at_least?.hysteresis ?? 0,
    top: at_least !== undefined && 'top' in at_least ? Number.parseFloat(at_least.top) : null,
    cells: new Set(band.cells),
    requirements: band.requires ? compileRequires(band.requires, signalIds) : [],
  };
}

function compileRequires(requires: Requires, signalIds: readonly string[]): Requirement[] {
  const { min_grade, exclude_grades, min_behavior, min_fit, min_signals, any_signal } = requires;
  const all: Requirement[] = [];
  if (min_grade !== undefined) all.push(({ grade }) => isAtLeastGrade(grade, min_grade));
  if (exclude_grades !== undefined) all.push(({ grade }) => !exclude_grades.includes(grade));
  if (min_behavior !== undefined) all.push(({ behavior }) => reaches(behavior, min_behavior));
  if (min_fit !== undefined) all.push(({ fit }) => reaches(fit, min_fit));
  if (min_signals !== undefined) {
    all.push(({ strong }) => reaches(strong.filter(Boolean).length, min_signals));
  }
  if (any_signal !== undefined) {
    const places = any_signal.map((id) => signalIds.indexOf(id));
    all.push(({ strong }) => places.some((place) => strong[place] === true));
  }
  return all;
}

/** A `top` band's stored value counts, but never less than its floor; without one the floor does. */
export function resolveThresholds(status: CompiledStatus, context: ScoringContext | undefined): Thresholds {
  const points = status.bands.map((band) => {
    const stored = band.top !== null ? context?.thresholds?.[band.id] : undefined;
    return stored === undefined ? band.points : Math.max(stored, band.points);
  });
  return { points, previous: bandIndex(status, context?.previousStatus) };
}

/** The place of a band; Infinity for one that the model lacks. */
export function bandIndex(status: CompiledStatus, id: string | undefined): number {
  const place = status.bands.findIndex((band) => band.id === id);
  return place === -1 ? Infinity : place;
}

/** The place of the band before gates. */
export function chooseBand(status: CompiledStatus, standing: LeadPosition, thresholds: Thresholds): number {
  const last = status.bands.length - 1;
  const value = basisValue(status, standing);
  const cell = status.basis === 'matrix' ? cellOf(status, standing) : null;
  for (let place = 0; place < last; place++) {
    const band = status.bands[place];
    if (!band) break;
    const slack = thresholds.previous <= place ? band.hysteresis : 0;
    const isReached =
      status.basis === 'matrix'
        ? cell !== null && band.cells.has(cell)
        : reaches(value, (thresholds.points[place] ?? Infinity) - slack);
    if (isReached && band.requirements.every((holds) => holds(standing))) return place;
  }
  return last;
}

function basisValue({ basis }: CompiledStatus, { fit, behavior }: LeadPosition): number {
  if (basis === 'fit') return fit;
  return basis === 'behavior' ? behavior : fit + behavior;
}

/** Grade and behavior level, e.g. `B2`; null for Ungraded, below the last level, and without levels. */
export function cellOf({ levels }: CompiledStatus, { grade, behavior }: LeadPosition): string | null {
  if (grade === 'Ungraded') return null;
  const level = levels.find(([, atLeast]) => reaches(behavior, atLeast));
  return level ? `${grade}${level[0]}` : null;
}

/** The gates that are in force for these fields; what is unknown lifts none. */
export function activeGates(status: CompiledStatus, fields: Fields): CompiledGate[] {
  return status.gates.filter((gate) => gate.unless(fields) !== 'matched');
}

/** The gates that hold a lead below `place`, as the result lists them. */
export function gatesCapping(status: CompiledStatus, gates: readonly CompiledGate[], place: number): GateInForce[] {
  return gates
    .filter((gate) => gate.maxBand > place)
    .map(({ id, label, lift, maxBand }) => ({ id, label, max_band: status.bands[maxBand]?.id ?? '', lift }));
}

/** The place after gates: the worst of the band and the gates' `max_band`s. */
export function applyGates(place: number, gates: readonly CompiledGate[]): number {
  return gates.reduce((worst, gate) => Math.max(worst, gate.maxBand), place);
}
