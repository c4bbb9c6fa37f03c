// Dates the events that the counters of contacts count, by their histories: 50 contacts per call.

import type {
  ChangedCounters,
  DatedEvents,
  SourcedActivity,
  StoredCounterPosition,
} from '../../../src/crm/connector.ts';
import { isUndated } from '../../../src/mapping/project-activities.ts';
import { toInstant } from '../../../src/mapping/values/convert-value.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import { batchRead } from '../objects/batch-read.ts';
import { HISTORY_BATCH } from '../objects/object-reads.ts';
import type { HubSpotParts } from '../parts.ts';
import { contactRef, MERGED_IDS, parseMergedIds } from './contact-mapping.ts';
import { type Version, valueAt } from './counter-history.ts';
import { COUNTERS, currentCount } from './counters.ts';
import { type CounterEvent, dateCounter } from './date-from-history.ts';

export async function dateCounterEvents(
  parts: HubSpotParts,
  changed: readonly ChangedCounters[],
  signal: AbortSignal,
): Promise<DatedEvents> {
  const { records } = await batchRead(parts.http, requestFor(changed), signal);
  const byId = new Map(records.map((record) => [record.id, record]));
  const found = changed.flatMap(({ ref, counters }) => {
    const contact = byId.get(ref.id);
    if (contact === undefined) return [];
    return [{ ref, counters: counters.map((position) => dateOneCounter(parts, contact, position)) }];
  });
  return {
    records: found.map(({ ref, counters }) => ({
      ref,
      counters: counters.map(({ counter, dated, crmValue, problems }) => ({ counter, dated, crmValue, problems })),
    })),
    activities: found.flatMap(({ counters }) => counters.flatMap(({ activities }) => activities)),
    gone: found.flatMap(({ counters }) => counters.flatMap(({ gone }) => gone)),
    notReturned: changed.flatMap(({ ref }) => (byId.has(ref.id) ? [] : [ref])),
  };
}

function requestFor(changed: readonly ChangedCounters[]) {
  const ids = new Set(changed.flatMap(({ counters }) => counters.map(({ counter }) => counter)));
  const sources = [...ids].flatMap((id) => COUNTERS[id] ?? []);
  const properties = sources.map(({ property }) => property);
  const latest = sources.flatMap((source) => source.latest?.property ?? []);
  return {
    type: 'contacts',
    ids: changed.map(({ ref }) => ref.id),
    properties,
    propertiesWithHistory: [...properties, ...latest, MERGED_IDS],
    size: HISTORY_BATCH,
  };
}

type CounterResult = Pick<DatedEvents, 'activities' | 'gone'> & DatedEvents['records'][number]['counters'][number];

/** Dates the events of one counter of one contact. */
function dateOneCounter(parts: HubSpotParts, contact: HubSpotObject, position: StoredCounterPosition): CounterResult {
  const { counter } = position;
  const { property, latest } = COUNTERS[counter] ?? { property: counter };
  const merges = mergesOf(contact);
  const { events, dated, problems } = dateCounter(versionsOf(contact, property), { ...position, merges });
  const descriptions = latest === undefined ? [] : versionsOf(contact, latest.property);
  const ref = contactRef(contact.id);
  const activities: (SourcedActivity & { stream: string })[] = [];
  const gone: DatedEvents['gone'][number][] = [];
  for (const event of events) {
    const id = `${contact.id}:${property}:${event.number}`;
    const description = event.isLatest ? valueAt(descriptions, event.at) : null;
    const described = latest === undefined || description === null ? {} : latest.properties(description);
    const properties = { ...described, ...datedProperties(event) };
    const activity = parts.toActivity({ id, source: counter, properties });
    if (activity !== null && !isUndated(activity)) activities.push({ ...activity, ref, stream: counter });
    else if (position.redate) gone.push({ ref, activityId: id });
  }
  return { counter, dated, crmValue: currentCount(contact, property), problems, activities, gone };
}

function datedProperties({ number, at }: CounterEvent) {
  return { occurred_at: new Date(at).toISOString(), count: number };
}

/** When other contacts were merged into this one (epoch ms). */
function mergesOf(contact: HubSpotObject): readonly number[] {
  const versions = versionsOf(contact, MERGED_IDS).toSorted((a, b) => a.at - b.at);
  return versions.flatMap(({ value, at }, index) => {
    const before = parseMergedIds(versions[index - 1]?.value ?? null).length;
    return parseMergedIds(value).length > before ? [at] : [];
  });
}

/** The versions with a valid date. */
function versionsOf(contact: HubSpotObject, property: string): readonly Version[] {
  return (contact.propertiesWithHistory?.[property] ?? []).flatMap(({ value, timestamp, sourceType }) => {
    const at = toInstant(timestamp);
    return at === null ? [] : [{ value: value ?? null, at, sourceType: sourceType ?? null }];
  });
}
