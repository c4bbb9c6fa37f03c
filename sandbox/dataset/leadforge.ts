// Reads a leadforge folder (CSV files of a synthetic B2B CRM, dated to the day) into a data set.
import { join } from 'node:path';
import type { Dataset, SeedActivity, SeedCompany, SeedLead, SeedOpportunity, SeedPerson } from './dataset.ts';
import { leadforgeActivities } from './leadforge-activities.ts';
import { cell, dayOf, daysToYesterday, type Row, readRows } from './leadforge-rows.ts';

// The middle of each band; for open bands a value a little above their start.
const EMPLOYEES: Readonly<Record<string, number>> = {
  '200-499': 350,
  '500-999': 750,
  '1000-1999': 1500,
  '2000+': 3000,
};
const REVENUE: Readonly<Record<string, number>> = {
  '$1M-$10M': 5_000_000,
  '$10M-$50M': 25_000_000,
  '$50M-$200M': 100_000_000,
  '$200M+': 300_000_000,
};
const INDUSTRIES: Readonly<Record<string, string>> = {
  logistics: 'LOGISTICS_AND_SUPPLY_CHAIN',
  manufacturing: 'MACHINERY',
  healthcare_non_clinical: 'HOSPITAL_HEALTH_CARE',
  professional_services: 'MANAGEMENT_CONSULTING',
};
const COUNTRIES: Readonly<Record<string, string>> = { UK: 'United Kingdom', US: 'United States' };
const SENIORITIES: Readonly<Record<string, string>> = {
  c_suite: 'executive',
  vp: 'vp',
  director: 'director',
  manager: 'manager',
  individual_contributor: 'employee',
};
const DEPARTMENTS: Readonly<Record<string, string>> = {
  it_director: 'engineering',
  procurement_manager: 'purchasing',
  vp_finance: 'finance',
  ap_manager: 'accounting',
};
const SOURCES: Readonly<Record<string, string>> = {
  sdr_outbound: 'OFFLINE',
  inbound_marketing: 'ORGANIC_SEARCH',
  partner_referral: 'REFERRALS',
};

/**
 * One person per `contact_id` with the activity of all its leads, and one lead per `lead_id`.
 * @param now rows dated later are left out; absent: all rows are read
 * @throws if a file or a column is missing, or a date is not valid
 */
export function loadLeadforge(dir: string, now?: Date): Dataset {
  return loadShifted(dir, now, 0);
}

/**
 * The same, with all dates moved by the same number of days, so that the last touch was yesterday: a
 * service that runs on the real clock then scores fresh activities.
 */
export function loadRecentLeadforge(dir: string, now: Date): Dataset {
  const touches = readRows(join(dir, 'touches.csv'), 'touch_timestamp', {});
  return loadShifted(dir, now, daysToYesterday(touches, 'touch_timestamp', now));
}

function loadShifted(dir: string, now: Date | undefined, shiftDays: number): Dataset {
  const read = (file: string, dateColumn: string): Row[] => readRows(join(dir, file), dateColumn, { now, shiftDays });
  const leads = read('leads.csv', 'lead_created_at');
  const contactOf = new Map(leads.map((row) => [cell(row, 'lead_id'), cell(row, 'contact_id')]));
  const sourceOf = new Map(leads.toReversed().map((row) => [cell(row, 'contact_id'), cell(row, 'lead_source')]));
  const people = read('contacts.csv', 'created_at').map((row) => person(row, sourceOf));
  const known = new Set(people.map(({ key }) => key));
  const activities = leadforgeActivities({
    sessions: read('sessions.csv', 'session_timestamp'),
    touches: read('touches.csv', 'touch_timestamp'),
    sales: read('sales_activities.csv', 'activity_timestamp'),
    contactOf,
  }).filter((activity) => known.has(activity.person) && (now === undefined || activity.at <= now.getTime()));
  const opportunities = read('opportunities.csv', 'created_at').flatMap((row) => opportunity(row, contactOf));
  const lastSeen = latestByPerson(activities);
  return {
    companies: read('accounts.csv', 'created_at').map(company),
    // The files have no modification dates. The last activity is used instead: sales reps edit the
    // people they work on.
    people: people.map((each) => ({ ...each, modifiedAt: Math.max(each.modifiedAt, lastSeen.get(each.key) ?? 0) })),
    leads: leads.filter((row) => known.has(cell(row, 'contact_id'))).map(inquiry),
    activities,
    opportunities,
  };
}

function company(row: Row): SeedCompany {
  const key = cell(row, 'account_id');
  const createdAt = dayOf(cell(row, 'created_at'));
  return {
    key,
    name: cell(row, 'company_name'),
    domain: `${key}.example`,
    industry: INDUSTRIES[cell(row, 'industry')] ?? null,
    employees: EMPLOYEES[cell(row, 'employee_band')] ?? null,
    revenue: REVENUE[cell(row, 'estimated_revenue_band')] ?? null,
    country: COUNTRIES[cell(row, 'region')] ?? null,
    technologies: [],
    lifecycle: null,
    createdAt,
    modifiedAt: createdAt,
  };
}

function person(row: Row, sourceOf: ReadonlyMap<string, string>): SeedPerson {
  const key = cell(row, 'contact_id');
  const account = cell(row, 'account_id');
  const createdAt = dayOf(cell(row, 'created_at'));
  return {
    key,
    company: account,
    email: `${key}@${account}.example`,
    firstName: null,
    lastName: null,
    jobTitle: cell(row, 'job_title') || null,
    seniority: SENIORITIES[cell(row, 'seniority')] ?? null,
    department: DEPARTMENTS[cell(row, 'role_function')] ?? null,
    phone: null,
    country: null,
    lifecycle: 'lead',
    leadSource: SOURCES[sourceOf.get(key) ?? ''] ?? null,
    optedOut: false,
    createdAt,
    modifiedAt: createdAt,
  };
}

function inquiry(row: Row): SeedLead {
  return {
    key: cell(row, 'lead_id'),
    person: cell(row, 'contact_id'),
    leadSource: SOURCES[cell(row, 'lead_source')] ?? null,
    createdAt: dayOf(cell(row, 'lead_created_at')),
  };
}

function opportunity(row: Row, contactOf: ReadonlyMap<string, string>): SeedOpportunity[] {
  const lead = cell(row, 'lead_id');
  const contact = contactOf.get(lead);
  if (contact === undefined) return [];
  const amount = Number(cell(row, 'estimated_acv'));
  return [
    {
      key: cell(row, 'opportunity_id'),
      person: contact,
      lead,
      company: null,
      stage: cell(row, 'stage'),
      amount: Number.isFinite(amount) && cell(row, 'estimated_acv') !== '' ? amount : null,
      createdAt: dayOf(cell(row, 'created_at')),
      // The files have one date per opportunity, and its last stage.
      stageAt: dayOf(cell(row, 'created_at')),
    },
  ];
}

function latestByPerson(activities: readonly SeedActivity[]): ReadonlyMap<string, number> {
  const latest = new Map<string, number>();
  for (const { person: key, at } of activities) latest.set(key, Math.max(at, latest.get(key) ?? 0));
  return latest;
}
