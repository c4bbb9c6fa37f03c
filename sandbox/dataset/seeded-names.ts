// The words that seeded people and companies are made of. All invented; every domain ends in `.example`.

export const FIRST_NAMES = [
  ...[
    'Ada',
    'Ben',
    'Carla',
    'Diego',
    'Elena',
    'Farid',
    'Grace',
    'Hugo',
    'Ines',
    'Jonas',
    'Keiko',
    'Liam',
    'Maya',
    'Noah',
  ],
  ...[
    'Olga',
    'Priya',
    'Quentin',
    'Rosa',
    'Samir',
    'Tara',
    'Umar',
    'Vera',
    'Wen',
    'Ximena',
    'Yusuf',
    'Zoe',
    'André',
    'Zoë',
  ],
  ...['Ingrid', 'Marek', 'Nadia', 'Oskar', 'Petra', 'Rahul', 'Sofia', 'Tomás', 'Anke', 'Bruno', 'Chloe', 'Dmitri'],
] as const;

export const LAST_NAMES = [
  ...[
    'Abe',
    'Bauer',
    'Costa',
    'Dubois',
    'Eriksen',
    'Fischer',
    'García',
    'Haas',
    'Ito',
    'Jansen',
    'Kaur',
    'Lopez',
    'Meyer',
  ],
  ...[
    'Novak',
    "O'Brien",
    'Patel',
    'Quinn',
    'Rossi',
    'Silva',
    'Tanaka',
    'Usman',
    'Visser',
    'Weber',
    'Xu',
    'Young',
    'Zhang',
  ],
  ...[
    'Andersson',
    'Baker',
    'Clarke',
    'Dvořák',
    'Evans',
    'Ferrari',
    'Green',
    'Hughes',
    'Ivanova',
    'Johnson',
    'Kim',
    'Lee',
  ],
] as const;

export const COMPANY_STEMS = [
  ...[
    'Alder',
    'Beacon',
    'Cobalt',
    'Drift',
    'Ember',
    'Fathom',
    'Granite',
    'Harbor',
    'Iris',
    'Juniper',
    'Keystone',
    'Lumen',
  ],
  ...[
    'Maple',
    'North',
    'Orbit',
    'Pioneer',
    'Quarry',
    'River',
    'Summit',
    'Tidal',
    'Union',
    'Vertex',
    'Willow',
    'Zenith',
  ],
] as const;

export const COMPANY_ENDINGS = [
  'Labs',
  'Systems',
  'Logistics',
  'Software',
  'Health',
  'Partners',
  'Works',
  'Energy',
  'Retail',
  'Group',
] as const;

/** Industry code with its weight: software buyers are over-represented, as in most B2B portals. */
export const INDUSTRY_WEIGHTS = [
  ['COMPUTER_SOFTWARE', 24],
  ['INFORMATION_TECHNOLOGY_AND_SERVICES', 14],
  ['INTERNET', 8],
  ['FINANCIAL_SERVICES', 10],
  ['MARKETING_AND_ADVERTISING', 9],
  ['LOGISTICS_AND_SUPPLY_CHAIN', 8],
  ['HOSPITAL_HEALTH_CARE', 7],
  ['RETAIL', 8],
  ['EDUCATION_MANAGEMENT', 6],
  ['CONSTRUCTION', 6],
] as const;

export const COUNTRY_WEIGHTS = [
  ['United States', 38],
  ['United Kingdom', 14],
  ['Germany', 12],
  ['France', 7],
  ['Canada', 7],
  ['Netherlands', 5],
  ['Spain', 4],
  ['India', 6],
  ['Brazil', 4],
  ['Japan', 3],
] as const;

export const TECHNOLOGIES = [
  'salesforce',
  'hubspot',
  'google_analytics',
  'segment',
  'marketo',
  'shopify',
  'wordpress',
  'stripe',
] as const;

export interface Role {
  readonly title: string;
  readonly seniority: string;
  readonly department: string;
  /** How likely such a person buys: 0 to 1. */
  readonly pull: number;
}

const role = (title: string, seniority: string, department: string, pull: number): Role => ({
  title,
  seniority,
  department,
  pull,
});

export const ROLE_WEIGHTS: readonly [readonly [Role, number], ...(readonly [Role, number])[]] = [
  [role('VP Marketing', 'vp', 'marketing', 0.9), 5],
  [role('VP Sales', 'vp', 'sales', 0.85), 5],
  [role('Chief Revenue Officer', 'executive', 'sales', 0.95), 3],
  [role('CEO', 'executive', 'management', 0.7), 5],
  [role('Head of Growth', 'director', 'marketing', 0.85), 6],
  [role('Director of Marketing Operations', 'director', 'marketing', 0.9), 6],
  [role('Director of Demand Generation', 'director', 'marketing', 0.85), 5],
  [role('Revenue Operations Manager', 'manager', 'operations', 0.8), 8],
  [role('Marketing Manager', 'manager', 'marketing', 0.55), 14],
  [role('Sales Manager', 'manager', 'sales', 0.5), 9],
  [role('IT Director', 'director', 'engineering', 0.4), 5],
  [role('Software Engineer', 'employee', 'engineering', 0.15), 9],
  [role('Account Executive', 'employee', 'sales', 0.25), 7],
  [role('Marketing Specialist', 'employee', 'marketing', 0.3), 9],
  [role('HR Manager', 'manager', 'human_resources', 0.1), 4],
  [role('Consultant', 'employee', 'consulting', 0.1), 4],
  [role('Marketing Intern', 'entry', 'marketing', 0.05), 3],
];
