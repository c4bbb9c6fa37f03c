// One lead's activities as the signals of a model see them: duplicates dropped, matched once, latest first. Everything that
// does not depend on the instant of scoring is settled here, so that looking ahead costs no second matching.
import type { Lead } from '../domain/lead.ts';
import type { MatchResult } from '../domain/score-result.ts';
import type { CompiledSignal, StateSignal } from './compile/compiled-signals.ts';
import { parseInstantOrDate } from './instant.ts';

/** Which slots an activity of a type belongs to. */
export interface SignalSubscription {
  readonly slot: number;
  readonly where: ((attributes: Lead['fields']) => boolean) | null;
}
export type SubscriptionsByType = ReadonlyMap<string, readonly SignalSubscription[]>;

const NONE: readonly number[] = [];

/** By activity type, so that an activity meets only the signals that ask for its type. */
export function subscriptionsByType(signals: readonly CompiledSignal[]): SubscriptionsByType {
  const watchers = new Map<string, SignalSubscription[]>();
  const watch = (type: string, watcher: SignalSubscription) => {
    const list = watchers.get(type);
    if (list) list.push(watcher);
    else watchers.set(type, [watcher]);
  };
  for (const signal of signals) {
    if (signal.kind === 'state') continue;
    watch(signal.activity, { slot: signal.index, where: signal.where });
    if (signal.kind === 'absent' && signal.requires !== undefined) {
      watch(signal.requires, { slot: signal.requiresSlot, where: null });
    }
  }
  return watchers;
}

export class Ledger {
  readonly #lead: Lead;
  readonly #times: (number[] | undefined)[] = [];
  readonly #states: (MatchResult | undefined)[] = [];
  #created: number | null | undefined;

  constructor(lead: Lead, watchers: SubscriptionsByType) {
    this.#lead = lead;
    const seen = new Set<string>();
    for (const activity of lead.activities) {
      if (seen.has(activity.id)) continue;
      seen.add(activity.id);
      for (const { slot, where } of watchers.get(activity.type) ?? []) {
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

  /** When the activities of a slot happened (epoch ms), latest first, those in the future too. */
  times(slot: number): readonly number[] {
    return this.#times[slot] ?? NONE;
  }

  /** Whether the CRM does not let us see what the signal looks at. */
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

  /** `contact.created_at` in epoch milliseconds; null when it is not known, or no instant or date. */
  createdAt(): number | null {
    if (this.#created === undefined) {
      const value = this.#lead.fields['contact.created_at'];
      this.#created = typeof value === 'string' ? parseInstantOrDate(value.trim()) : null;
    }
    return this.#created;
  }
}
