// The modification time of a HubSpot object. Contacts and other objects name the property
// differently.
import { toInstant } from '../../../src/mapping/values/convert-value.ts';
import type { HubSpotObject } from '../http/responses/objects.ts';

/** When HubSpot last changed the object (ISO). */
export function modifiedAt(object: HubSpotObject): string {
  const raw = object.properties.lastmodifieddate ?? object.properties.hs_lastmodifieddate ?? object.updatedAt ?? null;
  const at = raw === null ? null : toInstant(raw);
  // An object without a time counts as changed at the epoch: it is read, and never taken for newer
  // than it is.
  return new Date(at ?? 0).toISOString();
}
