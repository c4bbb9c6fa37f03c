// The activities of one lead by signal: deduplicated, matched once, latest first. Everything that
// does not depend on the instant of scoring is computed here, so that looking ahead needs no second
// matching.
import type { Lead } from '../domain/lead.ts';
import type { MatchResult } from '../domain/score-result.ts';
import type { CompiledSignal, StateSignal } from './compile/compiled-signals.ts';
import { parseInstantOrDate } from './instant.ts';

/** A slot that collects the activities of a type. */
export interface SignalSubscription {
  readonly slot: number;
  readonly where: ((attributes: Lead['fields']) => boolean) | null;
}
export type SubscriptionsByType = ReadonlyMap<string, readonly SignalSubscription[]>;

const NONE: readonly number[] = [];

/** Subscriptions by activity type, so that an activity is tested only for signals of its type. */
export function subscriptionsByType(signals: readonly CompiledSignal[]): SubscriptionsByType {
  const byType = new Map<string, SignalSubscription[]>();
  const subscribe = (type: string, subscription: SignalSubscription) => {
    const list = byType.get(type);
    if (list) list.push(subscription);
    else byType.set(type, [subscription]);
  };
  for (const signal of signals) {
    if (signal.kind === 'state') continue;
    subscribe(signal.activity, { slot: signal.index, where: signal.where });
    if (signal.kind === 'absent' && signal.requires !== undefined) {
      subscribe(signal.requires, { slot: signal.requiresSlot, where: null });
    }
  }
  return byType;
}

export class Ledger {
  readonly #lead: Lead;
  readonly #times: (number[] | undefined)[] = [];
  readonly #states: (MatchResult | undefined)[] = [];
  #created: number | null | undefined;

  constructor(lead: Lead, subscriptions: SubscriptionsByType) {
    this.#lead = lead;
    const seen = new Set<string>();
    for (const activity of lead.activities) {
      if (seen.has(activity.id)) continue;
      seen.add(activity.id);
      for (const { slot, where } of subscriptions.get(activity.type) ?? []) {
        if (where === null || where(activity.attributes)) this.#add(slot, activity.at);
      }
    }
    for (const times of this.#times) if (times && times.length > 1) times.sort((a, b) => b - a);
  }

  #add(slot: number, at: number): void {
    const times = this.#times[slot];
    if (times) times.push(at);
    else this.#times[slot] = [at];
  }

  /** The instants of a slot's activities (epoch ms), latest first, future ones included. */
  times(slot: number): readonly number[] {
    return this.#times[slot] ?? NONE;
  }

  /** Whether the CRM makes the signal's activity type unavailable. */
  isHidden(signal: CompiledSignal): boolean {
    const { unobserved } = this.#lead;
    if (unobserved.length === 0 || signal.kind === 'state') return false;
    if (unobserved.includes(signal.activity)) return true;
    return signal.kind === 'absent' && signal.requires !== undefined && unobserved.includes(signal.requires);
  }

  stateOf(signal: StateSignal): MatchResult {
    let outcome = this.#states[signal.index];
    if (outcome === undefined) {
      outcome = signal.test(this.#lead.fields);
      this.#states[signal.index] = outcome;
    }
    return outcome;
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
