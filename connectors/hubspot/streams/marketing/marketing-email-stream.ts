// Events of marketing e-mails (delivered, opened, clicked, ...) of the whole account, by time
// window. This API is v1, which loses support after September 2027; HubSpot has no dated path for
// it yet.

import type { ChangeStream, FailedPart, SourcedActivity } from '../../../../src/crm/connector.ts';
import type { Fields } from '../../../../src/domain/lead.ts';
import { activityProperties, isUndated } from '../../../../src/mapping/project-activities.ts';
import { failedPart } from '../../../kit/stream-parts.ts';
import { contactRef } from '../../contacts/contact-mapping.ts';
import { type ContactsByEmail, createContactsByEmail } from '../../contacts/contacts-by-email.ts';
import { unexpectedItem } from '../../http/parse-response.ts';
import { type EmailEvent, emailEventsSchema } from '../../http/responses/activities.ts';
import { STREAM_SCOPES } from '../../http/scopes.ts';
import type { HubSpotParts } from '../../parts.ts';
import { isDatedBy } from '../../reconcile/pages.ts';
import { reconcileEvents } from '../../reconcile/reconcile-events.ts';
import { PERIOD, periodId, undatedEvent } from '../events/event-parts.ts';
import type { EventSource, EventWindow, MatchedEvents } from '../events/event-source.ts';
import { readWindows } from '../events/event-windows.ts';
import { type StreamReader, scopeFix } from '../stream-reader.ts';
import { createEmailNames, type EmailName, type EmailNames, NO_NAMES } from './campaign-names.ts';

const PAGE = 1000;

// These properties cost one call per campaign.
const NAME_PROPERTIES: readonly string[] = ['email_name', 'email_subject'];

export function marketingEmailStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  const readsNames = activityProperties(parts.mapping, stream.id).some((name) => NAME_PROPERTIES.includes(name));
  const namesOf = readsNames ? createEmailNames(parts.http) : NO_NAMES;
  return {
    stream,
    access: {
      probe: { path: parts.http.paths.emailEvents, query: { limit: '1' } },
      fix: `${scopeFix(STREAM_SCOPES.marketing_emails)} The subscription must include marketing email.`,
    },
    read: (cursor, signal, setAside) => readWindows(parts, createSource(), cursor, signal, setAside),
    reconcile: (request, signal) => {
      const isComparable = isDatedBy(parts.mapping, stream.id, 'created');
      return reconcileEvents(createSource(), { ...request, now: parts.clock.now(), isComparable }, signal);
    },
  };

  /** For one reading: found contacts are cached. */
  function createSource(): EventSource<EmailEvent> {
    const findContacts = createContactsByEmail(parts.http);
    return {
      stream: stream.id,
      activityId,
      dated: ({ id, created }) => ({ id, at: created }),
      page: (window, pageSignal) => readEvents(parts, window, pageSignal),
      match: async (events, pageSignal) => {
        const { names, failed } = await namesOf(events, pageSignal);
        const named = events.filter(({ emailCampaignId }) => !failed.has(emailCampaignId ?? Number.NaN));
        const matched = await matchContacts(parts, named, names, findContacts, pageSignal);
        return { ...matched, failed: [...matched.failed, ...unnamedEvents(events, failed)] };
      },
    };
  }
}

function activityId(eventId: string): string {
  return `mail:${eventId}`;
}

/** The periods of the events whose campaign could not be read: a rule may depend on its name. */
function unnamedEvents(events: readonly EmailEvent[], failed: EmailNames['failed']): readonly FailedPart[] {
  return [...failed].flatMap(([campaign, error]) => {
    const times = events.filter(({ emailCampaignId }) => emailCampaignId === campaign).map(({ created }) => created);
    return times.length === 0
      ? []
      : [failedPart(PERIOD, periodId(Math.min(...times) - 1, Math.max(...times) + 1), error)];
  });
}

async function readEvents({ http }: HubSpotParts, { from, to, after }: EventWindow, signal: AbortSignal) {
  const query = {
    startTimestamp: String(from),
    endTimestamp: String(to),
    limit: String(PAGE),
    ...(after === null ? {} : { offset: after }),
  };
  const path = http.paths.emailEvents;
  const response = await http.call(
    { what: 'reading events of marketing emails', path, query, responseSchema: emailEventsSchema },
    signal,
  );
  const { valid, unexpected } = response.events;
  const next = response.hasMore ? (response.offset ?? '') : null;
  // Without its start the next page would be left out in silence.
  if (next === '') throw unexpectedItem('reading events of marketing emails', { message: 'offset is missing' });
  return { events: valid, unexpected, next };
}

/**
 * Finds contacts only for events that the mapping reads; it does not read events of sending, for
 * example.
 */
async function matchContacts(
  { toActivity }: HubSpotParts,
  events: readonly EmailEvent[],
  names: ReadonlyMap<number, EmailName>,
  findContacts: ContactsByEmail,
  signal: AbortSignal,
): Promise<Required<MatchedEvents>> {
  const undated: FailedPart[] = [];
  const mapped = events.flatMap((event) => {
    const recipient = event.recipient?.trim().toLowerCase() ?? '';
    if (recipient === '' || (event.obsoletedBy !== undefined && event.obsoletedBy !== null)) return [];
    const name = names.get(event.emailCampaignId ?? Number.NaN);
    const properties = propertiesOf(event, name);
    const activity = toActivity({ id: activityId(event.id), source: 'marketing_emails', properties });
    if (isUndated(activity)) undated.push(undatedEvent({ id: event.id, at: event.created }, activity.undated));
    return activity === null || isUndated(activity) ? [] : [{ id: event.id, recipient, activity }];
  });
  const contacts = await findContacts(
    mapped.map(({ recipient }) => recipient),
    signal,
  );
  const activities: SourcedActivity[] = [];
  const unmatched = new Set<string>();
  for (const { id, recipient, activity } of mapped) {
    const contact = contacts.get(recipient);
    if (contact === undefined) unmatched.add(id);
    else activities.push({ ...activity, ref: contactRef(contact) });
  }
  return { activities, unmatched, failed: undated };
}

/**
 * The simple values of an event under HubSpot's own names, and the name of the e-mail. An event
 * without `filteredEvent` was caused by a person.
 */
function propertiesOf(event: EmailEvent, email: EmailName | undefined): Fields {
  const simple = Object.entries(event).flatMap(([name, value]) => {
    const isSimple = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return isSimple ? [[name, value] as const] : [];
  });
  return {
    filteredEvent: false,
    ...Object.fromEntries(simple),
    email_name: email?.name ?? null,
    email_subject: email?.subject ?? null,
  };
}
