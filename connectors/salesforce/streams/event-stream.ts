// Calendar events: meetings. A canceled meeting is a deleted event.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_event.htm

import type { ChangeStream, RecordRef } from '../../../src/crm/connector.ts';
import { activityProperties } from '../../../src/mapping/project-activities.ts';
import type { SalesforceParts } from '../parts.ts';
import { missingFields } from '../query/visibility.ts';
import { reconcileItems } from '../reconcile/reconcile-items.ts';
import { fieldValue, personRefs, toActivities } from './activity-items.ts';
import { missingDateFields } from './date-fields.ts';
import { type Item, type ItemSource, readItemPages } from './item-stream.ts';
import type { StreamReader } from './stream-reader.ts';

export function eventStream(parts: SalesforceParts, stream: ChangeStream): StreamReader {
  const source: ItemSource = {
    id: stream.id,
    object: 'Event',
    kind: 'event',
    fields: ['WhoId', 'IsChild', 'IsRecurrence', 'GroupEventType', ...activityProperties(parts.mapping, stream.id)],
    // The invitees; with Shared Activities also the people that the event concerns.
    relation: { object: 'EventRelation', item: 'EventId', person: 'RelationId', fields: ['Status'] },
    project: (item) => {
      const { id, values: properties } = item;
      return toActivities(parts, { id: `event:${id}`, source: stream.id, properties, people: participants(item) });
    },
    possibleIds: (id) => ({ activities: [`event:${id}`], outcomes: [] }),
  };
  return {
    stream,
    object: source.object,
    checkAvailability: async (signal) => {
      const access = { what: 'reading events', object: 'Event', fields: ['WhoId'] };
      return (
        (await missingFields(parts, access, signal)) ?? (await missingDateFields(parts, access, stream.id, signal))
      );
    },
    read: (cursor, signal, setAside) => readItemPages(parts, source, { cursor, setAside }, signal),
    reconcile: (request, signal) => reconcileItems(parts, source, request, signal),
  };
}

const NOT_ATTENDING: ReadonlySet<unknown> = new Set(['Declined', 'Uninvited']);

/** `GroupEventType` of the pattern of a series of Lightning Experience. */
const SERIES_PATTERN = '3';

/**
 * Empty for a child event, the copy that each invited colleague has: only the event itself counts.
 * Empty also for the pattern of a series: each occurrence is an event of its own.
 * https://developer.salesforce.com/docs/platform/change-data-capture/guide/cdc-standard-objects-task-event-recurring.html
 */
export function participants({ values, links }: Pick<Item, 'values' | 'links'>): readonly RecordRef[] {
  if (values.IsChild === true || values.IsRecurrence === true || values.GroupEventType === SERIES_PATTERN) return [];
  const absentLinks = (links ?? []).filter((link) => NOT_ATTENDING.has(link.values.Status));
  const absent = new Set(absentLinks.map(fieldValue('RelationId')));
  const ids = [values.WhoId, ...(links ?? []).map(fieldValue('RelationId'))];
  return personRefs(ids.filter((id) => !absent.has(id)));
}
