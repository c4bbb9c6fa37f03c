// The scopes that HubSpot requires of an app.

/**
 * By stream. The scope of contacts covers all engagements but emails. Page views need a
 * subscription and no scope.
 */
export const STREAM_SCOPES = {
  contacts: 'crm.objects.contacts.read',
  companies: 'crm.objects.companies.read',
  emails: 'sales-email-read',
  form_submissions: 'forms',
  marketing_emails: 'content',
  lists: 'crm.lists.read',
  marketing_events: 'crm.objects.marketing_events.read',
  deals: 'crm.objects.deals.read',
};

/** By written object. */
export const WRITE_SCOPES = {
  contacts: 'crm.objects.contacts.write',
  properties: 'crm.schemas.contacts.write',
};
