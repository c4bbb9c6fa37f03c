// Chooses the band of a lead: the best band whose threshold (or cell) it reaches and whose
// requirements hold. A gate can cap it at a lower band. Thresholds that depend on all leads are
// arguments; this file sees one lead only.
import type { Fields } from '../domain/lead.ts';
import type { ActiveGate } from '../domain/score-result.ts';
import { parseCapacity } from './capacity/capacity.ts';
import { compileCondition, conditionFields, type FieldTest } from './compile/conditions.ts';
import { compileRequires, type LeadPosition, type Requirement } from './requirements.ts';
import { reaches } from './rounding.ts';
import type { Model } from './schemas/model-schema.ts';
import type { SignalSource } from './schemas/signal-schema.ts';
import type { BandSource } from './schemas/status-schema.ts';

export type { LeadPosition } from './requirements.ts';

export interface Band {
  readonly id: string;
  readonly label: string;
  readonly action: string | undefined;
  /** As in the model file, e.g. `24h`. */
  readonly sla: string | undefined;
}

export interface CompiledBand extends Band {
  readonly points: number;
  readonly hysteresis: number;
  /** Its threshold follows the leads. */
  readonly isMoving: boolean;
  /** Per cent of all leads, for a band with `top`; null = another threshold. */
  readonly top: number | null;
  /** Leads per week, for a band with `capacity`; null = another threshold. */
  readonly capacity: number | null;
  readonly cells: ReadonlySet<string>;
  readonly requirements: readonly Requirement[];
}
export interface CompiledGate {
  readonly id: string;
  readonly label: string;
  readonly unless: FieldTest;
  readonly lift: readonly string[];
  /** The index of the best band while the gate is active. */
  readonly maxBandIndex: number;
}
export interface CompiledStatus {
  readonly basis: 'total' | 'behavior' | 'fit' | 'matrix';
  readonly bands: readonly CompiledBand[];
  /** The thresholds of a model without moving ones, for a lead without a previous status. */
  readonly thresholds: LeadThresholds;
  /** A band has `top` or `capacity`. */
  readonly hasMoving: boolean;
  readonly gates: readonly CompiledGate[];
  /** Highest first. */
  readonly levels: readonly (readonly [string, number])[];
  /** Indexes of the signals that a band requires to be worth at least 1 point. */
  readonly requiredSignals: readonly number[];
}

/** The bands' thresholds for one lead. */
export interface Thresholds {
  readonly points: readonly number[];
  /** The index of the previous status among the bands; Infinity = no previous status. */
  readonly previousBandIndex: number;
}

/** Those of a scoring (capacity/lead-thresholds.ts). */
export interface LeadThresholds extends Thresholds {
  /** Those of all leads; `points` of a band with a capacity can differ. */
  readonly inForce: readonly number[];
  /** By band with `top` or `capacity`, for the result; null = the model has no such band. */
  readonly applied: Readonly<Record<string, number>> | null;
}

export function compileStatus(model: Model): CompiledStatus {
  const { basis = 'total', bands, gates = [], behavior_levels = {} } = model.status;
  const signals = model.behavior?.signals ?? [];
  const signalIds = signals.map((signal) => signal.id);
  const requiresAll = bands.some((band) => band.requires?.min_signals !== undefined);
  const requiredIds = new Set(bands.flatMap((band) => band.requires?.any_signal ?? []));
  const compiled = bands.map((band) => compileBand(band, signals));
  const points = compiled.map((band) => band.points);
  return {
    basis,
    bands: compiled,
    thresholds: { points, inForce: points, applied: null, previousBandIndex: Infinity },
    hasMoving: bands.some(isMoving),
    gates: gates.map(({ id, label = id, unless, max_band }) => {
      const maxBandIndex = bands.findIndex((band) => band.id === max_band);
      return { id, label, unless: compileCondition(unless), lift: conditionFields(unless), maxBandIndex };
    }),
    levels: Object.entries(behavior_levels).sort(([, a], [, b]) => b - a),
    requiredSignals: [...signalIds.keys()].filter((index) => requiresAll || requiredIds.has(signalIds[index] ?? '')),
  };
}

