// Which signals an activity counts for. A slot is a place where a lead's ledger collects the instants of matching activities.
import type { Fields } from '../../domain/lead.ts';
import type { CompiledSignal } from './compiled-signals.ts';
import { rememberByField } from './remember.ts';

/** The slots that collect activities of one type. */
interface TypeSubscriptions {
  /** Those without conditions on attributes. */
  readonly always: readonly number[];
  /** One for each attribute, and one for each signal that reads several: the slots that collect these attributes. */
  readonly byAttributes: readonly ((attributes: Fields) => readonly number[])[];
}
export type Subscriptions = ReadonlyMap<string, TypeSubscriptions>;

interface Subscription {
  readonly type: string;
  readonly slot: number;
  readonly where: (attributes: Fields) => boolean;
  /** The attributes that `where` reads. */
  readonly attributes: readonly string[];
}

export function compileSubscriptions(signals: readonly CompiledSignal[]): Subscriptions {
  const byType = Map.groupBy(signals.flatMap(subscriptionsOf), ({ type }) => type);
  return new Map([...byType].map(([type, subscriptions]) => [type, groupByAttributes(subscriptions)]));
}

function subscriptionsOf(signal: CompiledSignal): Subscription[] {
  if (signal.kind === 'state') return [];
  const { activity: type, index: slot, where, attributes } = signal;
  const own: Subscription = { type, slot, where, attributes };
  if (signal.kind !== 'absent' || signal.requires === undefined) return [own];
  return [own, { type: signal.requires, slot: signal.requiresSlot, where: () => true, attributes: [] }];
}

function groupByAttributes(subscriptions: readonly Subscription[]): TypeSubscriptions {
  const always = subscriptions.filter(({ attributes }) => attributes.length === 0).map(({ slot }) => slot);
  const others = subscriptions.filter(({ attributes }) => attributes.length > 0);
  const groups = Map.groupBy(others, ({ attributes, slot }) => (attributes.length === 1 ? attributes[0] : slot));
  const byAttributes = [...groups.values()].map((group) => {
    const names = group[0]?.attributes ?? [];
    return rememberByField(names, (values) => group.filter(({ where }) => where(values)).map(({ slot }) => slot));
  });
  return { always, byAttributes };
}
