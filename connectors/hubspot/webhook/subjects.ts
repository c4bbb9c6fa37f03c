// The subjects of an event: contacts to read again, items of streams, or an erased person.
import type { WebhookSubject } from '../../../src/crm/webhook-receiver.ts';
import { contactRef } from '../contacts/contact-mapping.ts';
import type { HubSpotEvent } from './event-schema.ts';
import { objectType } from './object-types.ts';

/** An event about relevant subjects, an irrelevant event, or one that cannot be parsed. */
export type Subjects =
  | { readonly kind: 'about'; readonly type: string; readonly subjects: readonly WebhookSubject[] }
  | { readonly kind: 'irrelevant' }
  | { readonly kind: 'unparsed'; readonly reason: string };

/**
 * `contact.creation` -> contacts, creation; `object.creation` names the object by `objectTypeId`.
 */
export function subjectsOf(event: HubSpotEvent): Subjects {
  const { subject, action } = splitType(event);
  if (action === 'associationChange') return linkSubjects(event, subject);
  const type = objectType(subject);
  if (type === undefined) return { kind: 'unparsed', reason: 'The object of the event is unknown.' };
  const readIds = IDS.get(action);
  if (readIds === undefined) return UNKNOWN_TYPE;
  const ids = readIds(event).filter((id) => typeof id === 'string');
  if (ids.length === 0) return NO_ID;
  if (action === 'propertyChange' && !event.propertyName) {
    return { kind: 'unparsed', reason: 'The property change names no property.' };
  }
  if (type === null) return { kind: 'irrelevant' };
  // Only conversations have this action.
  if (action === 'newMessage') return UNKNOWN_TYPE;
  return action === 'privacyDeletion' ? erasureSubjects(type, ids) : about(type, ids);
}

/** Only such an event may be ignored because of its source or its property. */
export function isPropertyChange({ subscriptionType }: HubSpotEvent): boolean {
  return subscriptionType.endsWith('.propertyChange');
}

function splitType({ subscriptionType, objectTypeId }: HubSpotEvent): { subject: string; action: string } {
  const [first = '', action = ''] = subscriptionType.split('.');
  return { subject: first === 'object' ? (objectTypeId ?? '') : first, action };
}

type ReadIds = (event: HubSpotEvent) => readonly (string | null | undefined)[];

const objectIds: ReadIds = ({ objectId }) => [objectId];

/** The IDs of the objects that an event names, by its action. */
const IDS: ReadonlyMap<string, ReadIds> = new Map([
  ['creation', objectIds],
  ['deletion', objectIds],
  ['restore', objectIds],
  ['propertyChange', objectIds],
  ['privacyDeletion', objectIds],
  ['newMessage', objectIds],
  ['merge', (event) => [event.primaryObjectId, ...(event.mergedObjectIds ?? []), event.newObjectId, event.objectId]],
]);

const NO_ID: Subjects = { kind: 'unparsed', reason: 'The event names no object.' };
const UNKNOWN_TYPE: Subjects = { kind: 'unparsed', reason: 'The subscription type is unknown.' };

function about(type: string, ids: readonly string[]): Subjects {
  const distinct = ids.length > 1 ? [...new Set(ids)] : ids;
  return { kind: 'about', type, subjects: distinct.map((id) => subject(type, id)) };
}

function erasureSubjects(type: string, ids: readonly string[]): Subjects {
  if (type !== 'contacts') return UNKNOWN_TYPE;
  return { kind: 'about', type, subjects: ids.map((id) => ({ kind: 'erasure', ref: contactRef(id) })) };
}

function subject(type: string, id: string): WebhookSubject {
  return type === 'contacts' ? { kind: 'record', ref: contactRef(id) } : { kind: 'item', stream: type, id };
}

interface LinkEnd {
  /** Null: a type that is not read; undefined: missing or unknown. */
  readonly type: string | null | undefined;
  readonly id: string;
}

function linkSubjects(event: HubSpotEvent, subscribed: string): Subjects {
  const { fromObjectId, toObjectId, fromObjectTypeId, toObjectTypeId } = event;
  if (!fromObjectId || !toObjectId) return NO_ID;
  // The custom label of a link does not contain these names.
  const [fromName, toName] = (event.associationType ?? '').split(/_TO_/i);
  const from = { type: objectType(fromObjectTypeId || subscribed || (fromName ?? '')), id: fromObjectId };
  const to = { type: objectType(toObjectTypeId || (toName ?? '')), id: toObjectId };
  if (from.type === 'contacts') return contactLinkSubjects(from, to);
  if (to.type === 'contacts') return contactLinkSubjects(to, from);
  const untyped = [from, to].filter(({ type }) => type === undefined);
  if (untyped.length === 2)
    return { kind: 'unparsed', reason: 'The link event does not name the linked object types.' };
  const known = [from, to].find(({ type }) => typeof type === 'string');
  // A link without a contact (between a deal and its company) changes no score.
  if (untyped.length === 0 || typeof known?.type !== 'string') return { kind: 'irrelevant' };
  return about(known.type, [known.id]);
}

/**
 * A link to a company changes the fields of the contact, so the contact is read. A link to an item
 * changes the contacts of the item, so the item is read with all its contacts.
 */
function contactLinkSubjects(contact: LinkEnd, { type, id }: LinkEnd): Subjects {
  if (type === null || type === 'contacts') return { kind: 'irrelevant' };
  if (type === undefined || type === 'companies') return about('contacts', [contact.id]);
  const item = subject(type, id);
  // The contact has properties that count its deals, and an unlinked deal no longer names the
  // contact.
  const subjects = type === 'deals' ? [item, subject('contacts', contact.id)] : [item];
  return { kind: 'about', type, subjects };
}
