// What one lead did, by signal: the instants of its matching activities. Everything that does not
// depend on the instant of scoring is read here once, so that looking ahead needs no second reading.
import type { Activity, Fields, Lead, LeadState } from '../domain/lead.ts';
import type { Contribution } from '../domain/score-result.ts';
import type { CompiledSignal, StateSignal } from './compile/compiled-signals.ts';
import type { Subscriptions } from './compile/subscriptions.ts';
import { parseInstantOrDate } from './time/instant.ts';
import { Timeline } from './time/timeline.ts';

/** A lead, or what is stored of it for a model. */
export type LeadSource = Lead | LeadState;

const NO_LEAD: Lead = { id: '', fields: {}, activities: [], unobserved: [] };

export function isState(source: LeadSource): source is LeadState {
  return 'instants' in source;
}

/** Holds one lead at a time: a model has one ledger, which reads each lead in turn. */
export class Ledger {
  readonly #subscriptions: Subscriptions;
  readonly #timelines: readonly Timeline[];
  #source: LeadSource = NO_LEAD;
  #created: number | null | undefined;

  /** @param slots the number of slots, to which the subscriptions point */
  constructor(subscriptions: Subscriptions, slots: number) {
    this.#subscriptions = subscriptions;
    this.#timelines = Array.from({ length: slots }, () => new Timeline());
  }

  /** Valid until another lead is read. */
  read(source: LeadSource): this {
    this.#source = NO_LEAD;
    for (const timeline of this.#timelines) timeline.clear();
    if (isState(source)) this.#restore(source);
    // The store delivers activities in order of time; other sources may not.
    else if (!this.#collect(source.activities)) for (const timeline of this.#timelines) timeline.sort();
    this.#created = undefined;
    this.#source = source;
    return this;
  }

  #restore({ instants }: LeadState): void {
    for (let slot = 0; slot < instants.length; slot++) {
      for (const instant of instants[slot] ?? []) this.#timelines[slot]?.add(instant);
    }
  }

  /** @returns whether the activities are in order of time */
  #collect(activities: readonly Activity[]): boolean {
    const timelines = this.#timelines;
    let previous = -Infinity;
    let isInOrder = true;
    for (const { type, at, attributes } of activities) {
      const subscriptions = this.#subscriptions.get(type);
      if (subscriptions === undefined) continue;
      for (const slot of subscriptions.always) timelines[slot]?.add(at);
      for (const slotsOf of subscriptions.byAttributes)
        for (const slot of slotsOf(attributes)) timelines[slot]?.add(at);
      if (at < previous) isInOrder = false;
      previous = at;
    }
    return isInOrder;
  }

  timeline(slot: number): Timeline {
    const timeline = this.#timelines[slot];
    if (timeline === undefined) throw new Error(`The ledger has no slot ${slot}.`);
    return timeline;
  }

  /** The line of a signal that depends on fields alone, as all leads share it. */
  stateLine(signal: StateSignal): Contribution {
    const source = this.#source;
    if (!isState(source)) return signal.lineOf(source.fields);
    return signal.lines[source.states?.[signal.stateIndex] ?? -1] ?? signal.unknown;
  }

  /** Whether the CRM makes the signal's activity type unavailable. */
  isHidden(signal: CompiledSignal): boolean {
    const source = this.#source;
    if (isState(source)) return source.hidden?.includes(signal.index) === true;
    if (source.unobserved.length === 0 || signal.kind === 'state') return false;
    if (source.unobserved.includes(signal.activity)) return true;
    return signal.kind === 'absent' && signal.requires !== undefined && source.unobserved.includes(signal.requires);
  }

  /**
   * `contact.created_at` in epoch milliseconds; null if unknown, or neither an instant nor a date.
   */
  createdAt(): number | null {
    if (this.#created === undefined) this.#created = this.#readCreated();
    return this.#created;
  }

  #readCreated(): number | null {
    const source = this.#source;
    if (isState(source)) return source.created ?? null;
    return createdAtOf(source.fields);
  }
}

/** `contact.created_at` in epoch milliseconds; null if unknown, or neither an instant nor a date. */
export function createdAtOf(fields: Fields): number | null {
  const value = fields['contact.created_at'];
  return typeof value === 'string' ? parseInstantOrDate(value.trim()) : null;
}
