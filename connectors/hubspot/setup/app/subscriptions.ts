// Which events HubSpot shall send: those that tell of something that the mapping reads. One subscription for each event of an
// object, and one for each property.
//
// Names: `contact`, `company` and `deal` stand in uploaded projects and in HubSpot's template; those of engagements are the names
// of https://developers.hubspot.com/changelog/public-beta-generic-webhook-subscriptions (MEETING_EVENT) in the same spelling.
import type { Mapping } from '../../../../src/mapping/mapping.ts';
import { mappedProperties } from '../../../../src/mapping/project-fields.ts';
import { linkProperties } from '../../../../src/mapping/project-links.ts';
import { createContactMapping, MERGED_IDS } from '../../contacts/contact-mapping.ts';
import { mappedCounters } from '../../contacts/counters.ts';
import { DEAL_PROPERTIES } from '../../contacts/deals.ts';
import { engagementProperties } from '../../contacts/engagements.ts';
import { STAGE_DATES } from '../../contacts/lifecycle.ts';
import { FORM_PROPERTY } from '../../webhook/events.ts';
import { OBJECT_TYPES } from '../../webhook/object-types.ts';
import { type ReadProperties, readProperties } from '../../webhook/read-properties.ts';
import { visibleObjects } from './scopes.ts';

export interface Subscription {
  readonly subscriptionType: string;
  readonly objectType: string;
  readonly propertyName?: string;
  readonly active: true;
}

/** A property that the mapping reads and that no subscription is made for. */
export interface Unsubscribed {
  readonly object: string;
  readonly property: string;
  readonly reason: string;
}

export interface Subscriptions {
  readonly wanted: readonly Subscription[];
  readonly left: readonly Unsubscribed[];
}

const OF_ENGAGEMENTS = ['creation', 'deletion', 'restore', 'associationChange'];

/** By the connector's name of the object. A company without contacts concerns nobody: its creation says nothing. */
const EVENTS: Readonly<Record<string, readonly string[]>> = {
  contacts: ['creation', 'deletion', 'merge', 'restore', 'associationChange'],
  companies: ['deletion', 'merge', 'restore'],
  deals: ['creation', 'deletion', 'merge', 'restore', 'associationChange'],
};

const REFUSED = 'HubSpot takes no subscription for it';
const SILENT = 'calculated: HubSpot is reported to send nothing for it';
const CREATED = 'never changes after the creation, which is sent';
const CLOSED = 'calculated from the stage, which is sent';

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

/** @param formsAtOnce also FORM_PROPERTY, which the portal must have by then */
export function subscriptionsOf(
  mapping: Mapping,
  { without, formsAtOnce }: { readonly without: ReadonlySet<string>; readonly formsAtOnce: boolean },
): Subscriptions {
  const read = readProperties(mapping, createContactMapping(mapping));
  const companies = [...(read.read.get('companies') ?? [])];
  const parts = [
    objectEvents('contacts', [...contactProperties(mapping, read), ...(formsAtOnce ? [FORM_PROPERTY] : [])], {
      ...NO_EVENT,
      ...linkReasons(mapping),
    }),
    ...(companies.length === 0 ? [] : [objectEvents('companies', companies)]),
    ...visibleObjects(mapping, without).map((object) => objectEvents(object, itemProperties(mapping, object))),
  ];
  return { wanted: parts.flatMap(({ wanted }) => wanted), left: parts.flatMap(({ left }) => left) };
}

/** What the receiver takes events of, but for those that would only repeat another one. */
function contactProperties(mapping: Mapping, { read, own }: ReadProperties): readonly string[] {
  const latest = [...mappedCounters(mapping).values()].flatMap((counter) => counter.latest?.property ?? []);
  // A stage's date changes with the stage, what was counted last with its counter, the ids of merged ones with the merge.
  const repeated = new Set([...STAGE_DATES, ...latest, MERGED_IDS, 'lastmodifieddate']);
  const mapped = new Set(mappedProperties(mapping, 'contacts'));
  return [...(read.get('contacts') ?? [])].filter((property) => {
    return property !== FORM_PROPERTY && !own.has(property) && (mapped.has(property) || !repeated.has(property));
  });
}

/** A portal without HubSpot's Salesforce integration does not have these, and an id in another CRM hardly ever changes. */
function linkReasons(mapping: Mapping): Readonly<Record<string, string>> {
  const mapped = new Set(mappedProperties(mapping, 'contacts'));
  const links = linkProperties(mapping, 'contacts').filter((property) => !mapped.has(property));
  const reason = 'the id of another CRM: not every portal has it, and polling finds it';
  return Object.fromEntries(links.map((property) => [property, reason]));
}

/** Of a deal HubSpot calculates the dates of its stages, too. */
function itemProperties(mapping: Mapping, object: string): readonly string[] {
  return object === 'deals' ? DEAL_PROPERTIES : engagementProperties(mapping, object);
}

function objectEvents(object: string, properties: readonly string[], noEvent = NO_EVENT): Subscriptions {
  const objectType = (OBJECT_TYPES[object]?.name ?? object).toLowerCase();
  const each = [...new Set(properties)].toSorted();
  const changes = each.filter((property) => !Object.hasOwn(noEvent, property));
  return {
    wanted: [
      ...(EVENTS[object] ?? OF_ENGAGEMENTS).map((event) => {
        return { subscriptionType: `object.${event}`, objectType, active: true as const };
      }),
      ...changes.map((propertyName) => {
        return { subscriptionType: 'object.propertyChange', objectType, propertyName, active: true as const };
      }),
    ],
    left: each.flatMap((property) => {
      const reason = noEvent[property];
      return reason === undefined ? [] : [{ object, property, reason }];
    }),
  };
}
