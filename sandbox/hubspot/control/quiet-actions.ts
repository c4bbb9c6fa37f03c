// Control API: changes that HubSpot makes without a new modification time, and items that it shows
// late or deletes.
// - Index: "newly created or updated records may take a few moments to appear in search results",
//   https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm
// - Calculated and rollup properties: https://knowledge.hubspot.com/properties/create-calculation-properties
// - Deleting submissions: https://knowledge.hubspot.com/forms/delete-form-submissions
import { z } from 'zod';
import { ok, type Reply } from '../../http/reply.ts';
import { objectNotFound } from '../hubspot-error.ts';
import type { ObjectType } from '../object-types.ts';
import type { Portal } from '../portal/portal.ts';
import { CALCULATION } from '../records/change-source.ts';
import { existing } from './people-actions.ts';

const latenessSchema = z.strictObject({
  searchMs: z.int().min(0).optional(),
  formsMs: z.int().min(0).optional(),
});
const nameSchema = z.strictObject({ name: z.string().min(1) });
const valuesSchema = z.strictObject({ properties: z.record(z.string(), z.string()) });

/** From now on, changes appear so much later in searches, and submissions in their forms. */
export function setLateness(portal: Portal, body: unknown): Reply {
  const { searchMs, formsMs } = latenessSchema.parse(body);
  portal.searchLagMs = searchMs ?? portal.searchLagMs;
  portal.formLagMs = formsMs ?? portal.formLagMs;
  return ok({});
}

/** Writes properties as a calculation does: no modification time changes. */
export function calculate(portal: Portal, type: ObjectType, id: string, body: unknown): Reply {
  const { properties } = valuesSchema.parse(body);
  const origin = { at: portal.clock.now(), by: CALCULATION };
  const values = new Map(Object.entries(properties));
  portal.table(type).writeSilently(existing(portal, type, id), values, portal.indexFrom(), origin);
  return ok({});
}

export function renameForm(portal: Portal, id: string, body: unknown): Reply {
  const { name } = nameSchema.parse(body);
  portal.forms.set(id, { ...existingForm(portal, id), name });
  return ok({});
}

export function deleteSubmission(portal: Portal, id: string, submission: string): Reply {
  existingForm(portal, id).submissions.remove((each) => each.id === submission);
  return ok({});
}

export function showForms(portal: Portal): Reply {
  const forms = [...portal.forms.values()].map(({ id, name, submissions }) => {
    return { id, name, submissions: submissions.all().map((submission) => submission.id) };
  });
  return ok(forms);
}

export function deletePageView(portal: Portal, id: string): Reply {
  portal.visits.remove((visit) => visit.id === id);
  return ok({});
}

export function renameList(portal: Portal, id: string, body: unknown): Reply {
  const { name } = nameSchema.parse(body);
  const list = portal.lists.all.get(id);
  if (!list) throw objectNotFound(`unknown list ${id}`);
  portal.lists.all.set(id, { ...list, name });
  return ok({});
}

function existingForm(portal: Portal, id: string) {
  const form = portal.forms.get(id);
  if (!form) throw objectNotFound(`unknown form ${id}`);
  return form;
}