function compileBand(band: BandSource, signals: readonly SignalSource[]): CompiledBand {
  const { id, label = id, action, sla, at_least } = band;
  const points = at_least === undefined ? -Infinity : 'points' in at_least ? at_least.points : at_least.floor;
  return {
    id,
    label,
    action,
    sla,
    points,
    hysteresis: at_least?.hysteresis ?? 0,
    isMoving: isMoving(band),
    top: at_least !== undefined && 'top' in at_least ? Number.parseFloat(at_least.top) : null,
    capacity: at_least !== undefined && 'capacity' in at_least ? parseCapacity(at_least.capacity) : null,
    cells: new Set(band.cells),
    requirements: band.requires ? compileRequires(band.requires, signals) : [],
  };
}

/** Whether the points of the band follow the leads: it has `top` or `capacity`. */
export function isMoving({ at_least: threshold }: BandSource): boolean {
  return threshold !== undefined && !('points' in threshold);
}

/** The index of a band; Infinity if the model has no such band. */
export function bandIndexOf(status: CompiledStatus, id: string | undefined): number {
  if (id === undefined) return Infinity;
  const index = status.bands.findIndex((band) => band.id === id);
  return index === -1 ? Infinity : index;
}

/** The index of the band before gates. */
export function chooseBand(status: CompiledStatus, position: LeadPosition, thresholds: Thresholds): number {
  const last = status.bands.length - 1;
  for (let index = 0; index < last; index++) {
    const band = status.bands[index];
    if (!band) break;
    if (!reachesPoints(status, index, position, thresholds)) continue;
    if (meetsAll(band.requirements, position)) return index;
  }
  return last;
}

function meetsAll(requirements: readonly Requirement[], position: LeadPosition): boolean {
  for (const requirement of requirements) if (!requirement.holds(position)) return false;
  return true;
}

/** Whether the lead has the points, or the cell, of the band at `index`. */
export function reachesPoints(
  status: CompiledStatus,
  index: number,
  position: LeadPosition,
  thresholds: Thresholds,
): boolean {
  const band = status.bands[index];
  if (band === undefined) return false;
  if (status.basis === 'matrix') {
    const cell = cellOf(status, position);
    return cell !== null && band.cells.has(cell);
  }
  return reaches(basisValue(status, position), thresholdOf(band, index, thresholds));
}

/** The points that a lead needs for the band at `index`; fewer if it has this band or a better one. */
export function thresholdOf(
  { hysteresis }: CompiledBand,
  index: number,
  { points, previousBandIndex }: Thresholds,
): number {
  return (points[index] ?? Infinity) - (previousBandIndex <= index ? hysteresis : 0);
}

/** The points that the bands compare. */
export function basisValue(
  { basis }: Pick<CompiledStatus, 'basis'>,
  { fit, behavior }: Pick<LeadPosition, 'fit' | 'behavior'>,
): number {
  if (basis === 'fit') return fit;
  return basis === 'behavior' ? behavior : fit + behavior;
}

/**
 * Grade and behavior level, e.g. `B2`; null if ungraded, below the last level, or without levels.
 */
export function cellOf({ levels }: CompiledStatus, { grade, behavior }: LeadPosition): string | null {
  if (grade === 'Ungraded') return null;
  for (const [level, atLeast] of levels) if (reaches(behavior, atLeast)) return `${grade}${level}`;
  return null;
}

/** The active gates for these fields; an unknown value lifts no gate. */
export function activeGates(status: CompiledStatus, fields: Fields): readonly CompiledGate[] {
  if (status.gates.length === 0) return status.gates;
  return status.gates.filter((gate) => gate.unless(fields) !== 'matched');
}

const NO_GATES: readonly ActiveGate[] = Object.freeze([]);

/** The gates that cap a lead below the band at `bandIndex`, for the result. */
export function gatesCapping(
  status: CompiledStatus,
  gates: readonly CompiledGate[],
  bandIndex: number,
): readonly ActiveGate[] {
  if (gates.length === 0) return NO_GATES;
  return gates
    .filter((gate) => gate.maxBandIndex > bandIndex)
    .map(({ id, label, lift, maxBandIndex }) => {
      return { id, label, max_band: status.bands[maxBandIndex]?.id ?? '', lift };
    });
}

/** The index of the band after gates: the worst of the band and the `max_band` of each gate. */
export function applyGates(bandIndex: number, gates: readonly CompiledGate[]): number {
  let worst = bandIndex;
  for (const { maxBandIndex } of gates) worst = Math.max(worst, maxBandIndex);
  return worst;
}
