// An invented data set, the same for the same seed: companies, people, and their activities in the
// 120 days before `now`.
import type { Dataset, SeedCompany, SeedPerson } from './dataset.ts';
import { type Random, seededRandom } from './random.ts';
import { seededActivities } from './seeded-activities.ts';
import { seededEmails } from './seeded-emails.ts';
import {
  COMPANY_ENDINGS,
  COMPANY_STEMS,
  COUNTRY_WEIGHTS,
  FIRST_NAMES,
  INDUSTRY_WEIGHTS,
  LAST_NAMES,
  ROLE_WEIGHTS,
  type Role,
  TECHNOLOGIES,
} from './seeded-names.ts';
import { seededOpportunities } from './seeded-opportunities.ts';

const DAY_MS = 86_400_000;
const PEOPLE_PER_COMPANY = 3;

const LIFECYCLES = [
  ['lead', 48],
  ['subscriber', 22],
  ['marketingqualifiedlead', 12],
  ['salesqualifiedlead', 6],
  ['opportunity', 5],
  ['customer', 4],
  ['evangelist', 0.5],
  ['other', 2.5],
] as const;

const SOURCES = [
  ['ORGANIC_SEARCH', 30],
  ['DIRECT_TRAFFIC', 20],
  ['PAID_SEARCH', 12],
  ['REFERRALS', 10],
  ['EMAIL_MARKETING', 10],
  ['SOCIAL_MEDIA', 8],
  ['OFFLINE', 10],
] as const;

export interface SeedOptions {
  readonly contacts: number;
  readonly seed: number;
  readonly now: Date;
}

export function seededDataset({ contacts, seed, now }: SeedOptions): Dataset {
  // Rounded down to the hour, so that two starts within one hour give the same data.
  const end = Math.floor(now.getTime() / 3_600_000) * 3_600_000;
  const random = seededRandom(seed);
  const companies = Array.from({ length: Math.ceil(contacts / PEOPLE_PER_COMPANY) }, (_, at) =>
    company(random, at, end),
  );
  const seededPeople = Array.from({ length: contacts }, (_, at) => createPerson(random, at, companies, end));
  return {
    companies,
    people: seededPeople.map(({ person }) => person),
    activities: seededPeople.flatMap(({ person, interest }) => [
      ...seededActivities(random, person, interest, end),
      ...seededEmails(seed, person, interest, end),
    ]),
    opportunities: seededOpportunities(
      seededPeople.map(({ person }) => person),
      { seed, end },
    ),
  };
}

function company(random: Random, at: number, end: number): SeedCompany {
  const name = `${random.pick(COMPANY_STEMS)} ${random.pick(COMPANY_ENDINGS)}`;
  const employees = Math.round(5 * 4 ** (random.next() * 5));
  const createdAt = end - random.between(130, 900) * DAY_MS - random.between(0, DAY_MS);
  return {
    key: `company-${at}`,
    name: `${name} ${at}`,
    domain: `${name.toLowerCase().replace(' ', '-')}-${at}.example`,
    industry: random.chance(0.06) ? null : random.weighted(INDUSTRY_WEIGHTS),
    employees: random.chance(0.08) ? null : employees,
    revenue: random.chance(0.3) ? null : employees * random.between(80, 260) * 1000,
    country: random.chance(0.05) ? null : random.weighted(COUNTRY_WEIGHTS),
    technologies: TECHNOLOGIES.filter(() => random.chance(0.22)),
    lifecycle: null,
    createdAt,
    modifiedAt: instantBetween(random, createdAt, end),
  };
}

interface SeededPerson {
  readonly person: SeedPerson;
  /** 0 (cold) to 1 (about to buy). */
  readonly interest: number;
}

function createPerson(random: Random, at: number, companies: readonly SeedCompany[], end: number): SeededPerson {
  const student = random.chance(0.04);
  const employer = student || random.chance(0.08) ? null : (companies[random.between(0, companies.length - 1)] ?? null);
  const role = student ? STUDENT : random.weighted(ROLE_WEIGHTS);
  const createdAt = end - random.between(3, 700) * DAY_MS - random.between(0, DAY_MS - 1);
  const lifecycle = student ? 'subscriber' : random.weighted(LIFECYCLES);
  const fallback = student ? 'university.example' : 'mail.example';
  const person: SeedPerson = {
    key: `person-${at}`,
    company: employer?.key ?? null,
    ...contactValues(random, at, employer?.domain ?? fallback),
    ...jobValues(random, role),
    phone: orMissing(random, 0.5, orJunk(random, `+1 555 ${random.between(1_000_000, 9_999_999)}`, ['000', 'none'])),
    country: orMissing(
      random,
      0.1,
      orJunk(random, employer?.country ?? random.weighted(COUNTRY_WEIGHTS), ['USA', 'XX']),
    ),
    lifecycle,
    leadSource: random.weighted(SOURCES),
    optedOut: random.chance(0.05),
    createdAt,
    modifiedAt: instantBetween(random, createdAt, end),
  };
  const stage = lifecycle === 'opportunity' || lifecycle === 'salesqualifiedlead' ? 0.25 : 0;
  return { person, interest: Math.min(1, random.next() ** 2.2 * (0.35 + role.interest) + stage) };
}

const STUDENT: Role = { title: 'Student', seniority: 'entry', department: 'education', interest: 0.1 };

function contactValues(
  random: Random,
  at: number,
  domain: string,
): Pick<SeedPerson, 'firstName' | 'lastName' | 'email'> {
  const first = random.pick(FIRST_NAMES);
  const last = random.pick(LAST_NAMES);
  return {
    email: orMissing(random, 0.015, address(first, last, at, domain)),
    firstName: orMissing(random, 0.02, first),
    lastName: orMissing(random, 0.02, last),
  };
}

function jobValues(random: Random, role: Role): Pick<SeedPerson, 'jobTitle' | 'seniority' | 'department'> {
  return {
    jobTitle: orMissing(random, 0.07, orJunk(random, role.title, ['n/a', '-', 'asdf'])),
    seniority: orMissing(random, 0.35, role.seniority),
    department: orMissing(random, 0.3, role.department),
  };
}

function orMissing(random: Random, missing: number, value: string): string | null {
  return random.chance(missing) ? null : value;
}

/** Returns junk in 2.5 % of the cases, as typed by hand in a CRM. */
function orJunk(random: Random, value: string, junk: readonly [string, ...string[]]): string {
  return random.chance(0.025) ? random.pick(junk) : value;
}

function address(first: string, last: string, at: number, domain: string): string {
  const plain = `${first}.${last}`
    .normalize('NFD')
    .replace(/[^a-zA-Z.]/g, '')
    .toLowerCase();
  return `${plain}.${at}@${domain}`;
}

function instantBetween(random: Random, from: number, to: number): number {
  return from + Math.floor(random.next() * (to - from));
}
