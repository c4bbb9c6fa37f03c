// The scopes of the HubSpot app: what this mapping needs, and no more.
//
// All are required ones: "Apps configured with static auth can only define required scopes"
// (https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/scopes). HubSpot refuses to install an app
// with a scope that the portal's subscription lacks, so those that nobody needs can be left out by name.
import { ENGAGEMENTS } from '../../../connectors/hubspot/engagements.ts';
import { type Mapping, outcomeSources } from '../../mapping/mapping.ts';
import { mappedSources } from '../../mapping/project-activities.ts';
import { mappedProperties } from '../../mapping/project-fields.ts';

const COMPANIES = 'crm.objects.companies.read';

/** Without these nobody is scored, or nothing can be written. */
const ALWAYS = [
  'oauth',
  'crm.objects.contacts.read',
  'crm.objects.contacts.write',
  'crm.schemas.contacts.read',
  'crm.schemas.contacts.write',
];

/** By the stream that it opens; engagements but emails come with the contacts. */
const BY_STREAM: Readonly<Record<string, string>> = {
  emails: 'sales-email-read',
  form_submissions: 'forms',
  marketing_emails: 'content',
  lists: 'crm.lists.read',
  marketing_events: 'crm.objects.marketing_events.read',
  deals: 'crm.objects.deals.read',
};

/** What `--without` takes: the scoring goes on without these. */
export const OPTIONAL_SCOPES: readonly string[] = Object.values(BY_STREAM);

/** The streams of the mapping that HubSpot may have closed by a scope; `deals` is one. */
function streamsOf(mapping: Mapping): readonly string[] {
  const deals = outcomeSources(mapping).has('deals') ? ['deals'] : [];
  return [...mappedSources(mapping).keys(), ...deals];
}

/** What the app asks for, each scope once, in a fixed order. */
export function scopesOf(mapping: Mapping, without: ReadonlySet<string>): readonly string[] {
  const companies = mappedProperties(mapping, 'companies').length > 0 ? [COMPANIES] : [];
  const streams = new Set(streamsOf(mapping));
  const others = Object.entries(BY_STREAM).flatMap(([stream, scope]) => (streams.has(stream) ? [scope] : []));
  return [...ALWAYS, ...companies, ...others.filter((scope) => !without.has(scope))];
}

/** Those of the mapping's engagements and deals that the scopes let the app see. */
export function visibleObjects(mapping: Mapping, without: ReadonlySet<string>): readonly string[] {
  const objects = new Set([...Object.keys(ENGAGEMENTS), 'deals']);
  return [...new Set(streamsOf(mapping))].filter((stream) => {
    return objects.has(stream) && !without.has(BY_STREAM[stream] ?? '');
  });
}
