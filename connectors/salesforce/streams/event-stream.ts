// Events of the calendar: meetings. An event that was called off is deleted.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_event.htm

import type { ChangeStream, RecordRef } from '../../../src/crm/connector.ts';
import { activityProperties } from '../../../src/mapping/project-activities.ts';
import { missingFields } from '../query/visibility.ts';
import { peopleAmong, personIn, toActivities } from './activity-items.ts';
import { type Item, type ItemSource, readItems } from './item-stream.ts';
import type { SalesforceParts, StreamReader } from './stream.ts';
import { hasNoReadableDate } from './undated.ts';

export function eventStream(parts: SalesforceParts, stream: ChangeStream): StreamReader {
  const source: ItemSource = {
    id: stream.id,
    object: 'Event',
    fields: ['WhoId', 'IsChild', ...activityProperties(parts.mapping, stream.id)],
    // Whom it is about, where activities are shared; and everywhere, who was invited.
    relation: { object: 'EventRelation', item: 'EventId', person: 'RelationId', fields: ['Status'] },
    show: (item) => {
      const properties = item.values;
      return {
        activities: toActivities(parts, {
          id: `event:${item.id}`,
          source: stream.id,
          properties,
          people: participants(item),
        }),
      };
    },
    idsOf: (id) => ({ activities: [`event:${id}`], outcomes: [] }),
  };
  return {
    stream,
    sight: async (signal) => {
      const needed = { what: 'reading events', object: 'Event', fields: ['WhoId'] };
      return (
        (await missingFields(parts, needed, signal)) ?? (await hasNoReadableDate(parts, needed, stream.id, signal))
      );
    },
    read: (cursor, signal) => readItems(parts, source, cursor, signal),
  };
}

const STAY_AWAY: ReadonlySet<unknown> = new Set(['Declined', 'Uninvited']);

/** Nobody for the copy that each colleague who was invited has of an event: the event itself counts. */
export function participants({ values, links }: Pick<Item, 'values' | 'links'>): readonly RecordRef[] {
  if (values.IsChild === true) return [];
  const away = new Set((links ?? []).filter((link) => STAY_AWAY.has(link.values.Status)).map(personIn('RelationId')));
  const ids = [values.WhoId, ...(links ?? []).map(personIn('RelationId'))];
  return peopleAmong(ids.filter((id) => !away.has(id)));
}
