// The objects with activities: tasks, events, e-mail messages, campaigns and opportunities.
import { field, parent, picklist, readOnly, text } from './field.ts';
import { objectType } from './object-type.ts';

const WHAT = ['Account', 'Campaign', 'Opportunity'];
const WHO = ['Contact', 'Lead'];
const SHARED = { sharedActivities: true, writable: false };

const activity = [
  text('Subject', 255),
  parent('Who', WHO, { label: 'Name ID' }),
  parent('What', WHAT, { label: 'Related To ID' }),
  field('ActivityDate', 'date', { label: 'Due Date Only' }),
  text('Description', 32_000),
  parent('Owner', ['Group', 'User'], { nillable: false }),
  parent('Account', ['Account'], { createable: false, updateable: false }),
  readOnly('IsArchived', 'boolean', { label: 'Archived' }),
  // The pattern of a series is a row of its own, beside one row for each occurrence.
  // https://developer.salesforce.com/docs/platform/change-data-capture/guide/cdc-standard-objects-task-event-recurring.html
  field('IsRecurrence', 'boolean', { label: 'Create Recurring Series', updateable: false }),
  parent('RecurrenceActivity', ['Task', 'Event'], { updateable: false }),
];

export const TASK = objectType('Task', '00T', [
  ...activity,
  picklist('Status', ['Not Started', 'In Progress', 'Completed', 'Waiting on someone else', 'Deferred'], {
    nillable: false,
  }),
  picklist('Priority', ['High', 'Normal', 'Low'], { nillable: false }),
  picklist('Type', ['Call', 'Meeting', 'Email', 'Other']),
  picklist('TaskSubtype', ['Task', 'Email', 'Call', 'ListEmail'], { updateable: false, restricted: true }),
  picklist('CallType', ['Internal', 'Inbound', 'Outbound']),
  text('CallDisposition', 255, { label: 'Call Result' }),
  field('CallDurationInSeconds', 'int', { label: 'Call Duration', precision: 8 }),
  readOnly('IsClosed', 'boolean', { label: 'Closed' }),
  readOnly('CompletedDateTime', 'datetime', { label: 'Completed Date' }),
]);

export const EVENT = objectType('Event', '00U', [
  ...activity,
  text('Location', 255),
  field('IsAllDayEvent', 'boolean', { label: 'All-Day Event' }),
  field('ActivityDateTime', 'datetime', { label: 'Due Date Time' }),
  field('StartDateTime', 'datetime', { label: 'Start Date Time' }),
  field('EndDateTime', 'datetime', { label: 'End Date Time' }),
  field('DurationInMinutes', 'int', { label: 'Duration', precision: 8 }),
  picklist('Type', ['Call', 'Meeting', 'Email', 'Other']),
  picklist('EventSubtype', ['Event'], { updateable: false, restricted: true }),
  readOnly('IsChild', 'boolean', { label: 'Is Child' }),
  // 3 = the pattern of a series of Lightning Experience.
  picklist('GroupEventType', ['0', '1', '2', '3'], { restricted: true }),
]);

export const TASK_RELATION = objectType(
  'TaskRelation',
  '0RT',
  [
    parent('Task', ['Task']),
    parent('Relation', [...WHO, ...WHAT]),
    field('IsWhat', 'boolean'),
    parent('Account', ['Account']),
  ],
  SHARED,
);

export const EVENT_RELATION = objectType(
  'EventRelation',
  '0RE',
  [
    parent('Event', ['Event']),
    parent('Relation', [...WHO, ...WHAT, 'User']),
    field('IsWhat', 'boolean'),
    field('IsParent', 'boolean'),
    field('IsInvitee', 'boolean'),
    picklist('Status', ['New', 'Accepted', 'Declined', 'Maybe', 'Uninvited'], { restricted: true }),
    parent('Account', ['Account']),
  ],
  SHARED,
);

export const EMAIL_MESSAGE = objectType('EmailMessage', '02s', [
  parent('Activity', ['Task'], { updateable: false }),
  // An e-mail to the support: its case.
  parent('Parent', ['Case'], { updateable: false }),
  parent('RelatedTo', ['Account', 'Campaign', 'Case', 'Opportunity']),
  text('Subject', 3_000),
  text('FromAddress', 80),
  text('ToAddress', 4_000),
  field('Incoming', 'boolean', { label: 'Is Incoming', updateable: false }),
  // New, Read, Replied, Sent, Forwarded, Draft.
  picklist('Status', ['0', '1', '2', '3', '4', '5'], { restricted: true, nillable: false }),
  field('MessageDate', 'datetime'),
  field('IsTracked', 'boolean'),
  readOnly('IsOpened', 'boolean', { label: 'Opened?' }),
  readOnly('FirstOpenedDate', 'datetime', { label: 'First Opened' }),
  readOnly('LastOpenedDate', 'datetime', { label: 'Last Opened' }),
  readOnly('IsBounced', 'boolean', { label: 'Bounced?' }),
]);

