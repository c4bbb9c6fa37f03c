// Control API: user actions on contacts, companies and activities. Each takes effect at once.
import { z } from 'zod';
import { ok, type Reply } from '../../http/reply.ts';
import { badRequest, objectNotFound } from '../hubspot-error.ts';
import type { ObjectType } from '../object-types.ts';
import { createActivity } from '../portal/activities.ts';
import { countActivity } from '../portal/count-activity.ts';
import { COUNTER_PROPERTIES } from '../portal/counter-properties.ts';
import { mergeContacts, mergeContactsIntoNew } from '../portal/merge-contacts.ts';
import type { Portal } from '../portal/portal.ts';
import { SALESFORCE_PROPERTIES } from '../properties/contact-properties.ts';
import { checkValues, instantOf, invalidValues } from '../properties/property-values.ts';
import { changeSourceOf } from '../records/change-source.ts';
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
const engagementSchema = z.object({
  object: z.enum(['meetings', 'calls', 'emails', 'notes', 'tasks']),
  id: z.string(),
});
const propertiesSchema = z.strictObject({
  properties: z.record(z.string(), z.string()),
  companyId: z.string().optional(),
  /** A webhook's `changeSource`; INTEGRATION: another app than the product's. */
  source: z.string().min(1).default('CRM_UI'),
});
const countersSchema = z.strictObject({
  values: z.partialRecord(z.enum(COUNTER_PROPERTIES), z.string()),
  source: z.string().default('ANALYTICS'),
});
const salesforceIdsSchema = z.strictObject({
  /** Null clears it. */
  leadId: z.string().nullable().optional(),
  contactId: z.string().nullable().optional(),
});
const mergeSchema = z.strictObject({
  primaryId: z.string(),
  mergedId: z.string(),
  /**
   * `later`: the merge does not change counters; the caller sets them afterwards, as HubSpot may
   * recount them.
   */
  counters: z.enum(['added', 'later']).default('added'),
  /** `new`: a third contact survives, and neither ID is found any more. */
  into: z.enum(['primary', 'new']).default('primary'),
});
const linkSchema = z.strictObject({ contactId: z.string(), companyId: z.string() });
const labelSchema = linkSchema.extend({ typeId: z.int().min(1), label: z.string().min(1) });
const emailsSchema = z.strictObject({ emails: z.array(z.string()) });

export function addActivity(portal: Portal, body: unknown): Reply {
  const { contactId, type, at, attributes } = activitySchema.parse(body);
  const contact = existing(portal, 'contacts', contactId);
  const now = portal.clock.now();
  const times = { created: now, modified: now, indexFrom: portal.indexFrom() };
  const created = createActivity(portal, contact, { type, at: at?.getTime() ?? now, attributes }, times);
  if ('problem' in created) throw badRequest(created.problem);
  countActivity(portal, contactId, { type, at: at?.getTime() ?? now, attributes }, false);
  return { status: 201, body: created };
}

/** Edits an engagement, e.g. the outcome of a meeting. */
export function editActivity(portal: Portal, params: unknown, body: unknown): Reply {
  const { object, id } = engagementSchema.parse(params);
  return editRecord(portal, object, id, body);
}

export function deleteActivity(portal: Portal, params: unknown): Reply {
  const { object, id } = engagementSchema.parse(params);
  portal.archive(object, existing(portal, object, id));
  return ok({});
}

export function addContact(portal: Portal, body: unknown): Reply {
  const { properties, companyId, source } = propertiesSchema.parse(body);
  const values = new Map([...checkedProperties(portal, 'contacts', properties), ['hs_is_contact', 'true'] as const]);
  const by = changeSourceOf(source);
  const contact = portal.create('contacts', values, by);
  if (companyId !== undefined) portal.setCompany(contact.id, existing(portal, 'companies', companyId).id, by);
  return { status: 201, body: fullRecord(portal, 'contacts', existing(portal, 'contacts', contact.id)) };
}

export function editRecord(portal: Portal, type: ObjectType, id: string, body: unknown): Reply {
  const { properties, source } = propertiesSchema.parse(body);
  const record = existing(portal, type, id);
  return ok(
    fullRecord(
      portal,
      type,
      portal.write(type, record, checkedProperties(portal, type, properties), changeSourceOf(source)),
    ),
  );
}

export function showRecord(portal: Portal, type: ObjectType, id: string): Reply {
  return ok(fullRecord(portal, type, existing(portal, type, id)));
}

