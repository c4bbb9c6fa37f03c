// What people do in HubSpot itself, as the control API offers it: edits, merges, new activities. Each takes effect at once.
import { z } from 'zod';
import { ok, type Reply } from '../../http/reply.ts';
import { createActivity } from '../activities.ts';
import { countActivity } from '../count-activity.ts';
import { COUNTER_PROPERTIES } from '../counter-properties.ts';
import { badRequest, objectNotFound } from '../hubspot-error.ts';
import { mergeContacts } from '../merge-contacts.ts';
import type { ObjectType } from '../object-types.ts';
import type { Portal } from '../portal.ts';
import { changeSourceOf } from '../portal-change.ts';
import { SALESFORCE_PROPERTIES } from '../properties/contact-properties.ts';
import { checkValues, instantOf, invalidValues } from '../properties/property-values.ts';
import { recordMetadata } from '../records/record-json.ts';
import type { CrmRecord } from '../records/record-table.ts';

/** An ISO instant. */
export const instantSchema = z
  .string()
  .refine((text) => instantOf(text) !== null, 'is not an ISO instant')
  .transform((text) => new Date(text));

const activitySchema = z.strictObject({
  contactId: z.string(),
  type: z.string(),
  /** ISO; absent: now. */
  at: instantSchema.optional(),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});
const keptActivitySchema = z.object({
  object: z.enum(['meetings', 'calls', 'emails', 'notes', 'tasks']),
  id: z.string(),
});
const propertiesSchema = z.strictObject({
  properties: z.record(z.string(), z.string()),
  companyId: z.string().optional(),
  /** Who writes it, as a webhook's `changeSource` names it; INTEGRATION: another app than ours. */
  source: z.string().min(1).default('CRM_UI'),
});
const countersSchema = z.strictObject({
  values: z.partialRecord(z.enum(COUNTER_PROPERTIES), z.string()),
  source: z.string().default('ANALYTICS'),
});
const salesforceIdsSchema = z.strictObject({
  /** Null: none any more. */
  leadId: z.string().nullable().optional(),
  contactId: z.string().nullable().optional(),
});
const mergeSchema = z.strictObject({
  primaryId: z.string(),
  mergedId: z.string(),
  /** `later`: the merge leaves them alone; whoever merges sets them later, as HubSpot may count anew. */
  counters: z.enum(['added', 'later']).default('added'),
});
const linkSchema = z.strictObject({ contactId: z.string(), companyId: z.string() });

export function addActivity(portal: Portal, body: unknown): Reply {
  const { contactId, type, at, attributes } = activitySchema.parse(body);
  const contact = existing(portal, 'contacts', contactId);
  const now = portal.clock.now();
  const learned = { created: now, modified: now, indexFrom: portal.indexFrom() };
  const kept = createActivity(portal, contact, { type, at: at?.getTime() ?? now, attributes }, learned);
  if ('problem' in kept) throw badRequest(kept.problem);
  countActivity(portal, contactId, { type, at: at?.getTime() ?? now, attributes }, false);
  return { status: 201, body: kept };
}

/** A meeting gets its outcome, a call its notes ... */
export function editActivity(portal: Portal, params: unknown, body: unknown): Reply {
  const { object, id } = keptActivitySchema.parse(params);
  return edit(portal, object, id, body);
}

export function removeActivity(portal: Portal, params: unknown): Reply {
  const { object, id } = keptActivitySchema.parse(params);
  portal.archive(object, existing(portal, object, id));
  return ok({});
}

export function addContact(portal: Portal, body: unknown): Reply {
  const { properties, companyId, source } = propertiesSchema.parse(body);
  const values = new Map([...checked(portal, 'contacts', properties), ['hs_is_contact', 'true'] as const]);
  const by = changeSourceOf(source);
  const contact = portal.create('contacts', values, by);
  if (companyId !== undefined) portal.setCompany(contact.id, existing(portal, 'companies', companyId).id, by);
  return { status: 201, body: whole(portal, 'contacts', existing(portal, 'contacts', contact.id)) };
}

