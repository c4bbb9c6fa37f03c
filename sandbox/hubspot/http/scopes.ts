// The scopes that a private app can hold, and those that an account of a tier grants.
import type { Tier } from '../tier.ts';

const EVERYWHERE: readonly string[] = [
  'oauth',
  'crm.objects.contacts.read',
  'crm.objects.contacts.write',
  'crm.objects.companies.read',
  'crm.objects.deals.read',
  'crm.objects.owners.read',
  'crm.schemas.contacts.read',
  'crm.schemas.contacts.write',
  'crm.schemas.companies.read',
  'crm.schemas.deals.read',
  'sales-email-read',
  'forms',
  'crm.lists.read',
  'crm.objects.marketing_events.read',
];

/** The events of marketing e-mails. A free account sends a few, and its token is taken to have no scope for what became of them. */
const MARKETING_SCOPE = 'content';

/** Page visits are an Enterprise ability; their refusal is a missing scope. */
export const EVENTS_SCOPE = 'business-intelligence';

/** All that the tier allows. */
export function scopesOf(tier: Tier): readonly string[] {
  const paying = tier === 'free' ? [] : [MARKETING_SCOPE];
  return [...EVERYWHERE, ...paying, ...(tier === 'enterprise' ? [EVENTS_SCOPE] : [])];
}
