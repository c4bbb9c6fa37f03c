// What one lead did, by signal: the instants of its matching activities. Everything that does not
// depend on the instant of scoring is read here once, so that looking ahead needs no second reading.
import type { Activity, Fields, Lead } from '../domain/lead.ts';
import type { CompiledSignal } from './compile/compiled-signals.ts';
import type { Subscriptions } from './compile/subscriptions.ts';
import { parseInstantOrDate } from './time/instant.ts';
import { Timeline } from './time/timeline.ts';

const NO_LEAD: Lead = { id: '', fields: {}, activities: [], unobserved: [] };

/** Holds one lead at a time: a model has one ledger, which reads each lead in turn. */
export class Ledger {
  readonly #subscriptions: Subscriptions;
  readonly #timelines: readonly Timeline[];
  #lead = NO_LEAD;
  #created: number | null | undefined;

  /** @param slots the number of slots, to which the subscriptions point */
  constructor(subscriptions: Subscriptions, slots: number) {
    this.#subscriptions = subscriptions;
    this.#timelines = Array.from({ length: slots }, () => new Timeline());
  }

  /** Valid until another lead is read. Reading the same lead again costs nothing. */
  read(lead: Lead): this {
    if (lead === this.#lead) return this;
    this.#lead = NO_LEAD;
    for (const timeline of this.#timelines) timeline.clear();
    // The store delivers activities in order of time; other sources may not.
    if (!this.#collect(lead.activities)) for (const timeline of this.#timelines) timeline.sort();
    this.#created = undefined;
    this.#lead = lead;
    return this;
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

  get fields(): Fields {
    return this.#lead.fields;
  }

  timeline(slot: number): Timeline {
    const timeline = this.#timelines[slot];
    if (timeline === undefined) throw new Error(`The ledger has no slot ${slot}.`);
    return timeline;
  }

  /** Whether the CRM makes the signal's activity type unavailable. */
  isHidden(signal: CompiledSignal): boolean {
    const { unobserved } = this.#lead;
    if (unobserved.length === 0 || signal.kind === 'state') return false;
    if (unobserved.includes(signal.activity)) return true;
    return signal.kind === 'absent' && signal.requires !== undefined && unobserved.includes(signal.requires);
  }

  /**
   * `contact.created_at` in epoch milliseconds; null if unknown, or neither an instant nor a date.
   */
  createdAt(): number | null {
    if (this.#created === undefined) {
      const value = this.#lead.fields['contact.created_at'];
      this.#created = typeof value === 'string' ? parseInstantOrDate(value.trim()) : null;
    }
    return this.#created;
  }
}
