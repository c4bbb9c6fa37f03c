// Rules on events as signals of behavior.
import { type ImportNote, joined, type Part, type RulePlace, type Translated, unmapped } from './imported.ts';
import type { Calculation, EventCalculation, ScoreGroup } from './score-schema.ts';
import { operationName, toCondition } from './to-condition.ts';

/** HubSpot's numbers of events, as its filters name them, and the activities of the shipped mapping. */
const ACTIVITIES: Readonly<Record<string, string>> = {
  '4-96000': 'page_view',
  '4-1639801': 'form_submission',
  '4-665536': 'email_delivered',
  '4-666440': 'email_open',
  '4-666288': 'email_click',
  '4-665538': 'email_reply',
  '4-5470331': 'email_bounce',
  '4-1720599': 'meeting',
  '4-1733817': 'call',
};
/** An activity that has no limit in HubSpot counts this often. */
const MANY = 20;

/** @param max the limit of the rule or its group, in points */
export function toSignals(
  { eventCalculators = [] }: Calculation,
  place: RulePlace,
  { decay, max }: { readonly decay: Part; readonly max: number | null },
): Translated {
  return joined(
    eventCalculators.map((event, index) => {
      const id = eventCalculators.length === 1 ? place.id : `${place.id}_${index + 1}`;
      return toSignal(event, { ...place, id }, { decay, max });
    }),
  );
}

function toSignal(
  event: EventCalculation,
  place: RulePlace,
  { decay, max }: { readonly decay: Part; readonly max: number | null },
): Translated {
  const activity = ACTIVITIES[event.eventTypeId];
  if (activity === undefined) {
    const write = 'A rule for it under activities of mappings/hubspot.yaml, and a signal with its type.';
    return unmapped(place, `the event ${event.eventTypeId} has no activity.`, write);
  }
  const filtered = toWhere(event.recordCalculation, activity, place);
  if ('notes' in filtered) return filtered;
  const { where, points } = filtered;
  const base = { id: place.id, label: place.label, activity, ...(where !== null && { where }) };
  const timeframe = event.eventTimeframe?.eventFilterOperation;
  const days = timeframe?.operator === 'IS_LESS_THAN_X_DAYS_AGO' ? timeframe.numberOfDays : undefined;
  const notes: ImportNote[] = [];
  if (timeframe !== undefined && days === undefined) {
    const why = `its time frame (${operationName(timeframe)}) has no counterpart.`;
    notes.push({ part: place.part, why, write: 'A window in the signal, e.g. window: 30d.' });
  }
  const ranges = event.eventFrequencyCriteria?.ranges ?? [];
  if (ranges.length > 0 || days !== undefined) {
    const tiers = ranges.length > 0 ? tiersOf(ranges) : [{ count: 1, points }];
    return { parts: [{ ...base, ...(days !== undefined && { window: `${days}d` }), tiers, ...decay }], notes };
  }
  const counts = max === null || points === 0 ? MANY : Math.max(1, Math.ceil(Math.abs(max / points)));
  if (max === null) {
    const why = 'it counts every event without a limit.';
    notes.push({ part: place.part, why, write: `A max_count of your choice; the import wrote ${MANY}.` });
  }
  return { parts: [{ ...base, points, max_count: counts, ...decay }], notes };
}

interface Range {
  readonly from: number;
  readonly type?: string | undefined;
  readonly to?: number | null | undefined;
  readonly value: number;
}

/** Tiers have no upper end: after a range that ends, a tier of 0 points begins. */
function tiersOf(ranges: readonly Range[]): readonly Part[] {
  const sorted = ranges.toSorted((a, b) => a.from - b.from);
  return sorted.flatMap(({ from, to: until, type, value }, index): Part[] => {
    const to = type === 'EXACTLY' ? from : until;
    const next = sorted[index + 1]?.from;
    const isOpen = to === undefined || to === null || to < from || next === to + 1;
    const tier = { count: Math.max(1, from), points: value };
    return isOpen ? [tier] : [tier, { count: to + 1, points: 0 }];
  });
}

/** The points of each event, and the filter on its properties; or why they do not map. */
function toWhere(
  calculation: Calculation,
  activity: string,
  place: RulePlace,
): { readonly points: number; readonly where: Part | null } | Translated {
  if (calculation.type === 'CONSTANT') return { points: calculation.value ?? 0, where: null };
  const [rule, ...others] = calculation.matchRules ?? [];
  if (calculation.type !== 'MATCH' || rule === undefined || others.length > 0) {
    const why = `its calculation (${calculation.type}) of each ${activity} has no counterpart.`;
    return unmapped(place, why, 'A signal for each case, with a where.');
  }
  const attribute = attributeOf(calculation.property ?? '', activity, place);
  const when = toCondition(rule.operation, null, place.mapping);
  if (attribute === null || when === null) {
    const why = `its filter on ${calculation.property} (${operationName(rule.operation)}) has no counterpart.`;
    const write = `A signal: { id: ${place.id}, activity: ${activity}, where: { ... }, points: ${rule.value} }`;
    return unmapped(place, why, write);
  }
  return { points: rule.value, where: { [attribute]: when } };
}

/** The attribute that the mapping makes of a property of the event. */
function attributeOf(property: string, activity: string, { mapping }: RulePlace): string | null {
  for (const rule of mapping.activities ?? []) {
    if (rule.type !== activity) continue;
    for (const [name, source] of Object.entries(rule.attributes ?? {})) {
      if (source === property) return name;
      if (typeof source === 'object' && 'from' in source && [source.from].flat().includes(property)) return name;
    }
  }
  return null;
}

/** HubSpot's decay is a straight line: 50 % every 30 days is nothing after 60. */
export function decayOf({ groupDecay }: Pick<ScoreGroup, 'groupDecay'>): Part {
  if (!groupDecay || groupDecay.percentToDecayPerInterval <= 0) return { half_life: 'none' };
  return { lifetime: `${Math.round((groupDecay.decayIntervalDays * 100) / groupDecay.percentToDecayPerInterval)}d` };
}
