// The streams of a mapping: always contacts; companies if a field comes from them; and each source
// of activities that a rule reads.

import type { ChangeStream } from '../../../src/crm/connector.ts';
import { outcomeSources } from '../../../src/mapping/mapping.ts';
import { mappedSources } from '../../../src/mapping/project-activities.ts';
import { checkMapping } from '../../kit/check-mapping.ts';
import { COUNTERS } from '../contacts/counters.ts';
import { ENGAGEMENTS } from '../contacts/engagements.ts';
import type { HubSpotParts } from '../parts.ts';
import { reconcileForms } from '../reconcile/reconcile-forms.ts';
import { companyStream } from './company-stream.ts';
import { contactStream } from './contact-stream.ts';
import { counterStream } from './counter-stream.ts';
import { dealStream } from './deal-stream.ts';
import { engagementStream } from './engagement-stream.ts';
import { pageViewStream } from './events/page-view-stream.ts';
import { formStream } from './forms/form-stream.ts';
import { listStream } from './groups/list-stream.ts';
import { marketingEmailStream } from './marketing/marketing-email-stream.ts';
import { marketingEventStream } from './marketing/marketing-event-stream.ts';
import { isReadableById } from './read-items.ts';
import type { StreamReader } from './stream-reader.ts';

const ACTIVITY_STREAMS: Readonly<Record<string, (parts: HubSpotParts, stream: ChangeStream) => StreamReader>> = {
  ...Object.fromEntries(Object.keys(ENGAGEMENTS).map((type) => [type, engagementStream])),
  form_submissions: (parts, stream) => ({
    ...formStream(parts, stream),
    reconcile: (request, signal) => reconcileForms(parts, request, signal),
  }),
  page_views: pageViewStream,
  marketing_emails: marketingEmailStream,
  lists: listStream,
  marketing_events: marketingEventStream,
  ...Object.fromEntries(Object.keys(COUNTERS).map((id) => [id, counterStream])),
};

// A full sync of these streams omits items that exist: page views and e-mail events are read for the
// last year only, and the submissions of an archived form are no longer listed. The night compares
// what can be compared (reconcile/).
const PARTIAL_HISTORY: ReadonlySet<string> = new Set([
  ...['form_submissions', 'page_views', 'marketing_emails'],
  ...['lists', 'marketing_events'],
]);

// Meetings, calls ... are compared by their links (contacts/reconcile-links.ts), groups by the number of their members
// (reconcile/reconcile-groups.ts).
const COMPARED_AT_ANY_AGE: ReadonlySet<string> = new Set([...Object.keys(ENGAGEMENTS), 'lists', 'marketing_events']);

const SOURCES = {
  crm: 'hubspot',
  name: 'HubSpot',
  objects: ['contacts', 'companies'],
  people: ['contacts'],
  streams: Object.keys(ACTIVITY_STREAMS),
  outcomes: ['deals', 'lifecycle'],
};

/**
 * @throws ConnectorError `configuration` when the mapping names a source that HubSpot does not have
 */
export function createStreams(parts: HubSpotParts): readonly StreamReader[] {
  checkMapping(parts.mapping, SOURCES);
  const sources = mappedSources(parts.mapping);
  const activities = Object.entries(ACTIVITY_STREAMS).flatMap(([id, create]) => {
    if (!sources.has(id)) return [];
    return [
      create(parts, {
        id,
        activityTypes: [...(sources.get(id) ?? [])],
        ...(PARTIAL_HISTORY.has(id) ? { partialHistory: true } : {}),
        ...(COMPARED_AT_ANY_AGE.has(id) ? { comparedAtAnyAge: true } : {}),
      }),
    ];
  });
  // Companies come first, so that their cursor starts before the contacts are listed. The listing
  // may take hours, and a change of a company meanwhile must not be missed.
  const companies = parts.contacts.usesCompanies ? [companyStream(parts)] : [];
  const deals = outcomeSources(parts.mapping).has('deals')
    ? [dealStream(parts, { id: 'deals', activityTypes: [] })]
    : [];
  const readers = [...companies, contactStream(parts), ...activities, ...deals];
  return readers.map((reader) => {
    return isReadableById(reader.stream.id) ? { ...reader, stream: { ...reader.stream, readableById: true } } : reader;
  });
}
