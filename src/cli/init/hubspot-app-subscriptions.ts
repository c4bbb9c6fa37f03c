// Which events HubSpot shall send: those that tell of something that the mapping reads. One subscription for each event of an
// object, and one for each property.
//
// Names: `contact`, `company` and `deal` stand in uploaded projects and in HubSpot's template; those of engagements are the names
// of https://developers.hubspot.com/changelog/public-beta-generic-webhook-subscriptions (MEETING_EVENT) in the same spelling.
import { mappedCounters } from '../../../connectors/hubspot/counters.ts';
import { engagementProperties } from '../../../connectors/hubspot/engagements.ts';
import { FORM_PROPERTY } from '../../../connectors/hubspot/webhook/events.ts';
import type { Mapping } from '../../mapping/mapping.ts';
import { mappedProperties } from '../../mapping/project-fields.ts';
import { linkProperties } from '../../mapping/project-links.ts';
import { writtenFields } from '../../mapping/write-back.ts';
import { visibleObjects } from './hubspot-app-scopes.ts';

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

interface ObjectEvents {
  readonly objectType: string;
  readonly events: readonly string[];
}

const OF_ENGAGEMENTS = ['creation', 'deletion', 'restore', 'associationChange'];

/** By the connector's name of the object. A company without contacts concerns nobody: its creation says nothing. */
const OBJECTS: Readonly<Record<string, ObjectEvents>> = {
  contacts: { objectType: 'contact', events: ['creation', 'deletion', 'merge', 'restore', 'associationChange'] },
  companies: { objectType: 'company', events: ['deletion', 'merge', 'restore'] },
  deals: { objectType: 'deal', events: ['creation', 'deletion', 'merge', 'restore', 'associationChange'] },
  meetings: { objectType: 'meeting_event', events: OF_ENGAGEMENTS },
  calls: { objectType: 'call', events: OF_ENGAGEMENTS },
  emails: { objectType: 'email', events: OF_ENGAGEMENTS },
  notes: { objectType: 'note', events: OF_ENGAGEMENTS },
  tasks: { objectType: 'task', events: OF_ENGAGEMENTS },
};

// HubSpot calculates the others that are read (hs_is_closed, the dates of the stages) from these.
const DEAL_PROPERTIES = ['amount', 'closedate', 'deal_currency_code', 'dealstage', 'pipeline'];

const REFUSED = 'HubSpot takes no subscription for it';
const SILENT = 'calculated: HubSpot is reported to send nothing for it';

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
  createdate: 'never changes after the creation, which is sent',
  hs_createdate: 'never changes after the creation, which is sent',
  hs_object_id: 'never changes',
};

/** @param formsAtOnce also FORM_PROPERTY, which the portal must have by then */
export function subscriptionsOf(
  mapping: Mapping,
  { without, formsAtOnce }: { readonly without: ReadonlySet<string>; readonly formsAtOnce: boolean },
): Subscriptions {
  const parts = [
    contactEvents(mapping, formsAtOnce),
    companyEvents(mapping),
    ...visibleObjects(mapping, without).map((object) => objectEvents(object, propertiesRead(mapping, object))),
  ];
  return { wanted: parts.flatMap(({ wanted }) => wanted), left: parts.flatMap(({ left }) => left) };
}

function contactEvents(mapping: Mapping, formsAtOnce: boolean): Subscriptions {
  const counters = [...mappedCounters(mapping).values()].map(({ property }) => property);
  // HubSpot's copy of the primary company: another of several linked ones may become it without a change of links.
  const company = mappedProperties(mapping, 'companies').length > 0 ? ['associatedcompanyid'] : [];
  const read = [...mappedProperties(mapping, 'contacts'), ...counters, ...company];
  const ours = new Set([FORM_PROPERTY, ...writtenFields(mapping).map(({ property }) => property)]);
  const { wanted, left } = objectEvents('contacts', [
    ...read.filter((property) => !ours.has(property)),
    ...(formsAtOnce ? [FORM_PROPERTY] : []),
  ]);
  // A portal without HubSpot's Salesforce integration does not have these, and an id in another CRM hardly ever changes.
  const reason = 'the id of another CRM: not every portal has it, and polling finds it';
  const links = linkProperties(mapping, 'contacts').filter((property) => !read.includes(property));
  return { wanted, left: [...left, ...links.map((property) => ({ object: 'contacts', property, reason }))] };
}

function companyEvents(mapping: Mapping): Subscriptions {
  const properties = mappedProperties(mapping, 'companies');
  return properties.length === 0 ? { wanted: [], left: [] } : objectEvents('companies', properties);
}

function propertiesRead(mapping: Mapping, object: string): readonly string[] {
  return object === 'deals' ? DEAL_PROPERTIES : engagementProperties(mapping, object);
}

function objectEvents(object: string, properties: readonly string[]): Subscriptions {
  const { objectType, events } = OBJECTS[object] ?? { objectType: object, events: [] };
  const each = [...new Set(properties)].toSorted();
  const changes = each.filter((property) => !Object.hasOwn(NO_EVENT, property));
  return {
    wanted: [
      ...events.map((event) => ({ subscriptionType: `object.${event}`, objectType, active: true as const })),
      ...changes.map((propertyName) => {
        return { subscriptionType: 'object.propertyChange', objectType, propertyName, active: true as const };
      }),
    ],
    left: each.flatMap((property) => {
      const reason = NO_EVENT[property];
      return reason === undefined ? [] : [{ object, property, reason }];
    }),
  };
}
