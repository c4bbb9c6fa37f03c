// What an app is subscribed to, in the form in which its project says so: nothing else is sent to it.
// https://developers.hubspot.com/docs/apps/developer-platform/add-features/configure-webhooks
import { z } from 'zod';

const EVENTS = ['creation', 'deletion', 'merge', 'restore', 'associationChange', 'propertyChange'] as const;

/** Nobody can subscribe to these: https://developers.hubspot.com/docs/api/webhooks and create-generic-webhook-subscriptions */
const NOT_SUBSCRIBABLE: ReadonlySet<string> = new Set([
  ...['num_unique_conversion_events', 'lastmodifieddate', 'hs_lastmodifieddate'],
  ...['hs_email_html', 'hs_email_subject', 'hs_communication_body'],
]);

const propertyName = z
  .string()
  .min(1)
  .refine((name) => !NOT_SUBSCRIBABLE.has(name), 'is a property that nobody can subscribe to')
  .optional();
const active = z.boolean();

const namesItsProperty = (subscription: { subscriptionType: string; propertyName?: string | undefined }) =>
  subscription.subscriptionType.endsWith('.propertyChange') === (subscription.propertyName !== undefined);
const PROPERTY_RULE = 'names a property if it is a propertyChange, and no other does';

export const subscriptionsSchema = z.strictObject({
  /** Told as `object.*`. */
  crmObjects: z
    .array(
      z
        .strictObject({
          subscriptionType: z.templateLiteral(['object.', z.enum(EVENTS)]),
          objectType: z.enum(['contact', 'company', 'deal', 'meeting_event', 'call', 'email', 'note', 'task']),
          ...{ propertyName, active },
        })
        .refine(namesItsProperty, PROPERTY_RULE),
    )
    .default([]),
  /** Told in the classic form: `contact.*` and so on. */
  legacyCrmObjects: z
    .array(
      z
        .strictObject({
          subscriptionType: z.templateLiteral([z.enum(['contact', 'company', 'deal']), '.', z.enum(EVENTS)]),
          ...{ propertyName, active },
        })
        .refine(namesItsProperty, PROPERTY_RULE),
    )
    .default([]),
  hubEvents: z.array(z.strictObject({ subscriptionType: z.literal('contact.privacyDeletion'), active })).default([]),
});

export type Subscriptions = z.output<typeof subscriptionsSchema>;

const projectSchema = z.strictObject({
  uid: z.string().min(1),
  type: z.literal('webhooks'),
  config: z.strictObject({
    settings: z.strictObject({ targetUrl: z.url(), maxConcurrentRequests: z.int().min(6) }),
    subscriptions: subscriptionsSchema,
  }),
});

/** Those of the project's file `webhooks-hsmeta.json`. @throws what JSON and zod throw for a file that HubSpot would not take */
export function subscriptionsIn(file: string): Subscriptions {
  return projectSchema.parse(JSON.parse(file)).config.subscriptions;
}

/** What tells one subscription from another. */
export interface Subscription {
  readonly subscriptionType: string;
  readonly objectType?: string | undefined;
  readonly propertyName?: string | undefined;
}

export function subscriptionKey({ subscriptionType, objectType = '', propertyName: property = '' }: Subscription) {
  return `${subscriptionType} ${objectType} ${property}`;
}

/** The keys of those that are active. */
export function activeKeys({ crmObjects, legacyCrmObjects, hubEvents }: Subscriptions): ReadonlySet<string> {
  const all = [...crmObjects, ...legacyCrmObjects, ...hubEvents];
  return new Set(all.filter((each) => each.active).map(subscriptionKey));
}
