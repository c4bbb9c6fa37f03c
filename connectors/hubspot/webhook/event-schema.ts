// One event as HubSpot sends it, classic (`contact.creation`) or generic (`object.creation`).
// Sources for the shape: real payloads in public repositories,
// https://developers.hubspot.com/changelog/new-subscription-types-for-webhooks (merges, links) and
// https://developers.hubspot.com/changelog/public-beta-generic-webhook-subscriptions
// (objectTypeId).
import { z } from 'zod';

// IDs have 64 bits; parse-body.ts turns those that JavaScript would round into text.
const id = z
  .union([z.int().nonnegative(), z.string().regex(/^\d{1,20}$/)])
  .transform((value) => (typeof value === 'number' ? String(value) : value));
const text = z.string().nullish();
// The format of these does not matter: they only distinguish events.
const token = z.union([z.string(), z.number()]).nullish();

// The last millisecond of the year 9999.
const LATEST = 253_402_300_799_999;

export const eventSchema = z.object({
  subscriptionType: z.string().regex(/^\w{1,40}\.\w{1,40}$/),
  portalId: id,
  occurredAt: z.int().min(0).max(LATEST),
  eventId: token,
  subscriptionId: token,
  changeSource: text,
  sourceId: token,
  objectTypeId: text,
  objectId: id.nullish(),
  propertyName: text,
  primaryObjectId: id.nullish(),
  mergedObjectIds: z.array(id).nullish(),
  newObjectId: id.nullish(),
  associationType: text,
  associationTypeId: token,
  associationRemoved: z.boolean().nullish(),
  fromObjectTypeId: text,
  fromObjectId: id.nullish(),
  toObjectTypeId: text,
  toObjectId: id.nullish(),
});

export type HubSpotEvent = z.infer<typeof eventSchema>;

const accountSchema = z.object({ portalId: id });

/** The ID of the portal that sent an element, even if the rest of the element is invalid. */
export function accountIn(element: unknown): string | undefined {
  return accountSchema.safeParse(element).data?.portalId;
}
