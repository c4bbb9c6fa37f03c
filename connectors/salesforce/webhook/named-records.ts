// The records that Salesforce names -> events: people to be read again, and items of the streams that read their objects.

import type { UnparsedPart, WebhookEvent, WebhookSubject } from '../../../src/crm/webhook-receiver.ts';
import { PRIORITY, type Priority } from '../../../src/domain/priority.ts';

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
  /** The same for each delivery, behind the org's id. */
  readonly key: string;
  readonly isImport: boolean;
  /** As it is kept when it is not understood. */
  readonly text: string;
}

/** A body that was read, in either form. */
export interface NamingMessage {
  readonly kind: 'message';
  /** With 18 characters. */
  readonly org: string;
  readonly named: readonly NamedRecord[];
  readonly unparsed: readonly UnparsedPart[];
}

export type ReadMessage =
  | NamingMessage
  /** It is none that we understand. */
  | { readonly kind: 'unparsed'; readonly reason: string; readonly account?: string }
  /** It declares a document type, or something in one. */
  | { readonly kind: 'declares' };

interface ReadRecords {
  readonly events: readonly WebhookEvent[];
  readonly unparsed: readonly UnparsedPart[];
  readonly ignored: Readonly<Record<string, number>>;
}

interface KnownObject {
  /** That each id of it begins with: https://help.salesforce.com/s/articleView?id=000385203 */
  readonly prefix?: string;
  /** Null: a person. */
  readonly stream: string | null;
}

const OBJECTS: Readonly<Record<string, KnownObject>> = {
  Lead: { prefix: '00Q', stream: null },
  Contact: { prefix: '003', stream: null },
  Account: { prefix: '001', stream: 'accounts' },
  Opportunity: { prefix: '006', stream: 'opportunities' },
  OpportunityContactRole: { prefix: '00K', stream: 'opportunities' },
  Task: { prefix: '00T', stream: 'tasks' },
  TaskRelation: { stream: 'tasks' },
  Event: { prefix: '00U', stream: 'events' },
  EventRelation: { stream: 'events' },
  EmailMessage: { prefix: '02s', stream: 'emails' },
  EmailMessageRelation: { stream: 'emails' },
  CampaignMember: { prefix: '00v', stream: 'campaign_members' },
};

const ACTIVITIES: ReadonlySet<string> = new Set(['tasks', 'events', 'emails', 'campaign_members']);

const API_NAME = /^[A-Za-z]\w*$/;

/** Of another org nothing is kept, and nothing of an object that is not read: its fields may say anything. */
export function readNamed({ org, named, unparsed: parts }: NamingMessage, { streams, orgId }: Reading): ReadRecords {
  if (orgId !== null && org !== orgId) {
    return { events: [], unparsed: [], ignored: { 'other-account': named.length + parts.length } };
  }
  const events: WebhookEvent[] = [];
  const unparsed: UnparsedPart[] = [...parts];
  const ignored: Partial<Record<Ignored, number>> = {};
  for (const record of named) {
    const { key, text } = record;
    const read = readOne(record, streams);
    if ('reason' in read) unparsed.push({ text, reason: read.reason, account: org });
    else if ('ignored' in read) ignored[read.ignored] = (ignored[read.ignored] ?? 0) + 1;
    else events.push({ key, account: org, occurredAt: null, ...read });
  }
  return { events, unparsed, ignored };
}

type Ignored = 'ignored_object' | 'ignored_property';

type ReadRecord =
  | Pick<WebhookEvent, 'subject' | 'priority'>
  | { readonly reason: string }
  | { readonly ignored: Ignored };

function readOne(record: NamedRecord, streams: ReadonlySet<string>): ReadRecord {
  const { object, id } = record;
  if (!API_NAME.test(object)) return { reason: 'The name of the object is none of Salesforce.' };
  const known = Object.hasOwn(OBJECTS, object) ? OBJECTS[object] : undefined;
  if (known === undefined) return { ignored: 'ignored_object' };
  if (known.prefix !== undefined && !id.startsWith(known.prefix)) return { reason: 'The id is one of another object.' };
  if (known.stream !== null && !streams.has(known.stream)) return { ignored: 'ignored_property' };
  return { subject: subjectOf(known, record), priority: priorityOf(known, record) };
}

function subjectOf({ stream }: KnownObject, { object, id }: NamedRecord): WebhookSubject {
  // The stream is pulled, and follows its relations by itself.
  return stream === null ? { kind: 'record', ref: { object, id } } : { kind: 'item', stream, id };
}

function priorityOf({ stream }: KnownObject, { isImport }: NamedRecord): Priority {
  if (isImport) return PRIORITY.import;
  return stream !== null && ACTIVITIES.has(stream) ? PRIORITY.activity : PRIORITY.change;
}
