// What an event is about: contacts that are to be read again, items of streams, a person who was erased.
import type { WebhookSubject } from '../../../src/crm/webhook-receiver.ts';
import { contactRef } from '../contacts/contact-mapping.ts';
import type { HubSpotEvent } from './event-schema.ts';
import { objectType } from './object-types.ts';

/** An event that has a subject of ours, that has none, or that cannot be understood. */
export type Subjects =
  | { readonly kind: 'about'; readonly type: string; readonly subjects: readonly WebhookSubject[] }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unparsed'; readonly reason: string };

/** `contact.creation` -> contacts, creation; `object.creation` names the object by `objectTypeId`. */
export function subjectsOf(event: HubSpotEvent): Subjects {
  const { subject, action } = divided(event);
  if (action === 'associationChange') return linked(event, subject);
  const type = objectType(subject);
  if (type === undefined) return { kind: 'unparsed', reason: 'The object of the event is not known.' };
  const idsIn = IDS.get(action);
  if (idsIn === undefined) return NO_TYPE;
  const ids = idsIn(event).filter((id) => typeof id === 'string');
  if (ids.length === 0) return NO_ID;
  if (action === 'propertyChange' && !event.propertyName) {
    return { kind: 'unparsed', reason: 'The event of a property names no property.' };
  }
  if (type === null) return { kind: 'nothing' };
  // Of conversations alone.
  if (action === 'newMessage') return NO_TYPE;
  return action === 'privacyDeletion' ? erased(type, ids) : about(type, ids);
}

/** Only such an event may be dropped for its source or its property. */
export function isPropertyChange({ subscriptionType }: HubSpotEvent): boolean {
  return subscriptionType.endsWith('.propertyChange');
}

function divided({ subscriptionType, objectTypeId }: HubSpotEvent): { subject: string; action: string } {
  const [first = '', action = ''] = subscriptionType.split('.');
  return { subject: first === 'object' ? (objectTypeId ?? '') : first, action };
}

type IdsIn = (event: HubSpotEvent) => readonly (string | null | undefined)[];

const theObject: IdsIn = ({ objectId }) => [objectId];

/** By what happened: the objects that the event names. */
const IDS: ReadonlyMap<string, IdsIn> = new Map([
  ['creation', theObject],
  ['deletion', theObject],
  ['restore', theObject],
  ['propertyChange', theObject],
  ['privacyDeletion', theObject],
  ['newMessage', theObject],
  ['merge', (event) => [event.primaryObjectId, ...(event.mergedObjectIds ?? []), event.newObjectId, event.objectId]],
]);

const NO_ID: Subjects = { kind: 'unparsed', reason: 'The event names no object.' };
const NO_TYPE: Subjects = { kind: 'unparsed', reason: 'The subscription type is not known.' };

function about(type: string, ids: readonly string[]): Subjects {
  const distinct = ids.length > 1 ? [...new Set(ids)] : ids;
  return { kind: 'about', type, subjects: distinct.map((id) => subject(type, id)) };
}

function erased(type: string, ids: readonly string[]): Subjects {
  if (type !== 'contacts') return NO_TYPE;
  return { kind: 'about', type, subjects: ids.map((id) => ({ kind: 'erasure', ref: contactRef(id) })) };
}

function subject(type: string, id: string): WebhookSubject {
  return type === 'contacts' ? { kind: 'record', ref: contactRef(id) } : { kind: 'item', stream: type, id };
}

interface Side {
  /** Null: an object that we do not read; undefined: not said, or none that we know. */
  readonly type: string | null | undefined;
  readonly id: string;
}

function linked(event: HubSpotEvent, subscribed: string): Subjects {
  const { fromObjectId, toObjectId, fromObjectTypeId, toObjectTypeId } = event;
  if (!fromObjectId || !toObjectId) return NO_ID;
  // A label that somebody gave to a link of contacts and companies has no such names.
  const [fromName, toName] = (event.associationType ?? '').split(/_TO_/i);
  const from = { type: objectType(fromObjectTypeId || subscribed || (fromName ?? '')), id: fromObjectId };
  const to = { type: objectType(toObjectTypeId || (toName ?? '')), id: toObjectId };
  if (from.type === 'contacts') return linkedContact(from, to);
  if (to.type === 'contacts') return linkedContact(to, from);
  const unsaid = [from, to].filter(({ type }) => type === undefined);
  if (unsaid.length === 2) return { kind: 'unparsed', reason: 'The event of a link does not say between what.' };
  const known = [from, to].find(({ type }) => typeof type === 'string');
  // Between two things that are no contacts (a deal and its company) nothing is scored.
  if (unsaid.length === 0 || typeof known?.type !== 'string') return { kind: 'nothing' };
  return about(known.type, [known.id]);
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
