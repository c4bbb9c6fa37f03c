// An app's subscriptions to all events.
import type { Subscriptions } from '../../../hubspot/webhooks/subscriptions.ts';

const CLASSIC = ['contact', 'company', 'deal'] as const;
const GENERIC_ONLY = ['meeting_event', 'call', 'email', 'note', 'task'] as const;
const EVENTS = ['creation', 'deletion', 'merge', 'restore', 'associationChange'] as const;
type Name = (typeof CLASSIC)[number] | (typeof GENERIC_ONLY)[number];

export type Properties = Readonly<Partial<Record<Name, readonly string[]>>>;

function genericSubscriptions(objectType: Name, properties: Properties): Subscriptions['crmObjects'] {
  return [
    ...EVENTS.map((event) => ({ subscriptionType: `object.${event}` as const, objectType, active: true })),
    ...(properties[objectType] ?? []).map((propertyName) => {
      return { subscriptionType: 'object.propertyChange' as const, objectType, propertyName, active: true };
    }),
  ];
}

function classicSubscriptions(
  objectType: (typeof CLASSIC)[number],
  properties: Properties,
): Subscriptions['legacyCrmObjects'] {
  return [
    ...EVENTS.map((event) => ({ subscriptionType: `${objectType}.${event}` as const, active: true })),
    ...(properties[objectType] ?? []).map((propertyName) => {
      return { subscriptionType: `${objectType}.propertyChange` as const, propertyName, active: true };
    }),
  ];
}

/**
 * Subscriptions to every event of every object, and to changes of the given properties.
 * @param classic subscribes to contacts, companies and deals in their classic form
 */
export function allSubscriptions(properties: Properties, classic = false): Subscriptions {
  return {
    crmObjects: [...(classic ? [] : CLASSIC), ...GENERIC_ONLY].flatMap((name) =>
      genericSubscriptions(name, properties),
    ),
    legacyCrmObjects: classic ? CLASSIC.flatMap((name) => classicSubscriptions(name, properties)) : [],
    hubEvents: [{ subscriptionType: 'contact.privacyDeletion', active: true }],
  };
}
