// Events of marketing e-mails (delivered, opened, clicked, ...) of the whole account, by time
// window. This API is v1, which loses support after September 2027; HubSpot has no dated path for
// it yet.

import type { ChangeStream, SourcedActivity } from '../../../../src/crm/connector.ts';
import type { Fields } from '../../../../src/domain/lead.ts';
import { activityProperties } from '../../../../src/mapping/project-activities.ts';
import { contactRef } from '../../contacts/contact-mapping.ts';
import { type ContactsByEmail, createContactsByEmail } from '../../contacts/contacts-by-email.ts';
import { type EmailEvent, emailEventsSchema } from '../../http/responses/activities.ts';
import { STREAM_SCOPES } from '../../http/scopes.ts';
import type { HubSpotParts } from '../../parts.ts';
import { isDatedBy } from '../../reconcile/pages.ts';
import { reconcileEvents } from '../../reconcile/reconcile-events.ts';
import { type EventSource, type EventWindow, type MatchedEvents, readWindows } from '../event-windows.ts';
import { type StreamReader, scopeFix } from '../stream-reader.ts';
import { createEmailNames, type EmailName } from './campaign-names.ts';

const PAGE = 1000;

// These properties cost one call per campaign.
const NAME_PROPERTIES: readonly string[] = ['email_name', 'email_subject'];

export function marketingEmailStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  const readsNames = activityProperties(parts.mapping, stream.id).some((name) => NAME_PROPERTIES.includes(name));
  const namesOf = readsNames ? createEmailNames(parts.http) : async () => new Map<number, EmailName>();
  return {
    stream,
    access: {
      probe: { path: parts.http.paths.emailEvents, query: { limit: '1' } },
      fix: `${scopeFix(STREAM_SCOPES.marketing_emails)} The subscription must include marketing email.`,
    },
    read: (cursor, signal) => readWindows(parts, createSource(), cursor, signal),
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
        const names = await namesOf(events, pageSignal);
        return await matchContacts(parts, events, names, findContacts, pageSignal);
      },
    };
  }
}

function activityId(eventId: string): string {
  return `mail:${eventId}`;
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
  return { events: response.events, next: response.hasMore ? (response.offset ?? null) : null };
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
): Promise<MatchedEvents> {
  const mapped = events.flatMap((event) => {
    const recipient = event.recipient?.trim().toLowerCase() ?? '';
    if (recipient === '' || (event.obsoletedBy !== undefined && event.obsoletedBy !== null)) return [];
    const name = names.get(event.emailCampaignId ?? Number.NaN);
    const properties = propertiesOf(event, name);
    const activity = toActivity({ id: activityId(event.id), source: 'marketing_emails', properties });
    return activity === null ? [] : [{ id: event.id, recipient, activity }];
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
  return { activities, unmatched };
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
