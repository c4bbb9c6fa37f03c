// The records that a message names -> webhook events: people that must be read again, or items of
// the stream that reads the object.

import type { UnparsedPart, WebhookEvent, WebhookSubject } from '../../../src/crm/webhook-receiver.ts';
import { PRIORITY, type Priority } from '../../../src/domain/priority.ts';

export interface ReceiverContext {
  /** IDs of the streams that the mapping reads. */
  readonly streams: ReadonlySet<string>;
  /** The only allowed org, with 18 characters; null = any org. */
  readonly orgId: string | null;
}

export interface NamedRecord {
  /** The API name. */
  readonly object: string;
  /** With 18 characters. */
  readonly id: string;
  /** Equal for all deliveries of one event; follows the ID of the org. */
  readonly key: string;
  readonly isImport: boolean;
  /** The text to store if no event can be made of it. */
  readonly text: string;
}

/** A parsed body of either format. */
export interface ParsedMessage {
  readonly kind: 'message';
  /** With 18 characters. */
  readonly org: string;
  readonly named: readonly NamedRecord[];
  readonly unparsed: readonly UnparsedPart[];
}

export type MessageResult =
  | ParsedMessage
  /** The body has an unknown format. */
  | { readonly kind: 'unparsed'; readonly reason: string; readonly account?: string }
  /** The XML declares a document type, or an entity or element of one. */
  | { readonly kind: 'document-type' };

interface ToEventsResult {
  readonly events: readonly WebhookEvent[];
  readonly unparsed: readonly UnparsedPart[];
  readonly ignored: Readonly<Record<string, number>>;
}

interface KnownObject {
  /** The prefix of its record IDs: https://help.salesforce.com/s/articleView?id=000385203 */
  readonly prefix?: string;
  /** Null: the record is a person. */
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

/**
 * Records of another org or of an unread object are only counted: their fields may contain any
 * data, so no text is stored.
 */
export function toWebhookEvents(
  { org, named, unparsed: parts }: ParsedMessage,
  { streams, orgId }: ReceiverContext,
): ToEventsResult {
  if (orgId !== null && org !== orgId) {
    return { events: [], unparsed: [], ignored: { other_account: named.length + parts.length } };
  }
  const events: WebhookEvent[] = [];
  const unparsed: UnparsedPart[] = [...parts];
  const ignored: Partial<Record<Ignored, number>> = {};
  for (const record of named) {
    const { key, text } = record;
    const result = classify(record, streams);
    if ('reason' in result) unparsed.push({ text, reason: result.reason, account: org });
    else if ('ignored' in result) ignored[result.ignored] = (ignored[result.ignored] ?? 0) + 1;
    else events.push({ key, account: org, occurredAt: null, ...result });
  }
  return { events, unparsed, ignored };
}

type Ignored = 'ignored_object' | 'no_rule';

type Classification =
  | Pick<WebhookEvent, 'subject' | 'priority'>
  | { readonly reason: string }
  | { readonly ignored: Ignored };

function classify(record: NamedRecord, streams: ReadonlySet<string>): Classification {
  const { object, id } = record;
  if (!API_NAME.test(object)) return { reason: 'The name of the object is not a valid Salesforce API name.' };
  const known = Object.hasOwn(OBJECTS, object) ? OBJECTS[object] : undefined;
  if (known === undefined) return { ignored: 'ignored_object' };
  if (known.prefix !== undefined && !id.startsWith(known.prefix)) {
    return { reason: 'The ID belongs to another object.' };
  }
  if (known.stream !== null && !streams.has(known.stream)) return { ignored: 'no_rule' };
  return { subject: subjectOf(known, record), priority: priorityOf(known, record) };
}

function subjectOf({ stream }: KnownObject, { object, id }: NamedRecord): WebhookSubject {
  // No stream of Salesforce is readable by ID: the event triggers a sync of the stream, which also
  // reads its relation.
  return stream === null ? { kind: 'record', ref: { object, id } } : { kind: 'item', stream, id };
}

function priorityOf({ stream }: KnownObject, { isImport }: NamedRecord): Priority {
  if (isImport) return PRIORITY.import;
  return stream !== null && ACTIVITIES.has(stream) ? PRIORITY.activity : PRIORITY.change;
}
