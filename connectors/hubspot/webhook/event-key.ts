// The key that identifies an event: equal for all its deliveries, and different for every other
// event.
import type { WebhookSubject } from '../../../src/crm/webhook-receiver.ts';
import type { HubSpotEvent } from './event-schema.ts';

/**
 * Consists of the properties that HubSpot repeats in each delivery; the number of the attempt is
 * not one of them. `eventId` alone is not unique.
 */
export function eventKey(event: HubSpotEvent, subject: WebhookSubject): string {
  const { portalId, subscriptionId, subscriptionType, eventId, occurredAt, propertyName } = event;
  const object = objectKey(event);
  const prefix = `${portalId}:${subscriptionId ?? subscriptionType}:${object}:${eventId ?? ''}:${occurredAt}`;
  return `${prefix}:${propertyName ?? ''}:${subjectKey(subject)}`;
}

function objectKey(event: HubSpotEvent): string {
  const { objectId, primaryObjectId, fromObjectId, toObjectId } = event;
  const { associationTypeId, associationType, associationRemoved } = event;
  if (!fromObjectId || !toObjectId) return objectId ?? primaryObjectId ?? '';
  const link = associationTypeId ?? associationType ?? '';
  return `${fromObjectId}-${toObjectId}-${link}-${associationRemoved ?? ''}`;
}

/** One event may have several subjects. */
function subjectKey(subject: WebhookSubject): string {
  if (subject.kind === 'item') return `${subject.stream}/${subject.id}`;
  return `${subject.kind}/${subject.ref.id}`;
}
