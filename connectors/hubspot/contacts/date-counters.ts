// Dates what the counters of contacts counted: their history, fifty contacts a call.

import type {
  ChangedCounters,
  DatedEvents,
  SourcedActivity,
  StoredCounterPosition,
} from '../../../src/crm/connector.ts';
import { toInstant } from '../../../src/mapping/convert-value.ts';
import type { HubSpotObject } from '../http/responses.ts';
import { batchRead } from '../objects/batch-read.ts';
import { HISTORY_BATCH } from '../objects/object-reads.ts';
import type { HubSpotParts } from '../streams/stream.ts';
import { contactRef, idsIn, MERGED_IDS } from './contact-mapping.ts';
import { COUNTERS, shownCount } from './counters.ts';
import { type CounterEvent, dateCounter, type Version, valueAt } from './date-from-history.ts';

type FoundThings = Pick<DatedEvents, 'activities' | 'gone'> & DatedEvents['records'][number]['counters'][number];

export async function dateCounterEvents(
  parts: HubSpotParts,
  undated: readonly ChangedCounters[],
  signal: AbortSignal,
): Promise<DatedEvents> {
  const { records } = await batchRead(parts.http, requestFor(undated), signal);
  const byId = new Map(records.map((record) => [record.id, record]));
  const found = undated.flatMap(({ ref, counters }) => {
    const contact = byId.get(ref.id);
    return contact === undefined ? [] : [{ ref, counters: counters.map((each) => thingsOf(parts, contact, each)) }];
  });
  return {
    records: found.map(({ ref, counters }) => ({
      ref,
      counters: counters.map(({ counter, dated, shown, problems }) => ({ counter, dated, shown, problems })),
    })),
    activities: found.flatMap(({ counters }) => counters.flatMap(({ activities }) => activities)),
    gone: found.flatMap(({ counters }) => counters.flatMap(({ gone }) => gone)),
    unanswered: undated.flatMap(({ ref }) => (byId.has(ref.id) ? [] : [ref])),
  };
}

function requestFor(undated: readonly ChangedCounters[]) {
  const sources = [...new Set(undated.flatMap(({ counters }) => counters.map(({ counter }) => counter)))].flatMap(
    (id) => COUNTERS[id] ?? [],
  );
  const properties = sources.map(({ property }) => property);
  const latest = sources.flatMap((source) => source.latest?.property ?? []);
  return {
    type: 'contacts',
    ids: undated.map(({ ref }) => ref.id),
    properties,
    propertiesWithHistory: [...properties, ...latest, MERGED_IDS],
    size: HISTORY_BATCH,
  };
}

/** What one counter of one contact counted. */
function thingsOf(parts: HubSpotParts, contact: HubSpotObject, undated: StoredCounterPosition): FoundThings {
  const { counter } = undated;
  const { property, latest } = COUNTERS[counter] ?? { property: counter };
  const { things, dated, problems } = dateCounter(versionsOf(contact, property), {
    ...undated,
    merges: mergesOf(contact),
  });
  const labels = latest === undefined ? [] : versionsOf(contact, latest.property);
  const ref = contactRef(contact.id);
  const activities: (SourcedActivity & { stream: string })[] = [];
  const gone: DatedEvents['gone'][number][] = [];
  for (const thing of things) {
    const id = `${contact.id}:${property}:${thing.n}`;
    const label = thing.latest ? valueAt(labels, thing.at) : null;
    const said = latest === undefined || label === null ? {} : latest.properties(label);
    const activity = parts.toActivity({ id, source: counter, properties: { ...said, ...dateOf(thing) } });
    if (activity !== null) activities.push({ ...activity, ref, stream: counter });
    else if (undated.again) gone.push({ ref, activityId: id });
  }
  return { counter, dated, shown: shownCount(contact, property), problems, activities, gone };
}

function dateOf({ n, at }: CounterEvent) {
  return { occurred_at: new Date(at).toISOString(), count: n };
}

/** When the contact took over others (epoch ms). */
function mergesOf(contact: HubSpotObject): readonly number[] {
  const versions = versionsOf(contact, MERGED_IDS).toSorted((a, b) => a.at - b.at);
  return versions.flatMap(({ value, at }, index) => {
    const before = idsIn(versions[index - 1]?.value ?? null).length;
    return idsIn(value).length > before ? [at] : [];
  });
}

/** Those that have a date. */
function versionsOf(contact: HubSpotObject, property: string): readonly Version[] {
  return (contact.propertiesWithHistory?.[property] ?? []).flatMap(({ value, timestamp, sourceType }) => {
    const at = toInstant(timestamp);
    return at === null ? [] : [{ value: value ?? null, at, sourceType: sourceType ?? null }];
  });
}
