// The scopes of a private app, by tier.
import type { Tier } from '../tier.ts';

const ALL_TIERS: readonly string[] = [
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

/**
 * For the events of marketing e-mails. Free accounts send a few; their token is assumed to lack
 * this scope.
 */
const MARKETING_SCOPE = 'content';

/** All scopes that the tier allows. */
export function scopesOf(tier: Tier): readonly string[] {
  return [...ALL_TIERS, ...(tier === 'free' ? [] : [MARKETING_SCOPE])];
}
