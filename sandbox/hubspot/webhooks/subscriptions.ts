// The webhook subscriptions of an app, in the format of its project file. Only subscribed events
// are sent.
// https://developers.hubspot.com/docs/apps/developer-platform/add-features/configure-webhooks
import { z } from 'zod';

const EVENTS = ['creation', 'deletion', 'merge', 'restore', 'associationChange', 'propertyChange'] as const;

/**
 * Not available: https://developers.hubspot.com/docs/api/webhooks and
 * create-generic-webhook-subscriptions
 */
const NOT_SUBSCRIBABLE: ReadonlySet<string> = new Set([
  ...['num_unique_conversion_events', 'lastmodifieddate', 'hs_lastmodifieddate'],
  ...['hs_email_html', 'hs_email_subject', 'hs_communication_body'],
]);

const propertyName = z
  .string()
  .min(1)
  .refine((name) => !NOT_SUBSCRIBABLE.has(name), 'is a property without webhook subscriptions')
  .optional();
const active = z.boolean();

const namesItsProperty = (subscription: { subscriptionType: string; propertyName?: string | undefined }) =>
  subscription.subscriptionType.endsWith('.propertyChange') === (subscription.propertyName !== undefined);
const PROPERTY_RULE = 'needs a propertyName if it is a propertyChange, and must not have one otherwise';

export const subscriptionsSchema = z.strictObject({
  /** Sent as `object.*`. */
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
  /** Sent in the classic form: `contact.*` and so on. */
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

/**
 * The subscriptions in a project's `webhooks-hsmeta.json`.
 * @throws SyntaxError or ZodError for a file that HubSpot would reject
 */
export function subscriptionsIn(file: string): Subscriptions {
  return projectSchema.parse(JSON.parse(file)).config.subscriptions;
}

/** The fields that identify a subscription. */
export interface Subscription {
  readonly subscriptionType: string;
  readonly objectType?: string | undefined;
  readonly propertyName?: string | undefined;
}

export function subscriptionKey({ subscriptionType, objectType = '', propertyName: property = '' }: Subscription) {
  return `${subscriptionType} ${objectType} ${property}`;
}

/** The keys of the active subscriptions. */
export function activeKeys({ crmObjects, legacyCrmObjects, hubEvents }: Subscriptions): ReadonlySet<string> {
  const all = [...crmObjects, ...legacyCrmObjects, ...hubEvents];
  return new Set(all.filter((each) => each.active).map(subscriptionKey));
}