/** Sets HubSpot's counters to any value, from any source, as a recount by HubSpot does. */
export function setCounters(portal: Portal, id: string, body: unknown): Reply {
  const { values, source } = countersSchema.parse(body);
  const counted = new Map(Object.entries(values));
  const contact = portal.write('contacts', existing(portal, 'contacts', id), counted, changeSourceOf(source));
  return ok(fullRecord(portal, 'contacts', contact));
}

/**
 * Sets the properties of HubSpot's Salesforce integration. The first call defines them, as
 * installing the integration does.
 */
export function setSalesforceIds(portal: Portal, id: string, body: unknown): Reply {
  const { leadId, contactId } = salesforceIdsSchema.parse(body);
  const contact = existing(portal, 'contacts', id);
  for (const property of SALESFORCE_PROPERTIES) {
    if (!portal.registry('contacts').get(property.name)) portal.registry('contacts').define(property);
  }
  const values = new Map<string, string>();
  if (leadId !== undefined) values.set('salesforceleadid', leadId ?? '');
  if (contactId !== undefined) values.set('salesforcecontactid', contactId ?? '');
  return ok(fullRecord(portal, 'contacts', portal.write('contacts', contact, values, changeSourceOf('SALESFORCE'))));
}

export function deleteContact(portal: Portal, id: string): Reply {
  portal.archive('contacts', existing(portal, 'contacts', id));
  return ok({});
}

export function restoreContact(portal: Portal, id: string): Reply {
  const record = portal.table('contacts').findArchived(id, portal.clock.now());
  if (!record) throw objectNotFound(`contact ${id} is not deleted, or cannot be restored any more`);
  return ok(fullRecord(portal, 'contacts', portal.restore('contacts', record)));
}

/** Privacy deletion of an existing or deleted contact. */
export function eraseContact(portal: Portal, id: string): Reply {
  portal.erase(portal.table('contacts').findArchived(id, portal.clock.now()) ?? existing(portal, 'contacts', id));
  return ok({});
}

export function mergeContactRecords(portal: Portal, body: unknown): Reply {
  const { primaryId, mergedId, counters, into } = mergeSchema.parse(body);
  const primary = existing(portal, 'contacts', primaryId);
  const merged = existing(portal, 'contacts', mergedId);
  if (primary.id === merged.id) throw badRequest('a contact cannot be merged with itself');
  const survivor =
    into === 'new' ? mergeContactsIntoNew(portal, primary, merged) : mergeContacts(portal, primary, merged, counters);
  return ok(fullRecord(portal, 'contacts', existing(portal, 'contacts', survivor.id)));
}

export function setCompany(portal: Portal, body: unknown): Reply {
  const { contactId, companyId } = linkSchema.parse(body);
  portal.setCompany(existing(portal, 'contacts', contactId).id, existing(portal, 'companies', companyId).id);
  return ok({});
}

/** Links a company by one of the portal's own labels. */
export function labelCompany(portal: Portal, body: unknown): Reply {
  const { contactId, companyId, ...label } = labelSchema.parse(body);
  const contact = existing(portal, 'contacts', contactId);
  portal.links.label('contacts', contact.id, 'companies', existing(portal, 'companies', companyId).id, label);
  return ok({});
}

/** Sets the secondary addresses of a contact. */
export function setSecondaryEmails(portal: Portal, id: string, body: unknown): Reply {
  const { emails } = emailsSchema.parse(body);
  const values = new Map([['hs_additional_emails', emails.join(';')]]);
  return ok(fullRecord(portal, 'contacts', portal.write('contacts', existing(portal, 'contacts', id), values)));
}

export function clearCompany(portal: Portal, body: unknown): Reply {
  const { contactId } = linkSchema.partial({ companyId: true }).parse(body);
  portal.setCompany(existing(portal, 'contacts', contactId).id, null);
  return ok({});
}

function checkedProperties(
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
  if (!record) throw objectNotFound(`no record ${id} in ${type}`);
  return record;
}

/** A record with all properties that are set, and its company. */
function fullRecord(portal: Portal, type: ObjectType, record: CrmRecord): Record<string, unknown> {
  const companies = type === 'contacts' ? portal.links.linksOf('contacts', record.id, 'companies') : [];
  const companyId = companies.find(({ primary }) => primary)?.to ?? null;
  return { ...recordMetadata(record), properties: Object.fromEntries(record.properties), companyId };
}
