// One event as HubSpot sends it, classic (`contact.creation`) or generic (`object.creation`). What is known of their shape: real
// payloads in public repositories, https://developers.hubspot.com/changelog/new-subscription-types-for-webhooks (merges, links) and
// https://developers.hubspot.com/changelog/public-beta-generic-webhook-subscriptions (objectTypeId).
import { z } from 'zod';

// Ids have 64 bits; those that JavaScript would round come as text.
const id = z
  .union([z.int().nonnegative(), z.string().regex(/^\d{1,20}$/)])
  .transform((value) => (typeof value === 'number' ? String(value) : value));
const text = z.string().nullish();
// Nothing hangs on the form of these: they only tell events apart.
const mark = z.union([z.string(), z.number()]).nullish();

// The last millisecond that a date of four-digit years can be.
const LATEST = 253_402_300_799_999;

export const eventSchema = z.object({
  subscriptionType: z.string().regex(/^\w{1,40}\.\w{1,40}$/),
  portalId: id,
  occurredAt: z.int().min(0).max(LATEST),
  eventId: mark,
  subscriptionId: mark,
  changeSource: text,
  sourceId: mark,
  objectTypeId: text,
  objectId: id.nullish(),
  propertyName: text,
  primaryObjectId: id.nullish(),
  mergedObjectIds: z.array(id).nullish(),
  newObjectId: id.nullish(),
  associationType: text,
  associationTypeId: mark,
  associationRemoved: z.boolean().nullish(),
  fromObjectTypeId: text,
  fromObjectId: id.nullish(),
  toObjectTypeId: text,
  toObjectId: id.nullish(),
});

export type HubSpotEvent = z.infer<typeof eventSchema>;

const accountSchema = z.object({ portalId: id });

/** The portal that an element is of, whatever else is wrong with it. */
export function accountIn(element: unknown): string | undefined {
  return accountSchema.safeParse(element).data?.portalId;
}
