// What people do to records: convert, merge, delete, take back.
import type { AuditInfo, Org } from './org.ts';
import type { SObjectRecord, Values } from './records/record-table.ts';

/** What goes with a person, by the fields that refer to it. */
const FOLLOWERS: readonly (readonly [object: string, fields: readonly string[]])[] = [
  ['Task', ['WhoId']],
  ['Event', ['WhoId']],
  ['TaskRelation', ['RelationId']],
  ['EventRelation', ['RelationId']],
  ['EmailMessageRelation', ['RelationId']],
  ['CampaignMember', ['LeadId', 'ContactId']],
  ['OpportunityContactRole', ['ContactId']],
];

export interface Conversion {
  /** Null makes one of the lead's company. */
  readonly accountId: string | null;
  /** Null makes none. */
  readonly opportunity: string | null;
  readonly stamp?: AuditInfo;
}

const COPIED = [
  ...['LastName', 'FirstName', 'Salutation', 'Title', 'Email', 'Phone', 'MobilePhone', 'LeadSource', 'Description'],
  ...['HasOptedOutOfEmail', 'EmailBouncedDate', 'EmailBouncedReason', 'LastActivityDate'],
];

/**
 * Makes a Contact of a Lead, with an Account and an Opportunity if wished. Custom fields stay behind, as long as nobody maps them.
 * Tasks, events and memberships go over without their times moving.
 */
export function convertLead(org: Org, lead: SObjectRecord, { accountId, opportunity, stamp = {} }: Conversion) {
  const { values } = lead;
  const OwnerId = values.OwnerId ?? org.adminId;
  const account = accountId ?? org.add('Account', { ...accountValues(values), OwnerId }, stamp).id;
  const copied = Object.fromEntries(COPIED.map((name) => [name, values[name] ?? null]));
  const mailing = { MailingCountry: values.Country ?? null, MailingCity: values.City ?? null };
  const contact = org.add('Contact', { ...copied, ...mailing, AccountId: account, OwnerId }, stamp);
  const deal = opportunity === null ? null : addOpportunity(org, contact, opportunity, {}, stamp);
  const change = {
    IsConverted: true,
    Status: 'Closed - Converted',
    ConvertedAccountId: account,
    ConvertedContactId: contact.id,
    ConvertedOpportunityId: deal,
  };
  const converted = org.write(lead, change, stamp);
  org.writeSilently(converted, { ConvertedDate: String(converted.values.LastModifiedDate).slice(0, 10) });
  moveActivities(org, lead, contact.id, account);
  return { contactId: contact.id, accountId: account, opportunityId: deal };
}

function accountValues({ Company, Industry, NumberOfEmployees, AnnualRevenue, Country, Website }: Values): Values {
  const copied = { Industry, NumberOfEmployees, AnnualRevenue, Website, BillingCountry: Country };
  const kept = Object.entries(copied).map(([name, value]) => [name, value ?? null]);
  return { ...Object.fromEntries(kept), Name: Company ?? 'Unknown' };
}

/** An opportunity in which the contact has the first role. @returns its id */
export function addOpportunity(
  org: Org,
  contact: SObjectRecord,
  name: string,
  values: Values,
  stamp: AuditInfo,
): string {
  const account = { AccountId: contact.values.AccountId ?? null, ContactId: contact.id, OwnerId: org.adminId };
  const start = { StageName: 'Prospecting', CloseDate: org.now().slice(0, 10) };
  const { id } = org.add('Opportunity', { ...start, ...account, Name: name, ...values }, stamp);
  const role = { OpportunityId: id, ContactId: contact.id, Role: 'Decision Maker', IsPrimary: true };
  org.add('OpportunityContactRole', role, stamp);
  return id;
}

function moveActivities(org: Org, lead: SObjectRecord, contactId: string, accountId: string): void {
  for (const { object, field, record } of followersOf(org, lead)) {
    // A campaign's member stays the lead's, and is the contact's, too.
    if (object === 'CampaignMember') org.writeSilently(record, { ContactId: contactId });
    else if (object === 'Task' || object === 'Event')
      org.writeSilently(record, { [field]: contactId, AccountId: accountId });
    else org.writeSilently(record, { [field]: contactId });
  }
}

/** The loser is deleted and says by whom it was outlived; what was its own becomes the winner's, without its times moving. */
export function mergeRecords(org: Org, winner: SObjectRecord, loser: SObjectRecord): SObjectRecord {
  const missing = Object.entries(loser.values).filter(([name]) => (winner.values[name] ?? null) === null);
  const merged = org.write(winner, Object.fromEntries(missing.filter(([name]) => name !== 'MasterRecordId')));
  for (const { field, record } of followersOf(org, loser)) org.writeSilently(record, { [field]: winner.id });
  for (const contact of org.referring('Contact', 'AccountId', loser.id)) {
    org.writeSilently(contact, { AccountId: winner.id });
  }
  org.write(loser, { IsDeleted: true, MasterRecordId: winner.id });
  return merged;
}

/** With a person go its activities, memberships and roles. */
export function deleteRecord(org: Org, record: SObjectRecord): void {
  const followers = followersOf(org, record).map((each) => each.record);
  for (const each of [record, ...followers]) org.write(each, { IsDeleted: true });
  org.deletedWith.set(
    record.id,
    followers.map(({ id }) => id),
  );
}

export function undeleteRecord(org: Org, record: SObjectRecord): void {
  const ids = [record.id, ...(org.deletedWith.get(record.id) ?? [])];
  for (const id of ids) {
    const each = org.find(id);
    if (each) org.write(each, { IsDeleted: false });
  }
}

function followersOf(
  org: Org,
  { id, type }: SObjectRecord,
): { object: string; field: string; record: SObjectRecord }[] {
  return FOLLOWERS.flatMap(([name, fields]) => {
    const object = org.schema.object(name);
    const leading = fields.filter((each) => object && org.schema.anyField(object, each)?.referenceTo.includes(type));
    return leading.flatMap((field) =>
      org.referring(name, field, id).map((record) => ({ object: name, field, record })),
    );
  });
}
