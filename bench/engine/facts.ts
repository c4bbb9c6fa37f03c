// The facts of a lead for rule engines, and the model as a list of rules that each peer translates into its own form.
import type { Lead } from '../../src/domain/lead.ts';
import { emptyWeights, type SignalWeights, weighSignals } from './signal-weights.ts';

export interface Facts extends SignalWeights {
  level: string;
  employees: number;
  industry: string;
  country: string;
  technologies: readonly string[];
  optOut: boolean;
}

export function factsOf(lead: Lead): Facts {
  const { fields } = lead;
  const facts: Facts = {
    ...emptyWeights(),
    level: fields['contact.title_level'] as string,
    employees: fields['company.employees'] as number,
    industry: fields['company.industry'] as string,
    country: fields['company.country'] as string,
    technologies: fields['company.technologies'] as string[],
    optOut: fields['contact.email_opt_out'] === true,
  };
  weighSignals(lead, facts);
  return facts;
}

export interface Test {
  readonly fact: keyof Facts;
  readonly operator: 'equal' | 'in' | 'lessThan' | 'atLeast' | 'containsOne';
  readonly value: string | number | boolean | readonly string[];
}

export interface Rule {
  readonly id: string;
  /** `email`: the group with a limit of its own. */
  readonly part: 'fit' | 'behavior' | 'email';
  readonly tests: readonly Test[];
  readonly points: number;
  /** The fact by which the points are multiplied: what decay has left of them. */
  readonly weight: keyof SignalWeights | null;
}

function fit(id: string, points: number, ...tests: readonly [keyof Facts, Test['operator'], Test['value']][]): Rule {
  const all = tests.map(([fact, operator, value]): Test => ({ fact, operator, value }));
  return { id, part: 'fit', tests: all, points, weight: null };
}

/** Holds where something is left of the signal; all decayed weights are above 1e-9 after 180 days. */
function signal(weight: keyof SignalWeights, points: number, part: Rule['part'] = 'behavior'): Rule {
  return { id: weight, part, tests: [{ fact: weight, operator: 'atLeast', value: 1e-9 }], points, weight };
}

export const RULES: readonly Rule[] = [
  fit('executive', 30, ['level', 'equal', 'executive']),
  fit('director', 25, ['level', 'equal', 'director']),
  fit('manager', 15, ['level', 'equal', 'manager']),
  fit('specialist', 8, ['level', 'equal', 'specialist']),
  fit('too small', -10, ['employees', 'lessThan', 10]),
  fit('small', 10, ['employees', 'atLeast', 10], ['employees', 'lessThan', 50]),
  fit('ideal', 25, ['employees', 'atLeast', 50], ['employees', 'lessThan', 1000]),
  fit('large', 15, ['employees', 'atLeast', 1000]),
  fit('target industry', 20, ['industry', 'in', ['Software', 'Internet']]),
  fit('good industry', 12, ['industry', 'in', ['Banking', 'Insurance']]),
  fit('core market', 10, ['country', 'in', ['US', 'CA', 'GB']]),
  fit('secondary market', 5, ['country', 'in', ['ES', 'IT', 'IN']]),
  fit('crm', 15, ['technologies', 'containsOne', ['HubSpot', 'Salesforce']]),
  signal('demo', 40),
  {
    ...signal('pricing', 15),
    tests: [
      { fact: 'pricingCount', operator: 'atLeast', value: 1 },
      { fact: 'pricingCount', operator: 'lessThan', value: 3 },
    ],
  },
  { ...signal('pricing', 30), id: 'pricing often', tests: [{ fact: 'pricingCount', operator: 'atLeast', value: 3 }] },
  signal('security', 10),
  signal('cases', 6),
  signal('careers', -15),
  signal('webinar', 15),
  signal('whitepaper', 8),
  signal('click', 4, 'email'),
  signal('open', 1, 'email'),
  { ...fit('unsubscribed', -20, ['optOut', 'equal', true]), part: 'behavior' },
  { ...fit('no open', -10, ['noOpen', 'equal', true]), part: 'behavior' },
];

/** Behavior points within the limits of the model. */
export function limited(behavior: number, email: number): number {
  return Math.min(150, Math.max(0, behavior + Math.min(12, email)));
}
