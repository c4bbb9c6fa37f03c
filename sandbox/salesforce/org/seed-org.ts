// Loads a data set into an empty org.
import type { Dataset, SeedCompany, SeedLead, SeedOpportunity, SeedPerson } from '../../dataset/dataset.ts';
import type { SObjectRecord, Values } from '../records/record-table.ts';
import type { Activities } from './activities.ts';
import { isoSeconds, type Org } from './org.ts';
import { addOpportunity, convertLead } from './people-changes.ts';

const DAY_MS = 86_400_000;
// Calls and meetings are logged a little after they took place.
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
  /** IDs of Leads by `SeedLead.key`, or by `SeedPerson.key` if the data set has no leads. */
  readonly leadIds: ReadonlyMap<string, string>;
  /** IDs of the Contacts of converted Leads, by the same keys. */
  readonly contactIds: ReadonlyMap<string, string>;
}

interface SeedState {
  readonly org: Org;
  readonly companies: ReadonlyMap<string, SeedCompany>;
  readonly accountIds: ReadonlyMap<string, string>;
  readonly leadIds: Map<string, string>;
  readonly contactIds: Map<string, string>;
}

/**
 * Every person (or inquiry) is a Lead, converted if it has an opportunity. Activities that
 * Salesforce cannot store are left out.
 */
export function seedOrg(org: Org, activities: Activities, dataset: Dataset): SeededOrg {
  const state: SeedState = {
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
    state.leadIds.set(lead.key, addLead(state, person, lead));
  }
  for (const opportunity of dataset.opportunities) {
    const person = people.get(opportunity.person);
    if (person) addDeal(state, person, opportunity);
  }
  const now = org.clock.now();
  for (const { person, lead = person, ...activity } of dataset.activities) {
    const record = org.find(state.contactIds.get(lead) ?? state.leadIds.get(lead) ?? '');
    if (!record) throw new Error(`the data set has an activity of an unknown lead ${lead}`);
    activities.add(record, activity, { created: activity.at, at: Math.min(activity.at + ENTERED_AFTER_MS, now) });
  }
  return state;
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

function addLead({ org, companies }: SeedState, person: SeedPerson, lead: SeedLead): string {
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

/** Adds an opportunity. The first one of a lead converts it. */
function addDeal(state: SeedState, person: SeedPerson, opportunity: SeedOpportunity): void {
  const { org, leadIds, contactIds } = state;
  const key = opportunity.lead ?? person.key;
  const lead = org.find(leadIds.get(key) ?? '');
  if (!lead) throw new Error(`the data set has an opportunity of an unknown lead ${key}`);
  const { createdAt, stageAt, stage, amount } = opportunity;
  if (!contactIds.has(key)) contactIds.set(key, convert(state, person, lead, createdAt));
  const contact = org.find(contactIds.get(key) ?? '');
  const name = STAGES[stage];
  if (!contact || name === undefined) throw new Error(`unknown opportunity stage "${stage}" in the data set`);
  const closes = stage.startsWith('closed') ? stageAt : createdAt + OPEN_DEALS_CLOSE_AFTER_DAYS * DAY_MS;
  const values = { StageName: name, Amount: amount, CloseDate: isoSeconds(closes).slice(0, 10) };
  addOpportunity(org, contact, `Deal ${opportunity.key}`, values, { created: createdAt, at: stageAt });
}

function convert({ org, accountIds }: SeedState, person: SeedPerson, lead: SObjectRecord, at: number): string {
  const accountId = accountIds.get(person.company ?? '') ?? null;
  const audit = { created: at, at: Math.max(at, person.modifiedAt) };
  const { contactId } = convertLead(org, lead, { accountId, opportunity: null, audit });
  const contact = org.find(contactId);
  if (contact && person.department !== null) org.writeSilently(contact, { Department: person.department });
  return contactId;
}
