// Which signals an activity counts for. A slot is a place where a lead's ledger collects the instants of matching activities.
import type { Fields } from '../../domain/lead.ts';
import type { CompiledSignal } from './compiled-signals.ts';
import { rememberByField } from './remember.ts';

/** The slots that collect an activity with these attributes. */
type SlotSelector = (attributes: Fields) => readonly number[];
/** By activity type. */
export type Subscriptions = ReadonlyMap<string, readonly SlotSelector[]>;

interface Subscription {
  readonly type: string;
  readonly slot: number;
  readonly where: (attributes: Fields) => boolean;
  /** The attributes that `where` reads. */
  readonly attributes: readonly string[];
}

export function compileSubscriptions(signals: readonly CompiledSignal[]): Subscriptions {
  const byType = Map.groupBy(signals.flatMap(subscriptionsOf), ({ type }) => type);
  return new Map([...byType].map(([type, subscriptions]) => [type, selectorsOf(subscriptions)]));
}

function subscriptionsOf(signal: CompiledSignal): Subscription[] {
  if (signal.kind === 'state') return [];
  const { activity: type, index: slot, where, attributes } = signal;
  const own: Subscription = { type, slot, where, attributes };
  if (signal.kind !== 'absent' || signal.requires === undefined) return [own];
  return [own, { type: signal.requires, slot: signal.requiresSlot, where: () => true, attributes: [] }];
}

/** One selector for all signals without `where`, one for each attribute, and one for each signal that reads several. */
function selectorsOf(subscriptions: readonly Subscription[]): SlotSelector[] {
  const groups = Map.groupBy(subscriptions, ({ attributes, slot }) => {
    return attributes.length > 1 ? slot : (attributes[0] ?? null);
  });
  return [...groups.values()].map((group) => {
    const [{ attributes } = { attributes: [] }] = group;
    const slotsOf = (values: Fields) => group.filter(({ where }) => where(values)).map(({ slot }) => slot);
    if (attributes.length > 0) return rememberByField(attributes, slotsOf);
    const slots = slotsOf({});
    return () => slots;
  });
}
