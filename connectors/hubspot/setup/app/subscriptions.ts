// The webhook subscriptions that cover the data of the mapping: one per event of an object, and one
// per property.
//
// The names `contact`, `company` and `deal` appear in uploaded projects and in HubSpot's template.
// The names of engagements are those of
// https://developers.hubspot.com/changelog/public-beta-generic-webhook-subscriptions
// (MEETING_EVENT), in the same spelling.
import type { Mapping } from '../../../../src/mapping/mapping.ts';
import { mappedProperties } from '../../../../src/mapping/project-fields.ts';
import { linkProperties } from '../../../../src/mapping/project-links.ts';
import { createContactMapping, EMAIL_PROPERTIES, MERGED_IDS } from '../../contacts/contact-mapping.ts';
import { mappedCounters } from '../../contacts/counters.ts';
import { DEAL_PROPERTIES } from '../../contacts/deals.ts';
import { engagementProperties } from '../../contacts/engagements.ts';
import { STAGE_DATES } from '../../contacts/lifecycle.ts';
import { FORM_PROPERTY } from '../../webhook/events.ts';
import { OBJECT_TYPES } from '../../webhook/object-types.ts';
import { type RelevantProperties, relevantProperties } from '../../webhook/relevant-properties.ts';
import { visibleObjects } from './scopes.ts';

export interface Subscription {
  readonly subscriptionType: string;
  readonly objectType: string;
  readonly propertyName?: string;
  readonly active: true;
}

/** A property that the mapping reads, without a subscription. */
export interface Unsubscribed {
  readonly object: string;
  readonly property: string;
  readonly reason: string;
}

export interface Subscriptions {
  readonly wanted: readonly Subscription[];
  readonly unsubscribed: readonly Unsubscribed[];
}

const ENGAGEMENT_EVENTS = ['creation', 'deletion', 'restore', 'associationChange'];

/**
 * The events by object. The creation of a company is left out: a new company has no contacts yet,
 * so it changes no score.
 */
const EVENTS: Readonly<Record<string, readonly string[]>> = {
  contacts: ['creation', 'deletion', 'merge', 'restore', 'associationChange'],
  companies: ['deletion', 'merge', 'restore'],
  deals: ['creation', 'deletion', 'merge', 'restore', 'associationChange'],
};

const REFUSED = 'HubSpot accepts no subscription for it';
const SILENT = 'calculated; HubSpot reportedly sends no event for it';
const CREATED = 'never changes after the creation, which has an event';
const CLOSED = 'calculated from the stage, which has an event';

const NO_EVENT: Readonly<Record<string, string>> = {
  hs_lastmodifieddate: REFUSED,
  lastmodifieddate: REFUSED,
  num_unique_conversion_events: REFUSED,
  hs_email_html: REFUSED,
  hs_email_subject: REFUSED,
  num_conversion_events: SILENT,
  first_conversion_date: SILENT,
  first_conversion_event_name: SILENT,
  recent_conversion_date: SILENT,
  recent_conversion_event_name: SILENT,
  createdate: CREATED,
  hs_createdate: CREATED,
  hs_object_id: 'never changes',
  hs_is_closed: CLOSED,
  hs_is_closed_won: CLOSED,
};

/** @param formsAtOnce includes FORM_PROPERTY, which the portal must have before the upload */
export function subscriptionsOf(
  mapping: Mapping,
  { without, formsAtOnce }: { readonly without: ReadonlySet<string>; readonly formsAtOnce: boolean },
): Subscriptions {
  const relevant = relevantProperties(mapping, createContactMapping(mapping));
  const companies = [...(relevant.byObject.get('companies') ?? [])];
  const parts = [
    objectEvents('contacts', [...contactProperties(mapping, relevant), ...(formsAtOnce ? [FORM_PROPERTY] : [])], {
      ...NO_EVENT,
      ...linkReasons(mapping),
    }),
    ...(companies.length === 0 ? [] : [objectEvents('companies', companies)]),
    ...visibleObjects(mapping, without).map((object) => objectEvents(object, itemProperties(mapping, object))),
  ];
  return {
    wanted: parts.flatMap(({ wanted }) => wanted),
    unsubscribed: parts.flatMap(({ unsubscribed }) => unsubscribed),
  };
}

/**
 * The properties whose changes matter, without those whose event would only repeat another event.
 */
function contactProperties(mapping: Mapping, { byObject, own }: RelevantProperties): readonly string[] {
  const latest = [...mappedCounters(mapping).values()].flatMap((counter) => counter.latest?.property ?? []);
  // The date of a stage changes with the stage, a latest event with its counter, the merged IDs
  // with a merge. A mapping without the address is read at the next poll when an address changes.
  const repeated = new Set([...STAGE_DATES, ...latest, ...EMAIL_PROPERTIES, MERGED_IDS, 'lastmodifieddate']);
  const mapped = new Set(mappedProperties(mapping, 'contacts'));
  return [...(byObject.get('contacts') ?? [])].filter((property) => {
    return property !== FORM_PROPERTY && !own.has(property) && (mapped.has(property) || !repeated.has(property));
  });
}

/**
 * The properties with IDs of another CRM get no subscription: a portal without HubSpot's Salesforce
 * integration does not have them, and such an ID hardly ever changes.
 */
function linkReasons(mapping: Mapping): Readonly<Record<string, string>> {
  const mapped = new Set(mappedProperties(mapping, 'contacts'));
  const links = linkProperties(mapping, 'contacts').filter((property) => !mapped.has(property));
  const reason = 'the ID in another CRM: not every portal has it, and polling finds it';
  return Object.fromEntries(links.map((property) => [property, reason]));
}

/** The dates of a deal's stages are left out: HubSpot calculates them from the stage. */
function itemProperties(mapping: Mapping, object: string): readonly string[] {
  return object === 'deals' ? DEAL_PROPERTIES : engagementProperties(mapping, object);
}

function objectEvents(object: string, properties: readonly string[], noEvent = NO_EVENT): Subscriptions {
  const objectType = (OBJECT_TYPES[object]?.name ?? object).toLowerCase();
  const sorted = [...new Set(properties)].toSorted();
  const changes = sorted.filter((property) => !Object.hasOwn(noEvent, property));
  return {
    wanted: [
      ...(EVENTS[object] ?? ENGAGEMENT_EVENTS).map((event) => {
        return { subscriptionType: `object.${event}`, objectType, active: true as const };
      }),
      ...changes.map((propertyName) => {
        return { subscriptionType: 'object.propertyChange', objectType, propertyName, active: true as const };
      }),
    ],
    unsubscribed: sorted.flatMap((property) => {
      const reason = noEvent[property];
      return reason === undefined ? [] : [{ object, property, reason }];
    }),
  };
}
