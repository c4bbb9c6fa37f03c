// The model as code that a programmer writes for this model alone: no unknown values, no duplicates, no other order of activities.
import type { Fields, Lead } from '../../src/domain/lead.ts';
import { type Line, type Outcome, outcomeOf } from './outcome.ts';
import { emptyWeights, weighSignals } from './signal-weights.ts';

const weights = emptyWeights();

/** @param lines collects the contributions; null = totals only */
export function scoreByHand(lead: Lead, lines: Line[] | null): Outcome {
  const fit = fitByHand(lead.fields, lines);
  weighSignals(lead, weights);
  const { pricingCount } = weights;
  const demo = 40 * weights.demo;
  const pricing = pricingCount === 0 ? 0 : (pricingCount >= 3 ? 30 : 15) * weights.pricing;
  const security = 10 * weights.security;
  const cases = 6 * weights.cases;
  const careers = -15 * weights.careers;
  const webinar = 15 * weights.webinar;
  const whitepaper = 8 * weights.whitepaper;
  const click = 4 * weights.click;
  const open = weights.open;
  const unsubscribed = lead.fields['contact.email_opt_out'] === true ? -20 : 0;
  const noOpen = weights.noOpen ? -10 : 0;
  const email = Math.min(12, click + open);
  const sum = demo + pricing + security + cases + careers + webinar + whitepaper + unsubscribed + noOpen + email;
  const behavior = Math.min(150, Math.max(0, sum));
  if (lines !== null) {
    lines.push({ signal: 'demo', label: 'Requested a demo', exact: demo });
    lines.push({ signal: 'pricing', label: 'Viewed pricing', exact: pricing });
    lines.push({ signal: 'security', label: 'Read about security', exact: security });
    lines.push({ signal: 'cases', label: 'Read a case study', exact: cases });
    lines.push({ signal: 'careers', label: 'Looked at our jobs', exact: careers });
    lines.push({ signal: 'webinar', label: 'Took part in a webinar', exact: webinar });
    lines.push({ signal: 'whitepaper', label: 'Downloaded a whitepaper', exact: whitepaper });
    lines.push({ signal: 'click', label: 'Clicked an email', exact: click });
    lines.push({ signal: 'open', label: 'Opened an email', exact: open });
    lines.push({ signal: 'unsubscribed', label: 'Unsubscribed', exact: unsubscribed });
    lines.push({ signal: 'no_open', label: 'No email opened for 90 days', exact: noOpen });
    if (email < click + open) {
      lines.push({ signal: 'cap:email', label: 'Email engagement', exact: email - (click + open) });
    }
    if (behavior !== sum) lines.push({ signal: 'limit:behavior', label: 'limit:behavior', exact: behavior - sum });
  }
  return outcomeOf(fit, behavior, lines);
}

function fitByHand(fields: Fields, lines: Line[] | null): number {
  const add = (signal: string, label: string, exact: number): number => {
    lines?.push({ signal, label, exact });
    return exact;
  };
  return (
    titlePoints(fields['contact.title_level'], add) +
    sizePoints(fields['company.employees'] as number, add) +
    industryPoints(fields['company.industry'], add) +
    countryPoints(fields['company.country'], add) +
    technologyPoints(fields['company.technologies'] as string[], add)
  );
}

type Add = (signal: string, label: string, exact: number) => number;

function titlePoints(level: Fields[string] | undefined, add: Add): number {
  if (level === 'executive') return add('title', 'Executive', 30);
  if (level === 'director') return add('title', 'Director or head of', 25);
  if (level === 'manager') return add('title', 'Manager', 15);
  return level === 'specialist' ? add('title', 'Specialist', 8) : add('title', 'title', 0);
}

function sizePoints(employees: number, add: Add): number {
  if (employees < 10) return add('company_size', 'Too small', -10);
  if (employees < 50) return add('company_size', 'Small company', 10);
  return employees < 1000 ? add('company_size', 'Ideal size', 25) : add('company_size', 'Large company', 15);
}

function industryPoints(industry: Fields[string] | undefined, add: Add): number {
  if (industry === 'Software' || industry === 'Internet') return add('industry', 'Target industry', 20);
  const isGood = industry === 'Banking' || industry === 'Insurance';
  return isGood ? add('industry', 'Good industry', 12) : add('industry', 'industry', 0);
}

function countryPoints(country: Fields[string] | undefined, add: Add): number {
  if (country === 'US' || country === 'CA' || country === 'GB') return add('country', 'Core market', 10);
  const isSecondary = country === 'ES' || country === 'IT' || country === 'IN';
  return isSecondary ? add('country', 'Secondary market', 5) : add('country', 'country', 0);
}

function technologyPoints(technologies: readonly string[], add: Add): number {
  const isUsed = technologies.includes('HubSpot') || technologies.includes('Salesforce');
  return isUsed ? add('technology', 'Uses a CRM that we integrate with', 15) : add('technology', 'technology', 0);
}
