// Tasks: logged calls, and every other task that a rule of the mapping reads as an activity.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_task.htm

import type { ChangeStream } from '../../../src/crm/connector.ts';
import { activityProperties } from '../../../src/mapping/project-activities.ts';
import type { SalesforceParts } from '../parts.ts';
import { missingFields } from '../query/visibility.ts';
import { reconcileItems } from '../reconcile/reconcile-items.ts';
import { fieldValue, personRefs, toActivities } from './activity-items.ts';
import { missingDateFields } from './date-fields.ts';
import { type ItemSource, readItemPages } from './item-stream.ts';
import type { StreamReader } from './stream-reader.ts';

export function taskStream(parts: SalesforceParts, stream: ChangeStream): StreamReader {
  const source: ItemSource = {
    id: stream.id,
    object: 'Task',
    kind: 'task',
    fields: ['WhoId', 'IsRecurrence', ...activityProperties(parts.mapping, stream.id)],
    // Exists only with Shared Activities, where one task may concern several people.
    relation: { object: 'TaskRelation', item: 'TaskId', person: 'RelationId', fields: [] },
    project: ({ id, values, links }) => {
      // The pattern of a series is a task of its own, beside its occurrences.
      const isPattern = values.IsRecurrence === true;
      const people = isPattern ? [] : personRefs([values.WhoId, ...(links ?? []).map(fieldValue('RelationId'))]);
      return toActivities(parts, { id: `task:${id}`, source: stream.id, properties: values, people });
    },
    possibleIds: (id) => ({ activities: [`task:${id}`], outcomes: [] }),
  };
  return {
    stream,
    object: source.object,
    checkAvailability: async (signal) => {
      const access = { what: 'reading tasks', object: 'Task', fields: ['WhoId'] };
      return (
        (await missingFields(parts, access, signal)) ?? (await missingDateFields(parts, access, stream.id, signal))
      );
    },
    read: (cursor, signal, setAside) => readItemPages(parts, source, { cursor, setAside }, signal),
    reconcile: (request, signal) => reconcileItems(parts, source, request, signal),
  };
}
