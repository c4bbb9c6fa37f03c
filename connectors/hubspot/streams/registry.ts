// The streams of this mapping: contacts always, companies where a field comes from them, and each source of activities that
// a rule reads.

import type { ChangeStream } from '../../../src/crm/connector.ts';
import { outcomeSources } from '../../../src/mapping/mapping.ts';
import { mappedSources } from '../../../src/mapping/project-activities.ts';
import { checkMapping } from '../../kit/check-mapping.ts';
import { COUNTERS } from '../contacts/counters.ts';
import { ENGAGEMENTS } from '../contacts/engagements.ts';
import { companyStream } from './company-stream.ts';
import { contactStream } from './contact-stream.ts';
import { counterStream } from './counter-stream.ts';
import { dealStream } from './deal-stream.ts';
import { engagementStream } from './engagement-stream.ts';
import { formStream } from './forms/form-stream.ts';
import { listStream } from './list-stream.ts';
import { marketingEmailStream } from './marketing/marketing-email-stream.ts';
import { marketingEventStream } from './marketing/marketing-event-stream.ts';
import { pageViewStream } from './page-view-stream.ts';
import { isReadById } from './read-items.ts';
import type { HubSpotParts, StreamReader } from './stream.ts';

const ACTIVITY_STREAMS: Readonly<Record<string, (parts: HubSpotParts, stream: ChangeStream) => StreamReader>> = {
  ...Object.fromEntries(Object.keys(ENGAGEMENTS).map((type) => [type, engagementStream])),
  form_submissions: formStream,
  page_views: pageViewStream,
  marketing_emails: marketingEmailStream,
  lists: listStream,
  marketing_events: marketingEventStream,
  ...Object.fromEntries(Object.keys(COUNTERS).map((id) => [id, counterStream])),
};

// What a whole pass of these does not show has happened all the same: page views and events of e-mails are read for the last year
// only, the submissions of an archived form are no longer listed, and who left a list has joined it before.
const NEVER_UNDONE: ReadonlySet<string> = new Set([
  ...['form_submissions', 'page_views', 'marketing_emails'],
  ...['lists', 'marketing_events'],
]);

const SOURCES = {
  crm: 'hubspot',
  name: 'HubSpot',
  objects: ['contacts', 'companies'],
  people: ['contacts'],
  streams: Object.keys(ACTIVITY_STREAMS),
  outcomes: ['deals', 'lifecycle'],
};

/** @throws ConnectorError `configuration` when the mapping names a source that HubSpot does not have */
export function createStreams(parts: HubSpotParts): readonly StreamReader[] {
  checkMapping(parts.mapping, SOURCES);
  const sources = mappedSources(parts.mapping);
  const activities = Object.entries(ACTIVITY_STREAMS).flatMap(([id, create]) => {
    if (!sources.has(id)) return [];
    return [
      create(parts, {
        id,
        activityTypes: [...(sources.get(id) ?? [])],
        ...(NEVER_UNDONE.has(id) ? { partialHistory: true } : {}),
      }),
    ];
  });
  // The companies' cursor begins before their contacts are listed: that may take hours, and a company that changes meanwhile
  // would be in neither.
  const companies = parts.contacts.usesCompanies ? [companyStream(parts)] : [];
  const deals = outcomeSources(parts.mapping).has('deals')
    ? [dealStream(parts, { id: 'deals', activityTypes: [] })]
    : [];
  const readers = [...companies, contactStream(parts), ...activities, ...deals];
  return readers.map((reader) => {
    return isReadById(reader.stream.id) ? { ...reader, stream: { ...reader.stream, readableById: true } } : reader;
  });
}
