// What HubSpot counts on a contact instead of listing it, in every subscription. Each counter is a stream without a listing:
// the contact carries it, and its history dates what it counts (date-counters.ts).
//
// Seen in real traffic: the worker that writes the page views writes the last URL with the same timestamp, and leaves it alone
// when it is the same URL; the number of conversions and the name of the latest one are calculated together.

import type { Counters } from '../../../src/crm/connector.ts';
import type { Fields } from '../../../src/domain/lead.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import { mappedSources } from '../../../src/mapping/project-activities.ts';
import type { HubSpotObject } from '../http/responses.ts';
import { pathOf } from '../objects/url-path.ts';
import { countOf } from './date-from-history.ts';

interface CounterSource {
  readonly property: string;
  /** The stream that shows each thing. */
  readonly standsInFor?: string;
  /** A property that tells something about the latest thing of a step. */
  readonly latest?: { readonly property: string; readonly properties: (value: string) => Fields };
}

export const COUNTERS: Readonly<Record<string, CounterSource>> = {
  page_view_counter: {
    property: 'hs_analytics_num_page_views',
    standsInFor: 'page_views',
    latest: {
      property: 'hs_analytics_last_url',
      properties: (url) => ({ page_url: url, page_path: pathOf(url) }),
    },
  },
  visit_counter: { property: 'hs_analytics_num_visits' },
  email_open_counter: { property: 'hs_email_open', standsInFor: 'marketing_emails' },
  email_click_counter: { property: 'hs_email_click', standsInFor: 'marketing_emails' },
  email_delivered_counter: { property: 'hs_email_delivered', standsInFor: 'marketing_emails' },
  conversion_counter: {
    property: 'num_conversion_events',
    standsInFor: 'form_submissions',
    latest: { property: 'recent_conversion_event_name', properties: conversionOf },
  },
};

/** "Page title: form name"; a page's title may have colons of its own. */
function conversionOf(name: string): Fields {
  const end = name.lastIndexOf(': ');
  return { page_title: end < 0 ? null : name.slice(0, end), form_name: end < 0 ? name : name.slice(end + 2) };
}

/** The counters that a rule of the mapping reads, with their properties. */
export function mappedCounters(mapping: Mapping): ReadonlyMap<string, CounterSource> {
  const sources = mappedSources(mapping);
  return new Map(Object.entries(COUNTERS).filter(([id]) => sources.has(id)));
}

/** As far as they stand above 0. */
export function countersOf(counters: ReadonlyMap<string, CounterSource>, contact: HubSpotObject): Counters {
  const shown = [...counters].map(([id, { property }]) => [id, shownCount(contact, property)] as const);
  return Object.fromEntries(shown.filter(([, count]) => count > 0));
}

/** A value that is no count stands for none. */
export function shownCount(contact: HubSpotObject, property: string): number {
  return countOf(contact.properties[property] ?? null) ?? 0;
}