export const EMAIL_MESSAGE_RELATION = objectType('EmailMessageRelation', '0ER', [
  parent('EmailMessage', ['EmailMessage'], { updateable: false }),
  parent('Relation', [...WHO, 'User'], { updateable: false }),
  picklist('RelationType', ['ToAddress', 'CcAddress', 'BccAddress', 'FromAddress', 'OtherAddress'], {
    restricted: true,
  }),
  text('RelationAddress', 255, { updateable: false }),
  readOnly('RelationObjectType', 'string', { length: 50 }),
]);

export const CAMPAIGN = objectType('Campaign', '701', [
  text('Name', 80, { label: 'Campaign Name', nillable: false }),
  picklist('Type', ['Conference', 'Webinar', 'Trade Show', 'Email', 'Advertisement', 'Web Form', 'Content', 'Other']),
  picklist('Status', ['Planned', 'In Progress', 'Completed', 'Aborted']),
  field('IsActive', 'boolean', { label: 'Active' }),
  field('StartDate', 'date'),
  field('EndDate', 'date'),
  text('Description', 32_000),
  parent('Parent', ['Campaign']),
  parent('Owner', ['User'], { nillable: false }),
]);

export const CAMPAIGN_MEMBER = objectType('CampaignMember', '00v', [
  parent('Campaign', ['Campaign'], { updateable: false, nillable: false }),
  parent('Lead', ['Lead'], { updateable: false }),
  parent('Contact', ['Contact'], { updateable: false }),
  picklist('Status', ['Sent', 'Registered', 'Responded', 'Attended', 'No Show']),
  readOnly('HasResponded', 'boolean', { label: 'Responded' }),
  readOnly('FirstRespondedDate', 'date'),
  readOnly('LeadOrContactId', 'reference', { referenceTo: WHO }),
  readOnly('Type', 'picklist', { label: 'Related Record Type', length: 40 }),
]);

export const CASE = objectType('Case', '500', [
  text('Subject', 255),
  parent('Contact', ['Contact']),
  picklist('Status', ['New', 'Working', 'Escalated', 'Closed'], { nillable: false }),
  picklist('Origin', ['Email', 'Phone', 'Web']),
  parent('Owner', ['Group', 'User'], { nillable: false }),
]);

const STAGES = ['Prospecting', 'Qualification', 'Needs Analysis', 'Value Proposition', 'Proposal/Price Quote'];

export const OPPORTUNITY = objectType('Opportunity', '006', [
  text('Name', 120, { nillable: false }),
  parent('Account', ['Account'], { label: 'Account ID' }),
  picklist('StageName', [...STAGES, 'Negotiation/Review', 'Closed Won', 'Closed Lost'], {
    label: 'Stage',
    nillable: false,
  }),
  field('Amount', 'currency'),
  field('CloseDate', 'date', { nillable: false }),
  readOnly('IsClosed', 'boolean', { label: 'Closed' }),
  readOnly('IsWon', 'boolean', { label: 'Won' }),
  readOnly('LastStageChangeDate', 'datetime'),
  picklist('Type', ['Existing Customer - Upgrade', 'New Customer']),
  picklist('LeadSource', ['Web', 'Phone Inquiry', 'Partner Referral', 'Purchased List', 'Other']),
  parent('Campaign', ['Campaign']),
  parent('Contact', ['Contact'], { updateable: false }),
  parent('Owner', ['User'], { nillable: false }),
]);

export const OPPORTUNITY_CONTACT_ROLE = objectType('OpportunityContactRole', '00K', [
  parent('Opportunity', ['Opportunity'], { updateable: false, nillable: false }),
  parent('Contact', ['Contact'], { nillable: false }),
  picklist('Role', ['Business User', 'Decision Maker', 'Economic Buyer', 'Evaluator', 'Influencer', 'Other']),
  field('IsPrimary', 'boolean', { label: 'Primary' }),
]);
