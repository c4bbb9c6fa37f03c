// What became of marketing e-mails (delivered, opened, clicked ...), account-wide by time window. Legacy v1: HubSpot has no
// dated successor of it yet, and ends v1 after September 2027.

import type { ChangeStream, SourcedActivity } from '../../../../src/crm/connector.ts';
import type { Fields } from '../../../../src/domain/lead.ts';
import { activityProperties } from '../../../../src/mapping/project-activities.ts';
import { contactRef } from '../../contacts/contact-mapping.ts';
import { type ContactsByEmail, createContactsByEmail } from '../../contacts/contacts-by-email.ts';
import { type EmailEvent, emailEventsAnswer } from '../../http/responses.ts';
import { STREAM_SCOPES } from '../../http/scopes.ts';
import { type EventSource, type EventWindow, type Matched, readWindows } from '../event-windows.ts';
import { type HubSpotParts, type StreamReader, scopeFix } from '../stream.ts';
import { createEmailNames, type EmailName } from './campaign-names.ts';

const PAGE = 1000;

// These cost a call for each e-mail that was sent.
const NAMES: readonly string[] = ['email_name', 'email_subject'];

export function marketingEmailStream(parts: HubSpotParts, stream: ChangeStream): StreamReader {
  const named = activityProperties(parts.mapping, stream.id).some((property) => NAMES.includes(property));
  const namesOf = named ? createEmailNames(parts.http) : async () => new Map<number, EmailName>();
  return {
    stream,
    access: {
      probe: { path: parts.http.paths.emailEvents, query: { limit: '1' } },
      fix: `${scopeFix(STREAM_SCOPES.marketing_emails)} The subscription must include marketing email.`,
    },
    read(cursor, signal) {
      const findContacts = createContactsByEmail(parts.http);
      const source: EventSource<EmailEvent> = {
        stream: stream.id,
        dated: ({ id, created }) => ({ id, at: created }),
        page: (window, during) => readEvents(parts, window, during),
        match: async (events, during) => {
          const names = await namesOf(events, during);
          return await withContacts(parts, events, names, findContacts, during);
        },
      };
      return readWindows(parts, source, cursor, signal);
    },
  };
}

async function readEvents({ http }: HubSpotParts, { from, to, after }: EventWindow, signal: AbortSignal) {
  const query = {
    startTimestamp: String(from),
    endTimestamp: String(to),
    limit: String(PAGE),
    ...(after === null ? {} : { offset: after }),
  };
  const path = http.paths.emailEvents;
  const answer = await http.call(
    { what: 'reading events of marketing emails', path, query, answer: emailEventsAnswer },
    signal,
  );
  return { events: answer.events, next: answer.hasMore ? (answer.offset ?? null) : null };
}

/** Only what the mapping takes is worth looking up a contact for: sending, for one, is not. */
async function withContacts(
  { toActivity }: HubSpotParts,
  events: readonly EmailEvent[],
  names: ReadonlyMap<number, EmailName>,
  findContacts: ContactsByEmail,
  signal: AbortSignal,
): Promise<Matched> {
  const taken = events.flatMap((event) => {
    const recipient = event.recipient?.trim().toLowerCase() ?? '';
    if (recipient === '' || (event.obsoletedBy !== undefined && event.obsoletedBy !== null)) return [];
    const name = names.get(event.emailCampaignId ?? Number.NaN);
    const properties = propertiesOf(event, name);
    const activity = toActivity({ id: `mail:${event.id}`, source: 'marketing_emails', properties });
    return activity === null ? [] : [{ id: event.id, recipient, activity }];
  });
  const contacts = await findContacts(
    taken.map(({ recipient }) => recipient),
    signal,
  );
  const activities: SourcedActivity[] = [];
  const unmatched = new Set<string>();
  for (const { id, recipient, activity } of taken) {
    const contact = contacts.get(recipient);
    if (contact === undefined) unmatched.add(id);
    else activities.push({ ...activity, ref: contactRef(contact) });
  }
  return { activities, unmatched };
}

/** HubSpot's own names for what is plain in an event, and the e-mail's name. An event without the mark is a person's. */
function propertiesOf(event: EmailEvent, email: EmailName | undefined): Fields {
  const plain = Object.entries(event).flatMap(([name, value]) => {
    const kept = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return kept ? [[name, value] as const] : [];
  });
  return {
    filteredEvent: false,
    ...Object.fromEntries(plain),
    email_name: email?.name ?? null,
    email_subject: email?.subject ?? null,
  };
}
