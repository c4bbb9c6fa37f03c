// The records that Salesforce names -> events: people to be read again, and items of the streams that read their objects.
import { PRIORITY, type Priority } from '../../../src/domain/priority.ts';
import type { UnreadPart, WebhookEvent, WebhookSubject } from '../../webhook.ts';

export interface Reading {
  /** Ids of the streams that the mapping reads. */
  readonly streams: ReadonlySet<string>;
  /** The org that alone may send, with 18 characters; null = the settings name none. */
  readonly orgId: string | null;
}

export interface NamedRecord {
  /** By its API name. */
  readonly object: string;
  /** With 18 characters. */
  readonly id: string;
  /** Of a relation, the item that it belongs to, where that is told. */
  readonly itemId: string | null;
  /** The same for each delivery, behind the org's id. */
  readonly key: string;
  /** Epoch ms. */
  readonly occurredAt: number;
  readonly isImport: boolean;
  /** As it was sent. */
  readonly text: string;
}

/** A body that was read, in either form. */
export interface NamingMessage {
  readonly kind: 'message';
  /** With 18 characters. */
  readonly org: string;
  readonly named: readonly NamedRecord[];
  readonly unread: readonly UnreadPart[];
}

export type ReadMessage =
  | NamingMessage
  /** It is none that we understand. */
  | { readonly kind: 'unread'; readonly reason: string }
  /** It declares a document type, or something in one. */
  | { readonly kind: 'declares' };

interface ReadRecords {
  readonly events: readonly WebhookEvent[];
  readonly unread: readonly UnreadPart[];
  readonly ignored: Readonly<Record<string, number>>;
}

interface KnownObject {
  /** That each id of it begins with: https://help.salesforce.com/s/articleView?id=000385203 */
  readonly prefix?: string;
  /** Null: a person. */
  readonly stream: string | null;
  /** Of a relation: its field that names the item. */
  readonly item?: string;
}

const OBJECTS: Readonly<Record<string, KnownObject>> = {
  Lead: { prefix: '00Q', stream: null },
  Contact: { prefix: '003', stream: null },
  Account: { prefix: '001', stream: 'accounts' },
  Opportunity: { prefix: '006', stream: 'opportunities' },
  OpportunityContactRole: { prefix: '00K', stream: 'opportunities', item: 'OpportunityId' },
  Task: { prefix: '00T', stream: 'tasks' },
  TaskRelation: { stream: 'tasks', item: 'TaskId' },
  Event: { prefix: '00U', stream: 'events' },
  EventRelation: { stream: 'events', item: 'EventId' },
  EmailMessage: { prefix: '02s', stream: 'emails' },
  EmailMessageRelation: { stream: 'emails', item: 'EmailMessageId' },
  CampaignMember: { prefix: '00v', stream: 'campaign_members' },
};

const ACTIVITIES: ReadonlySet<string> = new Set(['tasks', 'events', 'emails', 'campaign_members']);

/** The field of a relation that names the item which it belongs to; null: it is no relation that we know. */
export function itemFieldOf(object: string): string | null {
  return known(object)?.item ?? null;
}

/** Of another org nothing is kept. */
export function readNamed({ org, named, unread: parts }: NamingMessage, { streams, orgId }: Reading): ReadRecords {
  if (orgId !== null && org !== orgId) {
    return { events: [], unread: [], ignored: { 'other-account': named.length + parts.length } };
  }
  const events: WebhookEvent[] = [];
  const unread: UnreadPart[] = [...parts];
  let notMapped = 0;
  for (const record of named) {
    const object = known(record.object);
    if (object === undefined) {
      unread.push({ text: record.text, reason: 'The object is none that Leadgrade reads.' });
    } else if (object.prefix !== undefined && !record.id.startsWith(object.prefix)) {
      unread.push({ text: record.text, reason: 'The id is one of another object.' });
    } else if (object.stream !== null && !streams.has(object.stream)) {
      notMapped += 1;
    } else {
      const { key, occurredAt } = record;
      events.push({
        key,
        account: org,
        subject: subjectOf(object, record),
        priority: priorityOf(object, record),
        occurredAt,
      });
    }
  }
  return { events, unread, ignored: notMapped === 0 ? {} : { 'not-mapped': notMapped } };
}

function known(object: string): KnownObject | undefined {
  return Object.hasOwn(OBJECTS, object) ? OBJECTS[object] : undefined;
}

function subjectOf({ stream }: KnownObject, { object, id, itemId }: NamedRecord): WebhookSubject {
  if (stream === null) return { kind: 'record', ref: { object, id } };
  // A relation that does not say whose it is: the stream is pulled, which follows its relations by itself.
  return { kind: 'item', stream, id: itemId ?? id };
}

function priorityOf({ stream }: KnownObject, { isImport }: NamedRecord): Priority {
  if (isImport) return PRIORITY.import;
  return stream !== null && ACTIVITIES.has(stream) ? PRIORITY.activity : PRIORITY.change;
}