export function edit(portal: Portal, type: ObjectType, id: string, body: unknown): Reply {
  const { properties, source } = propertiesSchema.parse(body);
  const record = existing(portal, type, id);
  return ok(whole(portal, type, portal.write(type, record, checked(portal, type, properties), changeSourceOf(source))));
}

export function show(portal: Portal, type: ObjectType, id: string): Reply {
  return ok(whole(portal, type, existing(portal, type, id)));
}

/** Sets what HubSpot counts, as HubSpot does when it counts anew: any value, from any source. */
export function setCounters(portal: Portal, id: string, body: unknown): Reply {
  const { values, source } = countersSchema.parse(body);
  const counted = new Map(Object.entries(values));
  const contact = portal.write('contacts', existing(portal, 'contacts', id), counted, changeSourceOf(source));
  return ok(whole(portal, 'contacts', contact));
}

/** What HubSpot's own Salesforce integration keeps on a contact; a portal without it has no such properties. */
export function setSalesforceIds(portal: Portal, id: string, body: unknown): Reply {
  const { leadId, contactId } = salesforceIdsSchema.parse(body);
  const contact = existing(portal, 'contacts', id);
  for (const property of SALESFORCE_PROPERTIES) {
    if (!portal.registry('contacts').get(property.name)) portal.registry('contacts').define(property);
  }
  const values = new Map<string, string>();
  if (leadId !== undefined) values.set('salesforceleadid', leadId ?? '');
  if (contactId !== undefined) values.set('salesforcecontactid', contactId ?? '');
  return ok(whole(portal, 'contacts', portal.write('contacts', contact, values, changeSourceOf('SALESFORCE'))));
}

export function remove(portal: Portal, id: string): Reply {
  portal.archive('contacts', existing(portal, 'contacts', id));
  return ok({});
}

export function restore(portal: Portal, id: string): Reply {
  const record = portal.table('contacts').findArchived(id, portal.clock.now());
  if (!record) throw objectNotFound(`the sandbox has no deleted contact ${id} that could be restored`);
  return ok(whole(portal, 'contacts', portal.restore('contacts', record)));
}

/** Deletes a contact for privacy, whether or not it was deleted before. */
export function erase(portal: Portal, id: string): Reply {
  portal.erase(portal.table('contacts').findArchived(id, portal.clock.now()) ?? existing(portal, 'contacts', id));
  return ok({});
}

export function merge(portal: Portal, body: unknown): Reply {
  const { primaryId, mergedId, counters } = mergeSchema.parse(body);
  const primary = existing(portal, 'contacts', primaryId);
  const merged = existing(portal, 'contacts', mergedId);
  if (primary.id === merged.id) throw badRequest('a contact cannot be merged with itself');
  mergeContacts(portal, primary, merged, counters);
  return ok(whole(portal, 'contacts', existing(portal, 'contacts', primary.id)));
}

export function link(portal: Portal, body: unknown): Reply {
  const { contactId, companyId } = linkSchema.parse(body);
  portal.setCompany(existing(portal, 'contacts', contactId).id, existing(portal, 'companies', companyId).id);
  return ok({});
}

export function unlink(portal: Portal, body: unknown): Reply {
  const { contactId } = linkSchema.partial({ companyId: true }).parse(body);
  portal.setCompany(existing(portal, 'contacts', contactId).id, null);
  return ok({});
}

function checked(
  portal: Portal,
  type: ObjectType,
  properties: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  const { values, problems } = checkValues(portal.registry(type), properties);
  if (problems.length > 0) throw invalidValues(problems);
  return values;
}

/** @throws HubSpotError 404 */
export function existing(portal: Portal, type: ObjectType, id: string): CrmRecord {
  const record = portal.table(type).find(id);
  if (!record) throw objectNotFound(`the sandbox has no record ${id} among its ${type}`);
  return record;
}

/** A record with every property that is set, and its company. */
function whole(portal: Portal, type: ObjectType, record: CrmRecord): Record<string, unknown> {
  const companies = type === 'contacts' ? portal.links.linksOf('contacts', record.id, 'companies') : [];
  const companyId = companies.find(({ primary }) => primary)?.to ?? null;
  return { ...recordMetadata(record), properties: Object.fromEntries(record.properties), companyId };
}
