// The scopes that a private app can hold, and those that an account of a tier grants.
import type { Tier } from '../portal.ts';

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
];

/** Page visits are an Enterprise ability; their refusal is a missing scope. */
export const EVENTS_SCOPE = 'business-intelligence';

/** All that the tier allows. */
export function scopesOf(tier: Tier): readonly string[] {
  return tier === 'enterprise' ? [...EVERYWHERE, EVENTS_SCOPE] : EVERYWHERE;
}
