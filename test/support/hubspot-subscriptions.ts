// Subscriptions of an app, as a test wants them.
import type { Subscriptions } from '../../sandbox/hubspot/webhooks/subscriptions.ts';

const CLASSIC = ['contact', 'company', 'deal'] as const;
const OTHERS = ['meeting_event', 'call', 'email', 'note', 'task'] as const;
const EVENTS = ['creation', 'deletion', 'merge', 'restore', 'associationChange'] as const;
type Name = (typeof CLASSIC)[number] | (typeof OTHERS)[number];

export type Properties = Readonly<Partial<Record<Name, readonly string[]>>>;

function ofObject(objectType: Name, properties: Properties): Subscriptions['crmObjects'] {
  return [
    ...EVENTS.map((event) => ({ subscriptionType: `object.${event}` as const, objectType, active: true })),
    ...(properties[objectType] ?? []).map((propertyName) => {
      return { subscriptionType: 'object.propertyChange' as const, objectType, propertyName, active: true };
    }),
  ];
}

function classicOf(objectType: (typeof CLASSIC)[number], properties: Properties): Subscriptions['legacyCrmObjects'] {
  return [
    ...EVENTS.map((event) => ({ subscriptionType: `${objectType}.${event}` as const, active: true })),
    ...(properties[objectType] ?? []).map((propertyName) => {
      return { subscriptionType: `${objectType}.propertyChange` as const, propertyName, active: true };
    }),
  ];
}

/**
 * Every event of every object, and the changes of these properties.
 * @param classic contacts, companies and deals in their classic form, as far as that goes
 */
export function everyEvent(properties: Properties, classic = false): Subscriptions {
  return {
    crmObjects: [...(classic ? [] : CLASSIC), ...OTHERS].flatMap((name) => ofObject(name, properties)),
    legacyCrmObjects: classic ? CLASSIC.flatMap((name) => classicOf(name, properties)) : [],
    hubEvents: [{ subscriptionType: 'contact.privacyDeletion', active: true }],
  };
}
