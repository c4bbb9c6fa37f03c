// A small portal where every score is easy to tell: VPs of one company that fits in everything (fit 100, A), who have done
// nothing yet (engaged).
import type { Dataset, SeedActivity, SeedCompany, SeedPerson } from '../../sandbox/dataset/dataset.ts';

export const ACME: SeedCompany = {
  key: 'acme',
  name: 'Acme',
  domain: 'acme.example',
  industry: 'COMPUTER_SOFTWARE',
  employees: 250,
  revenue: null,
  country: 'United States',
  technologies: ['salesforce'],
  lifecycle: null,
  createdAt: Date.parse('2025-01-01T00:00:00Z'),
  modifiedAt: Date.parse('2025-06-01T00:00:00Z'),
};

/** People p0, p1 ...; `changes` are made to all of them. */
export function leads(
  count: number,
  changes: Partial<SeedPerson> = {},
  activities: readonly SeedActivity[] = [],
): Dataset {
  return {
    companies: [ACME],
    people: Array.from({ length: count }, (_, at) => ({ ...lead(at), ...changes })),
    activities,
    opportunities: [],
  };
}

function lead(at: number): SeedPerson {
  return {
    key: `p${at}`,
    company: 'acme',
    email: `p${at}@acme.example`,
    firstName: 'Pat',
    lastName: `Number${at}`,
    jobTitle: 'VP Sales',
    seniority: null,
    department: null,
    phone: null,
    country: null,
    lifecycle: 'lead',
    leadSource: null,
    optedOut: false,
    createdAt: Date.parse('2025-01-01T00:00:00Z'),
    modifiedAt: Date.parse('2026-01-01T00:00:00Z') + at * 1000,
  };
}
