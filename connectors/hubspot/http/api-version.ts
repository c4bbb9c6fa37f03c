// The one place that names versions and paths of HubSpot's API. Dated paths: v1 to v3 lose support after September 2027, v4
// in March 2027 (developers.hubspot.com/changelog/legacy-apis-and-legacy-apps-whats-going-unsupported-and-when).

// 2026-09 enforces a portal's own validation rules on every write, also on one that touches nothing but our fields
// (developers.hubspot.com/changelog/crm-api-write-validation-enforcement): an admin may choose it, we do not.
export const DEFAULT_API_VERSION = '2026-03';

// Account information exists on dated paths since 2026-09 only.
const ACCOUNT_VERSION = '2026-09';

/** All paths that the connector calls. `version` is like `2026-03`. */
export function apiPaths(version: string) {
  const object = (type: string) => `/crm/objects/${version}/${type}`;
  return {
    list: object,
    batchRead: (type: string) => `${object(type)}/batch/read`,
    batchUpdate: (type: string) => `${object(type)}/batch/update`,
    search: (type: string) => `${object(type)}/search`,
    one: (type: string, id: string) => `${object(type)}/${encodeURIComponent(id)}`,
    associations: (from: string, to: string) => `/crm/associations/${version}/${from}/${to}/batch/read`,
    properties: (type: string) => `/crm/properties/${version}/${type}`,
    property: (type: string, name: string) => `/crm/properties/${version}/${type}/${encodeURIComponent(name)}`,
    propertyGroups: (type: string) => `/crm/properties/${version}/${type}/groups`,
    pipelines: (type: string) => `/crm/pipelines/${version}/${type}`,
    customPropertyLimits: `/crm/limits/${version}/custom-properties`,
    eventOccurrences: `/events/event-occurrences/${version}`,
    listSearch: `/crm/lists/${version}/search`,
    listMembers: (list: string) => `/crm/lists/${version}/${encodeURIComponent(list)}/memberships/join-order`,
    marketingEvents: `/marketing/marketing-events/${version}`,
    participations: (event: string) =>
      `/marketing/marketing-events/${version}/participations/${encodeURIComponent(event)}/breakdown`,
    accountDetails: `/account-info/${ACCOUNT_VERSION}/details`,
    dailyUsage: `/account-info/${ACCOUNT_VERSION}/api-usage/daily/private-apps`,
    // Forms and their submissions have no dated path yet (dated forms are 2026-09-beta, submissions have none).
    forms: '/marketing/v3/forms',
    formSubmissions: (form: string) => `/form-integrations/v1/submissions/forms/${encodeURIComponent(form)}`,
    // Events of marketing e-mails exist in v1 alone: it loses support after September 2027, and nothing dated is announced.
    emailEvents: '/email/public/v1/events',
    emailCampaign: (campaign: string) => `/email/public/v1/campaigns/${encodeURIComponent(campaign)}`,
  };
}

export type ApiPaths = ReturnType<typeof apiPaths>;
