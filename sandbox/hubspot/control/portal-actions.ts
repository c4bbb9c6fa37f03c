// Control API: the forms and rules of the portal.
import { z } from 'zod';
import { ok, type Reply } from '../../http/reply.ts';
import { objectNotFound } from '../hubspot-error.ts';
import { OBJECT_TYPES } from '../object-types.ts';
import { createForm } from '../portal/activities.ts';
import type { Portal } from '../portal/portal.ts';

const formSchema = z.strictObject({
  name: z.string().min(1),
  formType: z.enum(['hubspot', 'captured', 'flow', 'blog_comment']).default('hubspot'),
});
const deletionSchema = z.strictObject({ stillListed: z.boolean().default(false) });
const rulesSchema = z.array(
  z.strictObject({
    contactIds: z.array(z.string()),
    property: z.string(),
    error: z.string().default('INVALID_OPTION'),
    message: z.string().default('was not one of the allowed options'),
  }),
);

export function addForm(portal: Portal, body: unknown): Reply {
  return { status: 201, body: { id: createForm(portal, formSchema.parse(body), portal.clock.now()).id } };
}

export function deleteForm(portal: Portal, id: string, body: unknown): Reply {
  const { stillListed } = deletionSchema.parse(body ?? {});
  const form = portal.forms.get(id);
  if (!form) throw objectNotFound(`unknown form ${id}`);
  form.isDeleted = true;
  if (!stillListed) portal.forms.delete(id);
  return ok({});
}

/** Archives the properties of an object type that the body names, and restores all others. */
export function archiveProperties(portal: Portal, type: string, body: unknown): Reply {
  const names = z.array(z.string()).parse(body);
  portal.registry(z.enum(OBJECT_TYPES).parse(type)).archive(names);
  return ok({});
}

export function setValidationRules(portal: Portal, body: unknown): Reply {
  portal.validationRules = rulesSchema.parse(body);
  return ok({});
}
