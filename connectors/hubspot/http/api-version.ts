// The versions and paths of HubSpot's API; no other file names them. The paths are dated: v1 to v3
// lose support after September 2027, v4 in March 2027
// (developers.hubspot.com/changelog/legacy-apis-and-legacy-apps-whats-going-unsupported-and-when).
import { pathSegment } from './path-segment.ts';

// 2026-09 enforces the portal's own validation rules on every write, even on one that only changes
// our fields (developers.hubspot.com/changelog/crm-api-write-validation-enforcement). An admin may
// choose it; the default does not.
export const DEFAULT_API_VERSION = '2026-03';

// Account information has had a dated path only since 2026-09.
const ACCOUNT_VERSION = '2026-09';

/**
 * All paths that the connector calls. `version` is like `2026-03`. Types are names of our own; IDs and
 * names of properties are any text, and the functions that take one throw a ConnectorError `invalid`.
 */
export function apiPaths(version: string) {
  const object = (type: string) => `/crm/objects/${version}/${type}`;
  return {
    list: object,
    batchRead: (type: string) => `${object(type)}/batch/read`,
    batchUpdate: (type: string) => `${object(type)}/batch/update`,
    search: (type: string) => `${object(type)}/search`,
    one: (type: string, id: string) => `${object(type)}/${pathSegment(id)}`,
    associations: (from: string, to: string) => `/crm/associations/${version}/${from}/${to}/batch/read`,
    properties: (type: string) => `/crm/properties/${version}/${type}`,
    property: (type: string, name: string) => `/crm/properties/${version}/${type}/${pathSegment(name)}`,
    propertyGroups: (type: string) => `/crm/properties/${version}/${type}/groups`,
    pipelines: (type: string) => `/crm/pipelines/${version}/${type}`,
    customPropertyLimits: `/crm/limits/${version}/custom-properties`,
    eventOccurrences: `/events/event-occurrences/${version}`,
    listSearch: `/crm/lists/${version}/search`,
    listMembers: (list: string) => `/crm/lists/${version}/${pathSegment(list)}/memberships/join-order`,
    marketingEvents: `/marketing/marketing-events/${version}`,
    participations: (event: string) =>
      `/marketing/marketing-events/${version}/participations/${pathSegment(event)}/breakdown`,
    accountDetails: `/account-info/${ACCOUNT_VERSION}/details`,
    dailyUsage: `/account-info/${ACCOUNT_VERSION}/api-usage/daily/private-apps`,
    // Forms and submissions have no stable dated path yet: forms only 2026-09-beta, submissions
    // none.
    forms: '/marketing/v3/forms',
    formSubmissions: (form: string) => `/form-integrations/v1/submissions/forms/${pathSegment(form)}`,
    // Only v1 has events of marketing e-mails. It loses support after September 2027, and HubSpot
    // has not announced a dated path.
    emailEvents: '/email/public/v1/events',
    emailCampaign: (campaign: string) => `/email/public/v1/campaigns/${pathSegment(campaign)}`,
  };
}

export type ApiPaths = ReturnType<typeof apiPaths>;
