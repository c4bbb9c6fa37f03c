// Campaign members: what somebody did in a campaign, a form or a webinar for example, by the campaign's type and the member's
// status.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_campaignmember.htm

import type { ChangeStream } from '../../../src/crm/connector.ts';
import { activityProperties } from '../../../src/mapping/project-activities.ts';
import { textOf } from '../people/person-mapping.ts';
import { missingFields } from '../query/visibility.ts';
import { peopleAmong, toActivities } from './activity-items.ts';
import { type ItemSource, readItems } from './item-stream.ts';
import type { SalesforceParts, StreamReader } from './stream.ts';
import { hasNoReadableDate } from './undated.ts';

export function campaignMemberStream(parts: SalesforceParts, stream: ChangeStream): StreamReader {
  const source: ItemSource = {
    id: stream.id,
    object: 'CampaignMember',
    fields: ['LeadId', 'ContactId', ...activityProperties(parts.mapping, stream.id)],
    show: ({ id, values }) => {
      // A member whose Lead was converted has both: the Lead lives on in the Contact.
      const people = peopleAmong([textOf(values.ContactId) ?? values.LeadId]);
      return { activities: toActivities(parts, { id: idOf(id), source: stream.id, properties: values, people }) };
    },
    idsOf: (id) => ({ activities: [idOf(id)], outcomes: [] }),
  };
  return {
    stream,
    sight: async (signal) => {
      const needed = { what: 'reading campaign members', object: 'CampaignMember', fields: ['LeadId', 'ContactId'] };
      return (
        (await missingFields(parts, needed, signal)) ?? (await hasNoReadableDate(parts, needed, stream.id, signal))
      );
    },
    read: (cursor, signal) => readItems(parts, source, cursor, signal),
  };
}

function idOf(id: string): string {
  return `campaign-member:${id}`;
}
