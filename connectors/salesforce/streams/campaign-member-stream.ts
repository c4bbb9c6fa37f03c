// Campaign members. The type of the campaign and the status of the member say what the person did:
// submitted a form, attended a webinar.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_campaignmember.htm

import type { ChangeStream } from '../../../src/crm/connector.ts';
import { activityProperties } from '../../../src/mapping/project-activities.ts';
import type { SalesforceParts } from '../parts.ts';
import { textOf } from '../people/person-mapping.ts';
import { missingFields } from '../query/visibility.ts';
import { reconcileItems } from '../reconcile/reconcile-items.ts';
import { personRefs, toActivities } from './activity-items.ts';
import { missingDateFields } from './date-fields.ts';
import { type ItemSource, readItemPages } from './item-stream.ts';
import type { StreamReader } from './stream-reader.ts';

export function campaignMemberStream(parts: SalesforceParts, stream: ChangeStream): StreamReader {
  const source: ItemSource = {
    id: stream.id,
    object: 'CampaignMember',
    kind: 'campaign member',
    fields: ['LeadId', 'ContactId', ...activityProperties(parts.mapping, stream.id)],
    project: ({ id, values }) => {
      // A member whose Lead was converted has both IDs: the Contact continues the Lead.
      const people = personRefs([textOf(values.ContactId) ?? values.LeadId]);
      return toActivities(parts, { id: activityId(id), source: stream.id, properties: values, people });
    },
    possibleIds: (id) => ({ activities: [activityId(id)], outcomes: [] }),
  };
  return {
    stream,
    object: source.object,
    checkAvailability: async (signal) => {
      const access = { what: 'reading campaign members', object: 'CampaignMember', fields: ['LeadId', 'ContactId'] };
      return (
        (await missingFields(parts, access, signal)) ?? (await missingDateFields(parts, access, stream.id, signal))
      );
    },
    read: (cursor, signal, setAside) => readItemPages(parts, source, { cursor, setAside }, signal),
    reconcile: (request, signal) => reconcileItems(parts, source, request, signal),
  };
}

function activityId(id: string): string {
  return `campaign-member:${id}`;
}
