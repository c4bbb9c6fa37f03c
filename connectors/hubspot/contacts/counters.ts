// Activities that HubSpot counts on the contact instead of listing them, in every subscription.
// Each counter is a stream without a listing: its value is a property of the contact, and the
// history of the property dates the counted events (date-counters.ts).
//
// Observed in real traffic: the worker that writes the number of page views writes the last URL
// with the same timestamp, and does not write it when the URL is unchanged. The number of
// conversions and the name of the latest one are calculated together.

import type { Counters } from '../../../src/crm/connector.ts';
import type { Fields } from '../../../src/domain/lead.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { mappedSources } from '../../../src/mapping/project-activities.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';
import { pathOf } from '../objects/url-path.ts';
import { parseCount } from './counter-history.ts';

interface CounterSource {
  readonly property: string;
  /** The stream that lists the counted activities. */
  readonly fallbackFor?: string;
  /** A property that describes the latest event of a step. */
  readonly latest?: { readonly property: string; readonly properties: (value: string) => Fields };
}

export const COUNTERS: Readonly<Record<string, CounterSource>> = {
  page_view_counter: {
    property: 'hs_analytics_num_page_views',
    fallbackFor: 'page_views',
    latest: {
      property: 'hs_analytics_last_url',
      properties: (url) => ({ page_url: url, page_path: pathOf(url) }),
    },
  },
  visit_counter: { property: 'hs_analytics_num_visits' },
  email_open_counter: { property: 'hs_email_open', fallbackFor: 'marketing_emails' },
  email_click_counter: { property: 'hs_email_click', fallbackFor: 'marketing_emails' },
  email_delivered_counter: { property: 'hs_email_delivered', fallbackFor: 'marketing_emails' },
  conversion_counter: {
    property: 'num_conversion_events',
    fallbackFor: 'form_submissions',
    latest: { property: 'recent_conversion_event_name', properties: parseConversion },
  },
};

/** "Page title: form name"; the page title may contain colons. */
function parseConversion(name: string): Fields {
  const end = name.lastIndexOf(': ');
  return { page_title: end < 0 ? null : name.slice(0, end), form_name: end < 0 ? name : name.slice(end + 2) };
}

/** The counters that a rule of the mapping reads, by the ID of their streams. */
export function mappedCounters(mapping: Mapping): ReadonlyMap<string, CounterSource> {
  const sources = mappedSources(mapping);
  return new Map(Object.entries(COUNTERS).filter(([id]) => sources.has(id)));
}

/** The counters with a value above 0. */
export function countersOf(counters: ReadonlyMap<string, CounterSource>, contact: HubSpotObject): Counters {
  const counts = [...counters].map(([id, { property }]) => [id, currentCount(contact, property)] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

/** A value that is not a valid count is read as 0. */
export function currentCount(contact: HubSpotObject, property: string): number {
  return parseCount(contact.properties[property] ?? null) ?? 0;
}
