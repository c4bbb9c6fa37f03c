// E-mails (EmailMessage): written by a lead, or sent to one, then possibly opened or bounced. One
// message can therefore be several activities; the property `kind` distinguishes them.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_emailmessage.htm

import type { ChangeStream, RecordRef } from '../../../src/crm/connector.ts';
import type { Fields } from '../../../src/domain/lead.ts';
import { activityProperties } from '../../../src/mapping/project-activities.ts';
import type { SalesforceParts } from '../parts.ts';
import { missingFields } from '../query/visibility.ts';
import { reconcileItems } from '../reconcile/reconcile-items.ts';
import { fieldValue, personRefs, toActivities } from './activity-items.ts';
import { missingDateFields } from './date-fields.ts';
import { type Item, type ItemSource, readItemPages } from './item-stream.ts';
import type { StreamReader } from './stream-reader.ts';

const RELATION = {
  object: 'EmailMessageRelation',
  item: 'EmailMessageId',
  person: 'RelationId',
  fields: ['RelationType'],
};
// The task that Salesforce creates for each message. It names the person if the relation is hidden.
const TASK_PERSON = 'Activity.WhoId';
const FIELDS = ['Incoming', 'Status', 'IsOpened', 'IsBounced', TASK_PERSON];
/** `Status` of a draft. */
const DRAFT = '5';

export function emailStream(parts: SalesforceParts, stream: ChangeStream): StreamReader {
  const source: ItemSource = {
    id: stream.id,
    object: 'EmailMessage',
    kind: 'email',
    fields: [...FIELDS, ...activityProperties(parts.mapping, stream.id)],
    relation: RELATION,
    project: (item) => {
      const people = correspondents(item);
      const kinds = messageKinds(item.values).map((kind) => {
        const properties = { ...item.values, kind };
        return toActivities(parts, { id: activityId(kind, item.id), source: stream.id, properties, people });
      });
      const undated = kinds.find((kind) => kind.undated !== undefined)?.undated;
      const activities = kinds.flatMap((kind) => kind.activities);
      return { activities, ...(undated === undefined ? {} : { undated }) };
    },
    possibleIds: (id) => ({ activities: KINDS.map((kind) => activityId(kind, id)), outcomes: [] }),
  };
  return {
    stream,
    object: source.object,
    checkAvailability: async (signal) => {
      const access = { what: 'reading emails', object: source.object, fields: ['Incoming'] };
      const unavailable =
        (await missingFields(parts, access, signal)) ?? (await missingDateFields(parts, access, stream.id, signal));
      if (unavailable !== null) return unavailable;
      if ((await parts.schema.visiblePaths(source.object, [TASK_PERSON], signal)).length > 0) return null;
      const { object, item, person } = RELATION;
      return missingFields(parts, { what: 'reading the people of emails', object, fields: [item, person] }, signal);
    },
    read: (cursor, signal, setAside) => readItemPages(parts, source, { cursor, setAside }, signal),
    reconcile: (request, signal) => reconcileItems(parts, source, request, signal),
  };
}

const KINDS = ['incoming', 'sent', 'opened', 'bounced'] as const;
type Kind = (typeof KINDS)[number];

function activityId(kind: Kind, id: string): string {
  if (kind === 'opened') return `email-open:${id}`;
  return kind === 'bounced' ? `email-bounce:${id}` : `email:${id}`;
}

function messageKinds({ Incoming, Status, IsOpened, IsBounced }: Fields): readonly Kind[] {
  if (Status === DRAFT) return [];
  if (Incoming === true) return ['incoming'];
  if (IsBounced === true) return ['bounced'];
  // Salesforce records only the first open, by any of the recipients.
  return IsOpened === true ? ['sent', 'opened'] : ['sent'];
}

/**
 * The author of an incoming e-mail (the people in copy did nothing), or the recipients of a sent
 * one.
 */
function correspondents({ values, links }: Item): readonly RecordRef[] {
  if (links === null) return personRefs([values[TASK_PERSON]]);
  const isIncoming = values.Incoming === true;
  const relevant = links.filter((link) => {
    const type = link.values.RelationType;
    return type === undefined || isIncoming === (type === 'FromAddress');
  });
  return personRefs(relevant.map(fieldValue('RelationId')));
}
