// Tasks: calls that were logged, and whatever else a rule of the mapping takes for an activity.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_task.htm

import type { ChangeStream } from '../../../src/crm/connector.ts';
import { activityProperties } from '../../../src/mapping/project-activities.ts';
import { missingFields } from '../query/visibility.ts';
import { peopleAmong, personIn, toActivities } from './activity-items.ts';
import { type ItemSource, readItems } from './item-stream.ts';
import type { SalesforceParts, StreamReader } from './stream.ts';
import { hasNoReadableDate } from './undated.ts';

export function taskStream(parts: SalesforceParts, stream: ChangeStream): StreamReader {
  const source: ItemSource = {
    id: stream.id,
    object: 'Task',
    fields: ['WhoId', ...activityProperties(parts.mapping, stream.id)],
    // There where activities are shared: then a task may be about several people.
    relation: { object: 'TaskRelation', item: 'TaskId', person: 'RelationId', fields: [] },
    show: ({ id, values, links }) => {
      const people = peopleAmong([values.WhoId, ...(links ?? []).map(personIn('RelationId'))]);
      return { activities: toActivities(parts, { id: `task:${id}`, source: stream.id, properties: values, people }) };
    },
    idsOf: (id) => ({ activities: [`task:${id}`], outcomes: [] }),
  };
  return {
    stream,
    sight: async (signal) => {
      const needed = { what: 'reading tasks', object: 'Task', fields: ['WhoId'] };
      return (
        (await missingFields(parts, needed, signal)) ?? (await hasNoReadableDate(parts, needed, stream.id, signal))
      );
    },
    read: (cursor, signal) => readItems(parts, source, cursor, signal),
  };
}
