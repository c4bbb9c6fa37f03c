// Control API: user actions on records, as an admin who sees every field. Each takes effect at
// once.
import { z } from 'zod';
import { ok, type Reply } from '../../http/reply.ts';
import type { SalesforceRequestContext } from '../http/endpoint.ts';
import { fullId } from '../ids.ts';
import type { AuditInfo } from '../org/org.ts';
import { convertLead, deleteRecord, mergeRecords, undeleteRecord } from '../org/people-changes.ts';
import { shareActivity } from '../org/share-activity.ts';
import { RecordRules } from '../records/record-rules.ts';
import { isDeleted, type SObjectRecord, textOf } from '../records/record-table.ts';
import { badRequest, notFound, SalesforceError } from '../salesforce-error.ts';
import type { ObjectType } from '../schema/object-type.ts';
import { createRecord, type Outcome, updateRecord } from '../write/write-record.ts';

/** An ISO instant. */
export const instantSchema = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

const valuesSchema = z.strictObject({
  values: z.record(z.string(), z.unknown()),
  /** The record's modification time. A past one simulates a change that took long to commit. */
  at: instantSchema.optional(),
});
const activitySchema = z.strictObject({
  /** ID of a Lead or Contact. */
  personId: z.string(),
  type: z.string(),
  /** Absent: now. */
  at: instantSchema.optional(),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});
const mergeSchema = z.strictObject({ masterId: z.string(), mergedId: z.string() });
const convertSchema = z.strictObject({
  leadId: z.string(),
  /** Absent: an account is created from the lead's company. */
  accountId: z.string().optional(),
  /** Name of an opportunity to create; absent: none. */
  opportunity: z.string().optional(),
});

// Validation rules do not apply to the control API.
const NO_RULES = new RecordRules();

export function addRecord({ org }: SalesforceRequestContext, object: string, body: unknown): Reply {
  const { values, at } = valuesSchema.parse(body);
  const context = { org, rules: NO_RULES, asAdmin: true };
  const audit = auditAt(org, at);
  const id = idOfSuccess(createRecord(context, objectOf(org, object), values, audit));
  shareActivity(org, found(org, id), null, audit);
  return { status: 201, body: recordJson(found(org, id)) };
}

export function showRecord({ org }: SalesforceRequestContext, object: string, id: string): Reply {
  return ok(recordJson(found(org, id, object)));
}

export function editRecord({ org }: SalesforceRequestContext, object: string, id: string, body: unknown): Reply {
  const { values, at } = valuesSchema.parse(body);
  const record = found(org, id, object);
  const context = { org, rules: NO_RULES, asAdmin: true };
  const audit = auditAt(org, at);
  idOfSuccess(updateRecord(context, objectOf(org, object), record.id, values, audit));
  shareActivity(org, found(org, id), textOf(record.values.WhoId), audit);
  return ok(recordJson(found(org, id)));
}

export function removeRecord({ org }: SalesforceRequestContext, object: string, id: string): Reply {
  const record = found(org, id, object);
  if (isDeleted(record)) throw notFound();
  deleteRecord(org, record);
  return ok({});
}

/** Deletes a record from the recycle bin: no query returns it any more. */
export function purgeRecord({ org }: SalesforceRequestContext, object: string, id: string): Reply {
  const record = found(org, id, object);
  if (!isDeleted(record)) throw notFound();
  org.table(record.type).purge(record.id);
  return ok({});
}

export function undelete({ org }: SalesforceRequestContext, object: string, id: string): Reply {
  const record = found(org, id, object);
  if (!isDeleted(record) || record.values.MasterRecordId) throw notFound();
  undeleteRecord(org, record);
  return ok(recordJson(found(org, id)));
}

export function addActivity({ org, activities }: SalesforceRequestContext, body: unknown): Reply {
  const { personId, type, at, attributes } = activitySchema.parse(body);
  const now = org.clock.now();
  const activity = { type, at: at?.getTime() ?? now, attributes };
  const created = activities.add(found(org, personId), activity, { created: now, at: now });
  if ('problem' in created) throw badRequest('NO_PLACE', created.problem);
  return { status: 201, body: created };
}

export function merge({ org }: SalesforceRequestContext, body: unknown): Reply {
  const { masterId, mergedId } = mergeSchema.parse(body);
  const [winner, loser] = [existing(org, masterId), existing(org, mergedId)];
  const mergeable = ['Lead', 'Contact', 'Account'].includes(winner.type) && winner.type === loser.type;
  if (!mergeable || winner.id === loser.id)
    throw badRequest('INVALID_MERGE', 'merge needs two different Leads, Contacts or Accounts');
  return ok(recordJson(mergeRecords(org, winner, loser)));
}

export function convert({ org }: SalesforceRequestContext, body: unknown): Reply {
  const { leadId, accountId, opportunity = null } = convertSchema.parse(body);
  const lead = existing(org, leadId);
  if (lead.type !== 'Lead' || lead.values.IsConverted === true) {
    throw badRequest('CANNOT_CONVERT', 'not a Lead, or already converted');
  }
  const account = accountId === undefined ? null : existing(org, accountId).id;
  return ok(convertLead(org, lead, { accountId: account, opportunity }));
}

/** Makes the Contact and its Account one person. */
export function makePersonAccount({ org }: SalesforceRequestContext, body: unknown): Reply {
  const { contactId } = z.strictObject({ contactId: z.string() }).parse(body);
  const contact = existing(org, contactId);
  const account = org.find(textOf(contact.values.AccountId) ?? '');
  if (contact.type !== 'Contact' || !account) throw badRequest('NO_ACCOUNT', 'not a Contact with an Account');
  org.write(contact, { IsPersonAccount: true });
  return ok(recordJson(org.write(account, { IsPersonAccount: true, PersonContactId: contact.id })));
}

function auditAt(org: SalesforceRequestContext['org'], at: Date | undefined): AuditInfo {
  return { by: org.adminId, ...(at === undefined ? {} : { at: at.getTime() }) };
}

function idOfSuccess(outcome: Outcome): string {
  if (outcome.success) return outcome.id;
  throw new SalesforceError(400, 'REFUSED', outcome.errors.map(({ message }) => message).join('; '));
}

function objectOf({ schema }: SalesforceRequestContext['org'], name: string): ObjectType {
  const object = schema.object(name);
  if (!object) throw notFound();
  return object;
}

/** Finds a record, deleted or not. @throws SalesforceError 404 */
function found(org: SalesforceRequestContext['org'], id: string, type?: string): SObjectRecord {
  const record = org.find(fullId(id) ?? '');
  if (!record || (type !== undefined && record.type !== type)) throw notFound();
  return record;
}

function existing(org: SalesforceRequestContext['org'], id: string): SObjectRecord {
  const record = found(org, id);
  if (isDeleted(record)) throw notFound();
  return record;
}

function recordJson({ id, type, values }: SObjectRecord): Record<string, unknown> {
  return { id, type, values };
}
