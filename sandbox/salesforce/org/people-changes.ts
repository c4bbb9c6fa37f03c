// User actions on records: convert, merge, delete, undelete.

import type { SObjectRecord, Values } from '../records/record-table.ts';
import type { AuditInfo, Org } from './org.ts';

/** The objects that depend on a person, with the fields that refer to it. */
const DEPENDENTS: readonly (readonly [object: string, fields: readonly string[]])[] = [
  ['Task', ['WhoId']],
  ['Event', ['WhoId']],
  ['TaskRelation', ['RelationId']],
  ['EventRelation', ['RelationId']],
  ['EmailMessageRelation', ['RelationId']],
  ['CampaignMember', ['LeadId', 'ContactId']],
  ['OpportunityContactRole', ['ContactId']],
];

export interface Conversion {
  /** Null creates an account from the lead's company. */
  readonly accountId: string | null;
  /** Name of an opportunity to create; null = none. */
  readonly opportunity: string | null;
  readonly audit?: AuditInfo;
}

const COPIED = [
  ...['LastName', 'FirstName', 'Salutation', 'Title', 'Email', 'Phone', 'MobilePhone', 'LeadSource', 'Description'],
  ...['HasOptedOutOfEmail', 'EmailBouncedDate', 'EmailBouncedReason', 'LastActivityDate'],
];

/**
 * Converts a Lead to a Contact, with an Account and optionally an Opportunity. Custom fields are
 * not copied: no mapping is set up. Tasks, events and memberships move to the Contact; their
 * modification times do not change.
 */
export function convertLead(org: Org, lead: SObjectRecord, { accountId, opportunity, audit = {} }: Conversion) {
  const { values } = lead;
  const OwnerId = values.OwnerId ?? org.adminId;
  const account = accountId ?? org.add('Account', { ...accountValues(values), OwnerId }, audit).id;
  const copied = Object.fromEntries(COPIED.map((name) => [name, values[name] ?? null]));
  const mailing = { MailingCountry: values.Country ?? null, MailingCity: values.City ?? null };
  const contact = org.add('Contact', { ...copied, ...mailing, AccountId: account, OwnerId }, audit);
  const deal = opportunity === null ? null : addOpportunity(org, contact, opportunity, {}, audit);
  const change = {
    IsConverted: true,
    Status: 'Closed - Converted',
    ConvertedAccountId: account,
    ConvertedContactId: contact.id,
    ConvertedOpportunityId: deal,
  };
  const converted = org.write(lead, change, audit);
  org.writeSilently(converted, { ConvertedDate: String(converted.values.LastModifiedDate).slice(0, 10) });
  moveActivities(org, lead, contact.id, account);
  return { contactId: contact.id, accountId: account, opportunityId: deal };
}

function accountValues({ Company, Industry, NumberOfEmployees, AnnualRevenue, Country, Website }: Values): Values {
  const copied = { Industry, NumberOfEmployees, AnnualRevenue, Website, BillingCountry: Country };
  const values = Object.entries(copied).map(([name, value]) => [name, value ?? null]);
  return { ...Object.fromEntries(values), Name: Company ?? 'Unknown' };
}

/** Adds an opportunity with the contact in the primary role. @returns its ID */
export function addOpportunity(
  org: Org,
  contact: SObjectRecord,
  name: string,
  values: Values,
  audit: AuditInfo,
): string {
  const account = { AccountId: contact.values.AccountId ?? null, ContactId: contact.id, OwnerId: org.adminId };
  const start = { StageName: 'Prospecting', CloseDate: org.now().slice(0, 10) };
  const { id } = org.add('Opportunity', { ...start, ...account, Name: name, ...values }, audit);
  const role = { OpportunityId: id, ContactId: contact.id, Role: 'Decision Maker', IsPrimary: true };
  org.add('OpportunityContactRole', role, audit);
  return id;
}

function moveActivities(org: Org, lead: SObjectRecord, contactId: string, accountId: string): void {
  for (const { object, field, record } of dependentsOf(org, lead)) {
    // A campaign member keeps its lead and gets the contact in addition.
    if (object === 'CampaignMember') org.writeSilently(record, { ContactId: contactId });
    else if (object === 'Task' || object === 'Event')
      org.writeSilently(record, { [field]: contactId, AccountId: accountId });
    else org.writeSilently(record, { [field]: contactId });
  }
}

/**
 * Deletes the loser with the winner as `MasterRecordId`. Its dependent records move; their
 * modification times do not change.
 */
export function mergeRecords(org: Org, winner: SObjectRecord, loser: SObjectRecord): SObjectRecord {
  const missing = Object.entries(loser.values).filter(([name]) => (winner.values[name] ?? null) === null);
  const merged = org.write(winner, Object.fromEntries(missing.filter(([name]) => name !== 'MasterRecordId')));
  for (const { field, record } of dependentsOf(org, loser)) org.writeSilently(record, { [field]: winner.id });
  for (const contact of org.referring('Contact', 'AccountId', loser.id)) {
    org.writeSilently(contact, { AccountId: winner.id });
  }
  org.write(loser, { IsDeleted: true, MasterRecordId: winner.id });
  return merged;
}

/** Deletes a record and its activities, memberships and roles. */
export function deleteRecord(org: Org, record: SObjectRecord): void {
  const dependents = dependentsOf(org, record).map((each) => each.record);
  for (const each of [record, ...dependents]) org.write(each, { IsDeleted: true });
  org.deletedWith.set(
    record.id,
    dependents.map(({ id }) => id),
  );
}

export function undeleteRecord(org: Org, record: SObjectRecord): void {
  const ids = [record.id, ...(org.deletedWith.get(record.id) ?? [])];
  for (const id of ids) {
    const each = org.find(id);
    if (each) org.write(each, { IsDeleted: false });
  }
}

function dependentsOf(
  org: Org,
  { id, type }: SObjectRecord,
): { object: string; field: string; record: SObjectRecord }[] {
  return DEPENDENTS.flatMap(([name, fields]) => {
    const object = org.schema.object(name);
    const referring = fields.filter((each) => object && org.schema.anyField(object, each)?.referenceTo.includes(type));
    return referring.flatMap((field) =>
      org.referring(name, field, id).map((record) => ({ object: name, field, record })),
    );
  });
}
