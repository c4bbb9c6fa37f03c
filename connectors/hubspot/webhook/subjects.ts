// What an event is about: contacts that are to be read again, items of streams, a person who was erased.
import type { WebhookSubject } from '../../webhook.ts';
import { contactRef } from '../contact-projection.ts';
import type { HubSpotEvent } from './event-schema.ts';
import { objectType } from './object-types.ts';

/** An event that has a subject of ours, that has none, or that cannot be understood. */
export type Subjects =
  | { readonly kind: 'about'; readonly type: string; readonly subjects: readonly WebhookSubject[] }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unread'; readonly reason: string };

/** `contact.creation` -> contacts, creation; `object.creation` names the object by `objectTypeId`. */
export function subjectsOf(event: HubSpotEvent): Subjects {
  const { subject, action } = divided(event);
  if (action === 'associationChange') return linked(event, subject);
  const type = subject === null ? null : objectType(subject);
  if (type === null) return { kind: 'unread', reason: 'The object of the event is none that is read.' };
  const read = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  return read?.(event, type) ?? { kind: 'unread', reason: 'The subscription type is not known.' };
}

/** Only such an event may be dropped for its source or its property. */
export function isPropertyChange(event: HubSpotEvent): boolean {
  return divided(event).action === 'propertyChange';
}

function divided({ subscriptionType, objectTypeId }: HubSpotEvent): { subject: string | null; action: string } {
  const [first = '', action = ''] = subscriptionType.split('.');
  return { subject: first === 'object' ? (objectTypeId ?? null) : first, action };
}

const ACTIONS: Readonly<Record<string, (event: HubSpotEvent, type: string) => Subjects | null>> = {
  creation: readAgain,
  deletion: readAgain,
  restore: readAgain,
  propertyChange: (event, type) => {
    if (!event.propertyName) return { kind: 'unread', reason: 'The event of a property names no property.' };
    return readAgain(event, type);
  },
  merge: (event, type) => {
    const { primaryObjectId, mergedObjectIds, newObjectId, objectId } = event;
    return about(type, [primaryObjectId, ...(mergedObjectIds ?? []), newObjectId, objectId]);
  },
  privacyDeletion: ({ objectId }, type) => {
    if (type !== 'contacts') return null;
    if (!objectId) return NO_ID;
    return { kind: 'about', type, subjects: [{ kind: 'erasure', ref: contactRef(objectId) }] };
  },
};

const NO_ID: Subjects = { kind: 'unread', reason: 'The event names no object.' };

function readAgain({ objectId }: HubSpotEvent, type: string): Subjects {
  return about(type, [objectId]);
}

function about(type: string, ids: readonly (string | null | undefined)[]): Subjects {
  const named = [...new Set(ids.filter((id) => typeof id === 'string'))];
  if (named.length === 0) return NO_ID;
  return { kind: 'about', type, subjects: named.map((id) => subject(type, id)) };
}

function subject(type: string, id: string): WebhookSubject {
  return type === 'contacts' ? { kind: 'record', ref: contactRef(id) } : { kind: 'item', stream: type, id };
}

interface Side {
  /** Null: an object that we do not read; undefined: not said. */
  readonly type: string | null | undefined;
  readonly id: string;
}

function linked(event: HubSpotEvent, subscribed: string | null): Subjects {
  const { fromObjectId, toObjectId, fromObjectTypeId, toObjectTypeId } = event;
  if (!fromObjectId || !toObjectId) return NO_ID;
  const [fromName, toName] = (event.associationType ?? '').split(/_TO_/i);
  const from = { type: typeOf(fromObjectTypeId ?? subscribed, fromName), id: fromObjectId };
  const to = { type: typeOf(toObjectTypeId, toName), id: toObjectId };
  if (from.type === 'contacts') return linkedContact(from, to);
  if (to.type === 'contacts') return linkedContact(to, from);
  const unsaid = [from, to].filter(({ type }) => type === undefined);
  if (unsaid.length === 2) return { kind: 'unread', reason: 'The event of a link does not say between what.' };
  const known = [from, to].find(({ type }) => typeof type === 'string');
  // Between two things that are no contacts (a deal and its company) nothing is scored.
  if (unsaid.length === 0 || typeof known?.type !== 'string') return { kind: 'nothing' };
  return about(known.type, [known.id]);
}

/** A name that is not known may be a label that somebody gave to a link of contacts and companies. */
function typeOf(id: string | null | undefined, name: string | undefined): string | null | undefined {
  return id ? objectType(id) : (objectType(name ?? '') ?? undefined);
}

/** With its company the contact is another one; with anything that is dated, that thing is read, with all its contacts. */
function linkedContact(contact: Side, { type, id }: Side): Subjects {
  if (type === null || type === 'contacts') return { kind: 'nothing' };
  if (type === undefined || type === 'companies') return about('contacts', [contact.id]);
  const item = subject(type, id);
  // HubSpot counts deals on the contact, and of a contact that it was unlinked from the deal says nothing any more.
  const subjects = type === 'deals' ? [item, subject('contacts', contact.id)] : [item];
  return { kind: 'about', type, subjects };
}
