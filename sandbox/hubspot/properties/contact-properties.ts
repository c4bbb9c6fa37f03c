// The standard contact properties that lead scoring reads, with HubSpot's names, types and options.
import { type PropertyDefinition, standardProperties } from './property-definition.ts';

const info = standardProperties('contactinformation');
const activity = standardProperties('contact_activity');
const analytics = standardProperties('analyticsinformation');
const deals = standardProperties('deal_information');
const email = standardProperties('emailinformation');
const salesforce = standardProperties('salesforceinformation');
const READ_ONLY = { readOnly: true };

export const LIFECYCLE_STAGES = {
  subscriber: 'Subscriber',
  lead: 'Lead',
  marketingqualifiedlead: 'Marketing Qualified Lead',
  salesqualifiedlead: 'Sales Qualified Lead',
  opportunity: 'Opportunity',
  customer: 'Customer',
  evangelist: 'Evangelist',
  other: 'Other',
};

const LEAD_STATUSES = [
  'NEW',
  'OPEN',
  'IN_PROGRESS',
  'OPEN_DEAL',
  'UNQUALIFIED',
  'ATTEMPTED_TO_CONTACT',
  'CONNECTED',
  'BAD_TIMING',
];

const SOURCES = [
  'ORGANIC_SEARCH',
  'PAID_SEARCH',
  'EMAIL_MARKETING',
  'SOCIAL_MEDIA',
  'REFERRALS',
  'OTHER_CAMPAIGNS',
  'DIRECT_TRAFFIC',
  'OFFLINE',
  'PAID_SOCIAL',
  'AI_REFERRALS',
];

// The first entries of HubSpot's lists.
const ROLES = ['accounting', 'administrative', 'business_development', 'consulting', 'customer_service', 'engineering'];
const SENIORITIES = ['owner', 'partner', 'executive', 'vp', 'director', 'manager', 'senior', 'employee', 'entry'];

/**
 * The property with the instant at which a contact entered a lifecycle stage. HubSpot has one per
 * standard stage.
 */
export function lifecycleDateProperty(stage: string): string {
  return `hs_lifecyclestage_${stage}_date`;
}

export const CONTACT_PROPERTIES: readonly PropertyDefinition[] = [
  info('email', 'Email', 'string', { unique: true }),
  // The secondary addresses of a contact, for example those of merged contacts. HubSpot has it as a
  // list of values without fixed options.
  info('hs_additional_emails', 'Additional email addresses', 'enumeration', READ_ONLY),
  info('firstname', 'First Name'),
  info('lastname', 'Last Name'),
  info('jobtitle', 'Job Title'),
  info('hs_seniority', 'Employment Seniority', 'enumeration', { options: SENIORITIES }),
  info('hs_role', 'Employment Role', 'enumeration', { options: ROLES }),
  info('job_function', 'Job function'),
  info('seniority', 'Seniority'),
  info('company', 'Company Name'),
  info('phone', 'Phone Number'),
  info('mobilephone', 'Mobile Phone Number'),
  info('website', 'Website URL'),
  info('city', 'City'),
  info('state', 'State/Region'),
  info('zip', 'Postal Code'),
  info('country', 'Country/Region'),
  info('hs_country_region_code', 'Country/Region Code'),
  info('industry', 'Industry'),
  info('hs_language', 'Preferred language', 'enumeration', {
    options: ['en', 'de', 'fr', 'es', 'it', 'nl', 'pt', 'sv'],
  }),
  info('lifecyclestage', 'Lifecycle Stage', 'enumeration', { options: LIFECYCLE_STAGES }),
  ...Object.entries(LIFECYCLE_STAGES).map(([stage, label]) =>
    info(lifecycleDateProperty(stage), `Became a ${label} Date`, 'datetime', READ_ONLY),
  ),
  deals('num_associated_deals', 'Number of Associated Deals', 'number', READ_ONLY),
  deals('recent_deal_amount', 'Recent Deal Amount', 'number', READ_ONLY),
  deals('recent_deal_close_date', 'Recent Deal Close Date', 'datetime', READ_ONLY),
  info('hs_lead_status', 'Lead Status', 'enumeration', { options: LEAD_STATUSES }),
  info('hubspot_owner_id', 'Contact owner', 'enumeration'),
  info('hs_email_optout', 'Unsubscribed from all email', 'bool'),
  info('hs_email_domain', 'Email Domain', 'string', READ_ONLY),
  info('associatedcompanyid', 'Primary Associated Company ID', 'number'),
  info('hs_all_contact_vids', 'All vids for a contact', 'string', READ_ONLY),
  info('hs_is_contact', 'Is a contact', 'bool', READ_ONLY),
  info('hs_is_unworked', 'Contact unworked', 'bool', READ_ONLY),
  info('hs_merged_object_ids', 'Merged record IDs', 'string', READ_ONLY),
  info('createdate', 'Create Date', 'datetime', READ_ONLY),
  info('lastmodifieddate', 'Last Modified Date', 'datetime', READ_ONLY),
  info('hs_object_id', 'Record ID', 'number', READ_ONLY),
  activity('notes_last_contacted', 'Last Contacted', 'datetime', READ_ONLY),
  activity('notes_last_updated', 'Last Activity Date', 'datetime', READ_ONLY),
  activity('num_notes', 'Number of Sales Activities', 'number', READ_ONLY),
  activity('hs_sales_email_last_replied', 'Recent Sales Email Replied Date', 'datetime', READ_ONLY),
  analytics('hs_analytics_source', 'Original Traffic Source', 'enumeration', { options: SOURCES }),
  analytics('hs_analytics_num_visits', 'Number of Sessions', 'number', READ_ONLY),
  analytics('hs_analytics_num_page_views', 'Number of Pageviews', 'number', READ_ONLY),
  analytics('hs_analytics_last_url', 'Last Page Seen', 'string', READ_ONLY),
  analytics('hs_analytics_last_visit_timestamp', 'Time of Last Session', 'datetime', READ_ONLY),
  analytics('hs_analytics_last_timestamp', 'Time Last Seen', 'datetime', READ_ONLY),
  analytics('num_conversion_events', 'Number of Form Submissions', 'number', READ_ONLY),
  analytics('recent_conversion_date', 'Recent Conversion Date', 'datetime', READ_ONLY),
  analytics('recent_conversion_event_name', 'Recent Conversion', 'string', READ_ONLY),
  email('hs_email_delivered', 'Marketing emails delivered', 'number', READ_ONLY),
  email('hs_email_open', 'Marketing emails opened', 'number', READ_ONLY),
  email('hs_email_click', 'Marketing emails clicked', 'number', READ_ONLY),
];

/** The properties that HubSpot's Salesforce integration adds. Only the integration writes them. */
export const SALESFORCE_PROPERTIES: readonly PropertyDefinition[] = [
  salesforce('salesforceleadid', 'Salesforce Lead ID', 'string', READ_ONLY),
  salesforce('salesforcecontactid', 'Salesforce Contact ID', 'string', READ_ONLY),
];
