// Control API: user actions on lists and marketing events.
import { z } from 'zod';
import { ok, type Reply } from '../../http/reply.ts';
import { objectNotFound } from '../hubspot-error.ts';
import { ATTENDANCE_STATES } from '../portal/marketing-events.ts';
import type { Portal } from '../portal/portal.ts';
import { existing, instantSchema } from './people-actions.ts';

const listSchema = z.strictObject({
  name: z.string().min(1),
  type: z.enum(['MANUAL', 'DYNAMIC', 'SNAPSHOT']).default('MANUAL'),
});
/** `at`: joining time; absent = now. */
const memberSchema = z.strictObject({ contactId: z.string(), at: instantSchema.optional() });
const eventSchema = z.strictObject({ name: z.string().min(1) });
const participationSchema = memberSchema.extend({ state: z.enum(ATTENDANCE_STATES) });

export function createList(portal: Portal, body: unknown): Reply {
  const { name, type } = listSchema.parse(body);
  return { status: 201, body: { id: portal.lists.create(name, type, portal.clock.now()).id } };
}

export function deleteList(portal: Portal, id: string): Reply {
  portal.lists.all.delete(existingList(portal, id).id);
  return ok({});
}

export function addToList(portal: Portal, id: string, body: unknown): Reply {
  const { contactId, at } = memberSchema.parse(body);
  const contact = existing(portal, 'contacts', contactId);
  portal.lists.join(existingList(portal, id), contact.id, at?.getTime() ?? portal.clock.now());
  return ok({});
}

export function removeFromList(portal: Portal, id: string, body: unknown): Reply {
  const { contactId } = memberSchema.parse(body);
  existingList(portal, id).members.delete(existing(portal, 'contacts', contactId).id);
  return ok({});
}

export function createEvent(portal: Portal, body: unknown): Reply {
  const { name } = eventSchema.parse(body);
  return { status: 201, body: { id: portal.marketingEvents.findOrCreate(name, portal.clock.now()).id } };
}

export function setParticipation(portal: Portal, id: string, body: unknown): Reply {
  const { contactId, state, at } = participationSchema.parse(body);
  const event = portal.marketingEvents.all.get(id);
  if (!event) throw objectNotFound(`unknown marketing event ${id}`);
  const now = portal.clock.now();
  event.participations.set(existing(portal, 'contacts', contactId).id, { state, at: at?.getTime() ?? now });
  event.updatedAt = now;
  return ok({});
}

function existingList(portal: Portal, id: string) {
  const found = portal.lists.all.get(id);
  if (!found) throw objectNotFound(`unknown list ${id}`);
  return found;
}
