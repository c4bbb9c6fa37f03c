// Loads a data set into an empty account.
import type { Dataset, SeedCompany, SeedOpportunity, SeedPerson } from '../../dataset/dataset.ts';
import { lifecycleDateProperty } from '../properties/contact-properties.ts';
import type { CrmRecord } from '../records/record-table.ts';
import { createActivity, FORM_NAMES, findOrCreateForm } from './activities.ts';
import { countActivity } from './count-activity.ts';
import { createDeal } from './deals.ts';
import type { Portal } from './portal.ts';

// Records from before the sandbox's start are in the search index already.
const INDEXED = Number.NEGATIVE_INFINITY;
// Meetings and calls are logged a little after they took place.
const ENTERED_AFTER_MS = 90_000;

/** @returns the contacts' IDs by `SeedPerson.key` */
export function seedPortal(portal: Portal, dataset: Dataset): ReadonlyMap<string, string> {
  const companies = new Map<string, string>();
  for (const company of dataset.companies) {
    const at = { created: company.createdAt, modified: company.modifiedAt, indexFrom: INDEXED };
    companies.set(company.key, portal.table('companies').add(companyProperties(company), at).id);
  }
  const contacts = new Map<string, CrmRecord>();
  for (const person of dataset.people) {
    const companyId = person.company === null ? undefined : companies.get(person.company);
    const at = { created: person.createdAt, modified: person.modifiedAt, indexFrom: INDEXED };
    const contact = portal.table('contacts').add(contactProperties(person, companyId), at);
    if (companyId !== undefined) portal.links.link('contacts', contact.id, 'companies', companyId, true);
    contacts.set(person.key, contact);
  }
  for (const form of Object.keys(FORM_NAMES)) findOrCreateForm(portal, form, 0);
  const now = portal.clock.now();
  for (const { person, ...activity } of dataset.activities) {
    const contact = contacts.get(person);
    if (!contact) throw new Error(`the data set has an activity of an unknown person ${person}`);
    const times = {
      created: activity.at,
      modified: Math.min(activity.at + ENTERED_AFTER_MS, now),
      indexFrom: INDEXED,
    };
    const created = createActivity(portal, contact, activity, times);
    if ('problem' in created) throw new Error(`an activity of the data set cannot be stored: ${created.problem}`);
  }
  dataset.opportunities.forEach((opportunity, at) => {
    const contact = contacts.get(opportunity.person);
    if (!contact) throw new Error(`the data set has an opportunity of an unknown person ${opportunity.person}`);
    // Every fourth deal uses the pipeline with custom stage IDs.
    seedDeal(portal, contact.id, opportunity, at % 4 === 3 ? 1 : 0);
  });
  // Counters must grow in the order of the activities.
  for (const { person, ...activity } of dataset.activities.toSorted((a, b) => a.at - b.at)) {
    const contact = contacts.get(person);
    if (contact) countActivity(portal, contact.id, activity, true);
  }
  return new Map(Array.from(contacts, ([key, { id }]) => [key, id]));
}

/** The stage IDs in the two pipelines by stage of the data set. */
const STAGES: Readonly<Record<string, readonly [string, string]>> = {
  demo_scheduled: ['appointmentscheduled', '98213411'],
  demo_completed: ['presentationscheduled', '98213411'],
  proposal_sent: ['contractsent', '98213412'],
  negotiation: ['decisionmakerboughtin', '98213412'],
  closed_won: ['closedwon', '98213413'],
  closed_lost: ['closedlost', '98213414'],
};

function seedDeal(portal: Portal, contactId: string, opportunity: SeedOpportunity, pipeline: 0 | 1): void {
  const { key, stage, stageAt, amount, createdAt } = opportunity;
  const first = STAGES.demo_scheduled?.[pipeline];
  const last = STAGES[stage]?.[pipeline];
  if (first === undefined || last === undefined) throw new Error(`no pipeline has a stage for "${stage}"`);
  const stages = [
    { id: first, at: createdAt },
    { id: last, at: stageAt },
  ];
  createDeal(portal, { name: `Deal ${key}`, contactIds: [contactId], amount, stages, indexFrom: INDEXED });
}

function companyProperties(company: SeedCompany): Map<string, string> {
  return withoutNulls({
    name: company.name,
    domain: company.domain,
    industry: company.industry,
    numberofemployees: company.employees,
    annualrevenue: company.revenue,
    country: company.country,
    web_technologies: company.technologies.join(';'),
    lifecyclestage: company.lifecycle,
  });
}

function contactProperties(person: SeedPerson, companyId: string | undefined): Map<string, string> {
  return withoutNulls({
    email: person.email,
    hs_email_domain: person.email?.split('@')[1] ?? null,
    firstname: person.firstName,
    lastname: person.lastName,
    jobtitle: person.jobTitle,
    hs_seniority: person.seniority,
    job_function: person.department,
    phone: person.phone,
    country: person.country,
    lifecyclestage: person.lifecycle,
    ...lifecycleDates(person),
    hs_analytics_source: person.leadSource,
    hs_email_optout: person.optedOut ? 'true' : null,
    associatedcompanyid: companyId ?? null,
    hs_is_contact: 'true',
  });
}

/**
 * Every person began as a lead or subscriber, and entered the present stage at the last
 * modification.
 */
function lifecycleDates({ lifecycle, createdAt, modifiedAt }: SeedPerson): Record<string, string> {
  if (lifecycle === null) return {};
  const first = lifecycle === 'subscriber' ? 'subscriber' : 'lead';
  const dates = { [lifecycleDateProperty(first)]: new Date(createdAt).toISOString() };
  return lifecycle === first
    ? dates
    : { ...dates, [lifecycleDateProperty(lifecycle)]: new Date(modifiedAt).toISOString() };
}

function withoutNulls(values: Readonly<Record<string, string | number | null>>): Map<string, string> {
  const map = new Map<string, string>();
  for (const [name, value] of Object.entries(values)) if (value !== null && value !== '') map.set(name, String(value));
  return map;
}
