// What people do in Salesforce itself, as the control API offers it. Each takes effect at once; an admin sees every field.
import { z } from 'zod';
import { ok, type Reply } from '../../http/reply.ts';
import type { SalesforceRequestContext } from '../http/endpoint.ts';
import { fullId } from '../ids.ts';
import type { AuditInfo } from '../org.ts';
import { convertLead, deleteRecord, mergeRecords, undeleteRecord } from '../people-changes.ts';
import { RecordRules } from '../records/record-rules.ts';
import { isDeleted, type SObjectRecord, textOf } from '../records/record-table.ts';
import { badRequest, notFound, SalesforceError } from '../salesforce-error.ts';
import type { ObjectType } from '../schema/object-type.ts';
import { shareActivity } from '../share-activity.ts';
import { createRecord, type Outcome, updateRecord } from '../write/write-record.ts';

/** An ISO instant. */
export const instantSchema = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

const valuesSchema = z.strictObject({
  values: z.record(z.string(), z.unknown()),
  /** What the record's times say: a change that took long to be committed shows one that is past. */
  at: instantSchema.optional(),
});
const activitySchema = z.strictObject({
  /** Of a Lead or Contact. */
  personId: z.string(),
  type: z.string(),
  /** Absent: now. */
  at: instantSchema.optional(),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});
const mergeSchema = z.strictObject({ masterId: z.string(), mergedId: z.string() });
const convertSchema = z.strictObject({
  leadId: z.string(),
  /** Absent: one is made of the lead's company. */
  accountId: z.string().optional(),
  /** The name of an opportunity to make; absent: none. */
  opportunity: z.string().optional(),
});

// Nothing stands in an admin's way.
const NO_RULES = new RecordRules();

export function addRecord({ org }: SalesforceRequestContext, object: string, body: unknown): Reply {
  const { values, at } = valuesSchema.parse(body);
  const context = { org, rules: NO_RULES, asAdmin: true };
  const stamp = stampAt(org, at);
  const id = succeeded(createRecord(context, objectOf(org, object), values, stamp));
  shareActivity(org, found(org, id), null, stamp);
  return { status: 201, body: whole(found(org, id)) };
}

export function showRecord({ org }: SalesforceRequestContext, object: string, id: string): Reply {
  return ok(whole(found(org, id, object)));
}

export function editRecord({ org }: SalesforceRequestContext, object: string, id: string, body: unknown): Reply {
  const { values, at } = valuesSchema.parse(body);
  const record = found(org, id, object);
  const context = { org, rules: NO_RULES, asAdmin: true };
  const stamp = stampAt(org, at);
  succeeded(updateRecord(context, objectOf(org, object), record.id, values, stamp));
  shareActivity(org, found(org, id), textOf(record.values.WhoId), stamp);
  return ok(whole(found(org, id)));
}

export function removeRecord({ org }: SalesforceRequestContext, object: string, id: string): Reply {
  const record = found(org, id, object);
  if (isDeleted(record)) throw notFound();
  deleteRecord(org, record);
  return ok({});
}

/** Empties it out of the recycle bin: no query shows it any more. */
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
  return ok(whole(found(org, id)));
}

export function addActivity({ org, activities }: SalesforceRequestContext, body: unknown): Reply {
  const { personId, type, at, attributes } = activitySchema.parse(body);
  const now = org.clock.now();
  const activity = { type, at: at?.getTime() ?? now, attributes };
  const kept = activities.keep(found(org, personId), activity, { created: now, at: now });
  if ('problem' in kept) throw badRequest('NO_PLACE', kept.problem);
  return { status: 201, body: kept };
}

export function merge({ org }: SalesforceRequestContext, body: unknown): Reply {
  const { masterId, mergedId } = mergeSchema.parse(body);
  const [winner, loser] = [present(org, masterId), present(org, mergedId)];
  const mergeable = ['Lead', 'Contact', 'Account'].includes(winner.type) && winner.type === loser.type;
  if (!mergeable || winner.id === loser.id) throw badRequest('INVALID_MERGE', 'two records of one type are merged');
  return ok(whole(mergeRecords(org, winner, loser)));
}

export function convert({ org }: SalesforceRequestContext, body: unknown): Reply {
  const { leadId, accountId, opportunity = null } = convertSchema.parse(body);
  const lead = present(org, leadId);
  if (lead.type !== 'Lead' || lead.values.IsConverted === true) {
    throw badRequest('CANNOT_CONVERT', 'only a Lead that is not converted can be');
  }
  const account = accountId === undefined ? null : present(org, accountId).id;
  return ok(convertLead(org, lead, { accountId: account, opportunity }));
}

function stampAt(org: SalesforceRequestContext['org'], at: Date | undefined): AuditInfo {
  return { by: org.adminId, ...(at === undefined ? {} : { at: at.getTime() }) };
}

function succeeded(outcome: Outcome): string {
  if (outcome.success) return outcome.id;
  throw new SalesforceError(400, 'REFUSED', outcome.errors.map(({ message }) => message).join('; '));
}

function objectOf({ schema }: SalesforceRequestContext['org'], name: string): ObjectType {
  const object = schema.object(name);
  if (!object) throw notFound();
  return object;
}

/** Deleted or not. @throws SalesforceError 404 */
function found(org: SalesforceRequestContext['org'], id: string, type?: string): SObjectRecord {
  const record = org.find(fullId(id) ?? '');
  if (!record || (type !== undefined && record.type !== type)) throw notFound();
  return record;
}

function present(org: SalesforceRequestContext['org'], id: string): SObjectRecord {
  const record = found(org, id);
  if (isDeleted(record)) throw notFound();
  return record;
}

function whole({ id, type, values }: SObjectRecord): Record<string, unknown> {
  return { id, type, values };
}
