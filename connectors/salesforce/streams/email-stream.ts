// E-mails (EmailMessage): one that a lead wrote, or one that was sent, which may have been opened or have bounced. One message is
// several things that happened, so it is shown as several items, told apart by `kind`.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_emailmessage.htm

import type { ChangeStream, RecordRef } from '../../../src/crm/connector.ts';
import type { Fields } from '../../../src/domain/lead.ts';
import { activityProperties } from '../../../src/mapping/project-activities.ts';
import { missingFields } from '../query/visibility.ts';
import { peopleAmong, personIn, toActivities } from './activity-items.ts';
import { type Item, type ItemSource, readItems } from './item-stream.ts';
import type { SalesforceParts, StreamReader } from './stream.ts';
import { hasNoReadableDate } from './undated.ts';

const RELATION = {
  object: 'EmailMessageRelation',
  item: 'EmailMessageId',
  person: 'RelationId',
  fields: ['RelationType'],
};
// Without the relation, whom it is about stands on the task that Salesforce keeps of it.
const WHO = 'Activity.WhoId';
const FIELDS = ['Incoming', 'Status', 'IsOpened', 'IsBounced', WHO];
const DRAFT = '5';

export function emailStream(parts: SalesforceParts, stream: ChangeStream): StreamReader {
  const source: ItemSource = {
    id: stream.id,
    object: 'EmailMessage',
    fields: [...FIELDS, ...activityProperties(parts.mapping, stream.id)],
    relation: RELATION,
    show: (item) => {
      const people = correspondents(item);
      const activities = kindsOf(item.values).flatMap((kind) => {
        const properties = { ...item.values, kind };
        return toActivities(parts, { id: activityId(kind, item.id), source: stream.id, properties, people });
      });
      return { activities };
    },
    idsOf: (id) => ({ activities: KINDS.map((kind) => activityId(kind, id)), outcomes: [] }),
  };
  return {
    stream,
    sight: async (signal) => {
      const needed = { what: 'reading emails', object: source.object, fields: ['Incoming'] };
      const denied =
        (await missingFields(parts, needed, signal)) ?? (await hasNoReadableDate(parts, needed, stream.id, signal));
      if (denied !== null || (await parts.schema.visible(source.object, [WHO], signal)).length > 0) return denied;
      const { object, item, person } = RELATION;
      return missingFields(parts, { what: 'reading whom emails are about', object, fields: [item, person] }, signal);
    },
    read: (cursor, signal) => readItems(parts, source, cursor, signal),
  };
}

const KINDS = ['incoming', 'sent', 'opened', 'bounced'] as const;
type Kind = (typeof KINDS)[number];

function activityId(kind: Kind, id: string): string {
  if (kind === 'opened') return `email-open:${id}`;
  return kind === 'bounced' ? `email-bounce:${id}` : `email:${id}`;
}

function kindsOf({ Incoming, Status, IsOpened, IsBounced }: Fields): readonly Kind[] {
  if (Status === DRAFT) return [];
  if (Incoming === true) return ['incoming'];
  if (IsBounced === true) return ['bounced'];
  // Salesforce notes the first time that it was opened, by any of those whom it was sent to.
  return IsOpened === true ? ['sent', 'opened'] : ['sent'];
}

/** Of an e-mail that came in, who wrote it: those in copy did nothing. Of one that was sent, whom it went to. */
function correspondents({ values, links }: Item): readonly RecordRef[] {
  if (links === null) return peopleAmong([values[WHO]]);
  const isIncoming = values.Incoming === true;
  const wanted = links.filter((link) => {
    const type = link.values.RelationType;
    return type === undefined || isIncoming === (type === 'FromAddress');
  });
  return peopleAmong(wanted.map(personIn('RelationId')));
}
