// Puts a data set into an org that is still empty.
import type { Dataset, SeedCompany, SeedLead, SeedOpportunity, SeedPerson } from '../dataset/dataset.ts';
import type { Activities } from './activities.ts';
import { auditInfoOf, type Org } from './org.ts';
import { addOpportunity, convertLead } from './people-changes.ts';
import type { SObjectRecord, Values } from './records/record-table.ts';

const DAY_MS = 86_400_000;
// A call or meeting is entered a little after it took place.
const ENTERED_AFTER_MS = 90_000;
const OPEN_DEALS_CLOSE_AFTER_DAYS = 90;

const INDUSTRIES: Readonly<Record<string, string>> = {
  COMPUTER_SOFTWARE: 'Technology',
  INFORMATION_TECHNOLOGY_AND_SERVICES: 'Technology',
  INTERNET: 'Technology',
  FINANCIAL_SERVICES: 'Finance',
  MARKETING_AND_ADVERTISING: 'Media',
  LOGISTICS_AND_SUPPLY_CHAIN: 'Transportation',
  HOSPITAL_HEALTH_CARE: 'Healthcare',
  RETAIL: 'Retail',
  EDUCATION_MANAGEMENT: 'Education',
  CONSTRUCTION: 'Construction',
  MACHINERY: 'Manufacturing',
  MANAGEMENT_CONSULTING: 'Consulting',
};

const SOURCES: Readonly<Record<string, string>> = {
  REFERRALS: 'Partner Referral',
  OFFLINE: 'Phone Inquiry',
};

const STAGES: Readonly<Record<string, string>> = {
  demo_scheduled: 'Qualification',
  demo_completed: 'Needs Analysis',
  proposal_sent: 'Proposal/Price Quote',
  negotiation: 'Negotiation/Review',
  closed_won: 'Closed Won',
  closed_lost: 'Closed Lost',
};

export interface SeededOrg {
  /** Ids of Leads by `SeedLead.key`; where the data set has no leads, by `SeedPerson.key`. */
  readonly leadIds: ReadonlyMap<string, string>;
  /** Ids of the Contacts that some of them became, by the same keys. */
  readonly contactIds: ReadonlyMap<string, string>;
}

interface Filling {
  readonly org: Org;
  readonly companies: ReadonlyMap<string, SeedCompany>;
  readonly accountIds: ReadonlyMap<string, string>;
  readonly leadIds: Map<string, string>;
  readonly contactIds: Map<string, string>;
}

/** Every person (or enquiry) is a Lead; those with an opportunity were converted. What Salesforce has no place for is left out. */
export function seedOrg(org: Org, activities: Activities, dataset: Dataset): SeededOrg {
  const filling: Filling = {
    org,
    companies: new Map(dataset.companies.map((company) => [company.key, company])),
    accountIds: new Map(dataset.companies.map((company) => [company.key, addAccount(org, company)])),
    leadIds: new Map(),
    contactIds: new Map(),
  };
  const people = new Map(dataset.people.map((person) => [person.key, person]));
  const leads = dataset.leads ?? dataset.people.map((person) => ({ ...person, person: person.key }));
  for (const lead of leads) {
    const person = people.get(lead.person);
    if (!person) throw new Error(`the data set has a lead of an unknown person ${lead.person}`);
    filling.leadIds.set(lead.key, addLead(filling, person, lead));
  }
  for (const opportunity of dataset.opportunities) {
    const person = people.get(opportunity.person);
    if (person) addDeal(filling, person, opportunity);
  }
  const now = org.clock.now();
  for (const { person, lead = person, ...activity } of dataset.activities) {
    const record = org.find(filling.contactIds.get(lead) ?? filling.leadIds.get(lead) ?? '');
    if (!record) throw new Error(`the data set has an activity of an unknown lead ${lead}`);
    activities.keep(record, activity, { created: activity.at, at: Math.min(activity.at + ENTERED_AFTER_MS, now) });
  }
  return filling;
}

function addAccount(org: Org, company: SeedCompany): string {
  const values = {
    Name: company.name,
    Industry: INDUSTRIES[company.industry ?? ''] ?? null,
    NumberOfEmployees: company.employees,
    AnnualRevenue: company.revenue,
    BillingCountry: company.country,
    Website: `https://${company.domain}`,
    OwnerId: org.adminId,
  };
  return org.add('Account', values, { created: company.createdAt, at: company.modifiedAt }).id;
}

function addLead({ org, companies }: Filling, person: SeedPerson, lead: SeedLead): string {
  const company = companies.get(person.company ?? '');
  const values: Values = {
    FirstName: person.firstName,
    LastName: person.lastName ?? person.key,
    Title: person.jobTitle,
    Email: person.email,
    Phone: person.phone,
    Country: person.country ?? company?.country ?? null,
    Company: company?.name ?? '[not provided]',
    Website: company ? `https://${company.domain}` : null,
    Industry: INDUSTRIES[company?.industry ?? ''] ?? null,
    NumberOfEmployees: company?.employees ?? null,
    AnnualRevenue: company?.revenue ?? null,
    LeadSource: lead.leadSource === null ? null : (SOURCES[lead.leadSource] ?? 'Web'),
    HasOptedOutOfEmail: person.optedOut,
    Status: person.lifecycle === 'salesqualifiedlead' ? 'Working - Contacted' : 'Open - Not Contacted',
    OwnerId: org.adminId,
  };
  return org.add('Lead', values, { created: lead.createdAt, at: Math.max(person.modifiedAt, lead.createdAt) }).id;
}

/** The first opportunity of a lead converts it. */
function addDeal(filling: Filling, person: SeedPerson, opportunity: SeedOpportunity): void {
  const { org, leadIds, contactIds } = filling;
  const key = opportunity.lead ?? person.key;
  const lead = org.find(leadIds.get(key) ?? '');
  if (!lead) throw new Error(`the data set has an opportunity of an unknown lead ${key}`);
  const { createdAt, stageAt, stage, amount } = opportunity;
  if (!contactIds.has(key)) contactIds.set(key, convert(filling, person, lead, createdAt));
  const contact = org.find(contactIds.get(key) ?? '');
  const name = STAGES[stage];
  if (!contact || name === undefined) throw new Error(`no opportunity of the sandbox has a stage for "${stage}"`);
  const closes = stage.startsWith('closed') ? stageAt : createdAt + OPEN_DEALS_CLOSE_AFTER_DAYS * DAY_MS;
  const values = { StageName: name, Amount: amount, CloseDate: auditInfoOf(closes).slice(0, 10) };
  addOpportunity(org, contact, `Deal ${opportunity.key}`, values, { created: createdAt, at: stageAt });
}

function convert({ org, accountIds }: Filling, person: SeedPerson, lead: SObjectRecord, at: number): string {
  const accountId = accountIds.get(person.company ?? '') ?? null;
  const stamp = { created: at, at: Math.max(at, person.modifiedAt) };
  const { contactId } = convertLead(org, lead, { accountId, opportunity: null, stamp });
  const contact = org.find(contactId);
  if (contact && person.department !== null) org.writeSilently(contact, { Department: person.department });
  return contactId;
}
