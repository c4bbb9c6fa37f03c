// The body of a webhook -> events. Each element stands for itself: one that cannot be understood keeps no other from being taken,
// however many there are.

import type { UnparsedPart, WebhookEvent, WebhookSubject } from '../../../src/crm/webhook-receiver.ts';
import { PRIORITY } from '../../../src/domain/priority.ts';
import { jsonText } from '../../kit/json-text.ts';
import { priorityOf } from './event-priority.ts';
import { accountIn, eventSchema, type HubSpotEvent } from './event-schema.ts';
import { parseBody } from './parse-body.ts';
import type { ReadProperties } from './read-properties.ts';
import { isPropertyChange, subjectsOf } from './subjects.ts';

/** A contact property that a workflow of the portal may set when a form was submitted, as HubSpot sends no webhook for that. */
export const FORM_PROPERTY = 'leadgrade_form_submitted_at';
const FORMS = 'form_submissions';

export interface Reading {
  readonly properties: ReadProperties;
  /** Ids of the streams that the mapping reads. */
  readonly streams: ReadonlySet<string>;
  /** The app that we are to HubSpot; null = not known: our own writes are told by their properties alone. */
  readonly appId: string | null;
}

/** Why an event says nothing to us. */
type Ignored = 'own-property' | 'own-write' | 'ignored_object' | 'ignored_property';

export interface ReadBody {
  readonly events: readonly WebhookEvent[];
  readonly unparsed: readonly UnparsedPart[];
  readonly ignored: Readonly<Partial<Record<Ignored, number>>>;
}

/** Never throws, whatever the body is. */
export function readEvents(body: Buffer, reading: Reading): ReadBody {
  const parsed = parseBody(body);
  if ('unparsed' in parsed) return { events: [], unparsed: [parsed.unparsed], ignored: {} };
  const events: WebhookEvent[] = [];
  const unparsed: UnparsedPart[] = [];
  const ignored: Partial<Record<Ignored, number>> = {};
  for (const element of parsed.elements) {
    const read = readOne(element, reading);
    if ('events' in read) events.push(...read.events);
    else if ('reason' in read)
      unparsed.push({ text: jsonText(element), reason: read.reason, account: accountIn(element) });
    else ignored[read.ignored] = (ignored[read.ignored] ?? 0) + 1;
  }
  return { events, unparsed, ignored };
}

type ReadElement =
  | { readonly events: readonly WebhookEvent[] }
  | { readonly reason: string }
  | { readonly ignored: Ignored };

function readOne(element: unknown, reading: Reading): ReadElement {
  const parsed = eventSchema.safeParse(element);
  if (!parsed.success) return { reason: reasonOf(parsed.error.issues[0]?.path) };
  const event = parsed.data;
  const found = subjectsOf(event);
  if (found.kind === 'unparsed') return { reason: found.reason };
  if (found.kind === 'nothing') return { ignored: 'ignored_object' };
  if (isPropertyChange(event) && event.propertyName === FORM_PROPERTY && found.type === 'contacts') {
    return formSubmitted(event, reading);
  }
  const ignored = isPropertyChange(event) ? ignoredProperty(event, found.type, reading) : null;
  if (ignored !== null) return { ignored };
  const subjects = found.subjects.filter((each) => each.kind !== 'item' || reading.streams.has(each.stream));
  if (subjects.length === 0) return { ignored: 'ignored_property' };
  const priority = priorityOf(event, found.type);
  return {
    events: subjects.map((subject) => ({
      key: keyOf(event, subject),
      account: event.portalId,
      subject,
      priority,
      occurredAt: event.occurredAt,
    })),
  };
}

/** A workflow says that a form was submitted: the submissions are read at once, and are worth most in their first minutes. */
function formSubmitted(event: HubSpotEvent, { streams }: Reading): ReadElement {
  if (!streams.has(FORMS)) return { ignored: 'ignored_property' };
  const subject: WebhookSubject = { kind: 'item', stream: FORMS, id: event.objectId ?? '' };
  const { portalId: account, occurredAt } = event;
  return { events: [{ key: keyOf(event, subject), account, subject, priority: PRIORITY.activity, occurredAt }] };
}

function reasonOf(path: readonly PropertyKey[] | undefined): string {
  const key = path?.[0];
  return typeof key === 'string' ? `The event has no usable ${key}.` : 'The event is not an object.';
}

function ignoredProperty(event: HubSpotEvent, type: string, { properties, appId }: Reading): Ignored | null {
  const name = (event.propertyName ?? '').toLowerCase();
  if (type === 'contacts' && properties.own.has(name)) return 'own-property';
  const isOwn = event.changeSource === 'INTEGRATION' && appId !== null && String(event.sourceId ?? '') === appId;
  if (isOwn) return 'own-write';
  return properties.read.get(type)?.has(name) === false ? 'ignored_object' : null;
}

/** What HubSpot repeats when it delivers again; the number of the attempt is not among it. `eventId` alone is not unique. */
function keyOf(event: HubSpotEvent, subject: WebhookSubject): string {
  const { portalId, subscriptionId, subscriptionType, eventId, occurredAt, propertyName } = event;
  const what = `${portalId}:${subscriptionId ?? subscriptionType}:${namedObject(event)}:${eventId ?? ''}:${occurredAt}`;
  return `${what}:${propertyName ?? ''}:${subjectMark(subject)}`;
}

function namedObject(event: HubSpotEvent): string {
  const { objectId, primaryObjectId, fromObjectId, toObjectId } = event;
  const { associationTypeId, associationType, associationRemoved } = event;
  if (!fromObjectId || !toObjectId) return objectId ?? primaryObjectId ?? '';
  const link = associationTypeId ?? associationType ?? '';
  return `${fromObjectId}-${toObjectId}-${link}-${associationRemoved ?? ''}`;
}

/** One event may be about several. */
function subjectMark(subject: WebhookSubject): string {
  if (subject.kind === 'item') return `${subject.stream}/${subject.id}`;
  return `${subject.kind}/${subject.ref.id}`;
}
