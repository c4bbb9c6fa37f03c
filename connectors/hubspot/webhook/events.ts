// The body of a webhook request -> events. Each element is parsed on its own: an invalid element
// does not affect the others.

import type { UnparsedPart, WebhookEvent, WebhookSubject } from '../../../src/crm/webhook-receiver.ts';
import { PRIORITY } from '../../../src/domain/priority.ts';
import { jsonText } from '../../kit/json-text.ts';
import { eventKey } from './event-key.ts';
import { priorityOf } from './event-priority.ts';
import { accountIn, eventSchema, type HubSpotEvent } from './event-schema.ts';
import { parseBody } from './parse-body.ts';
import type { RelevantProperties } from './relevant-properties.ts';
import { isPropertyChange, subjectsOf } from './subjects.ts';

/**
 * A contact property that a workflow of the portal may set after a form submission: HubSpot has no
 * webhook for those.
 */
export const FORM_PROPERTY = 'leadgrade_form_submitted_at';
const FORMS = 'form_submissions';

export interface ReceiverContext {
  readonly properties: RelevantProperties;
  /** The IDs of the streams that the mapping reads. */
  readonly streams: ReadonlySet<string>;
  /**
   * The ID of our app in HubSpot; null = unknown: our own writes are then recognized by their
   * properties only.
   */
  readonly appId: string | null;
}

/** Why an event is ignored. */
type Ignored = 'own_property' | 'own_write' | 'ignored_object' | 'ignored_property' | 'no_rule';

export interface ParsedBody {
  readonly events: readonly WebhookEvent[];
  readonly unparsed: readonly UnparsedPart[];
  readonly ignored: Readonly<Partial<Record<Ignored, number>>>;
}

/** Never throws, whatever the body contains. */
export function parseEvents(body: Buffer, context: ReceiverContext): ParsedBody {
  const parsed = parseBody(body);
  if ('unparsed' in parsed) return { events: [], unparsed: [parsed.unparsed], ignored: {} };
  const events: WebhookEvent[] = [];
  const unparsed: UnparsedPart[] = [];
  const ignored: Partial<Record<Ignored, number>> = {};
  for (const element of parsed.elements) {
    const result = parseElement(element, context);
    if ('events' in result) events.push(...result.events);
    else if ('reason' in result)
      unparsed.push({ text: jsonText(element), reason: result.reason, account: accountIn(element) });
    else ignored[result.ignored] = (ignored[result.ignored] ?? 0) + 1;
  }
  return { events, unparsed, ignored };
}

type ParsedElement =
  | { readonly events: readonly WebhookEvent[] }
  | { readonly reason: string }
  | { readonly ignored: Ignored };

function parseElement(element: unknown, context: ReceiverContext): ParsedElement {
  const parsed = eventSchema.safeParse(element);
  if (!parsed.success) return { reason: reasonOf(parsed.error.issues[0]?.path) };
  const event = parsed.data;
  const found = subjectsOf(event);
  if (found.kind === 'unparsed') return { reason: found.reason };
  if (found.kind === 'irrelevant') return { ignored: 'ignored_object' };
  if (isPropertyChange(event) && event.propertyName === FORM_PROPERTY && found.type === 'contacts') {
    return formSubmitted(event, context);
  }
  const ignored = isPropertyChange(event) ? ignoredChange(event, found.type, context) : null;
  if (ignored !== null) return { ignored };
  const subjects = found.subjects.filter((subject) => subject.kind !== 'item' || context.streams.has(subject.stream));
  if (subjects.length === 0) return { ignored: 'no_rule' };
  const priority = priorityOf(event, found.type);
  return {
    events: subjects.map((subject) => ({
      key: eventKey(event, subject),
      account: event.portalId,
      subject,
      priority,
      occurredAt: event.occurredAt,
    })),
  };
}

/**
 * A workflow reported a form submission. It is read at once, as it is worth most in its first
 * minutes.
 */
function formSubmitted(event: HubSpotEvent, { streams }: ReceiverContext): ParsedElement {
  if (!streams.has(FORMS)) return { ignored: 'no_rule' };
  const subject: WebhookSubject = { kind: 'item', stream: FORMS, id: event.objectId ?? '' };
  const { portalId: account, occurredAt } = event;
  return { events: [{ key: eventKey(event, subject), account, subject, priority: PRIORITY.activity, occurredAt }] };
}

function reasonOf(path: readonly PropertyKey[] | undefined): string {
  const key = path?.[0];
  return typeof key === 'string' ? `The event has no valid ${key}.` : 'The event is not an object.';
}

function ignoredChange(event: HubSpotEvent, type: string, { properties, appId }: ReceiverContext): Ignored | null {
  const name = (event.propertyName ?? '').toLowerCase();
  if (type === 'contacts' && properties.own.has(name)) return 'own_property';
  const isOwn = event.changeSource === 'INTEGRATION' && appId !== null && String(event.sourceId ?? '') === appId;
  if (isOwn) return 'own_write';
  return properties.byObject.get(type)?.has(name) === false ? 'ignored_property' : null;
}
