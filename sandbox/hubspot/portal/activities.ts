// Stores an activity where HubSpot stores it: as an engagement object, a form submission, a page
// visit, an e-mail event, a list member or an event participation.
import type { SeedAttributes } from '../../dataset/dataset.ts';
import { uuidOf } from '../ids.ts';
import type { ObjectType } from '../object-types.ts';
import { CALL_DISPOSITIONS } from '../properties/engagement-properties.ts';
import { changeSourceOf } from '../records/change-source.ts';
import { addressesOf } from '../records/contact-addresses.ts';
import { DatedList } from '../records/dated-list.ts';
import type { CrmRecord, RecordTimes } from '../records/record-table.ts';
import { isEmailEvent } from './marketing-emails.ts';
import type { Portal } from './portal.ts';
import type { Form } from './portal-items.ts';

export interface NewActivity {
  /** A canonical activity type, or one of `SeedActivity`. */
  readonly type: string;
  /** Epoch ms. */
  readonly at: number;
  readonly attributes: SeedAttributes;
}

export interface CreatedActivity {
  readonly object: ObjectType | 'form_submissions' | 'events' | 'email_events' | 'lists' | 'marketing_events';
  readonly id: string;
}

/** The forms of every sandbox, by a short name. */
export const FORM_NAMES: Readonly<Record<string, string>> = {
  demo: 'Request a demo',
  whitepaper: 'Whitepaper download',
  webinar: 'Webinar registration',
  newsletter: 'Newsletter sign-up',
  trial: 'Start a free trial',
  contact: 'Contact us',
};

/**
 * Stores one activity of a contact.
 * @returns object and ID, or why HubSpot cannot store it
 */
export function createActivity(
  portal: Portal,
  contact: CrmRecord,
  activity: NewActivity,
  times: RecordTimes,
): CreatedActivity | { readonly problem: string } {
  if (activity.type === 'page_view') return addVisit(portal, contact, activity, times);
  if (isEmailEvent(activity.type)) return addEmailEvent(portal, contact, activity, times);
  if (activity.type === 'list_joined') return joinList(portal, contact, activity);
  if (activity.type === 'event_attended') return addAttendance(portal, contact, activity);
  const form = FORM_OF[activity.type];
  if (form) return addSubmission(portal, contact, activity, form(activity.attributes));
  const engagement = ENGAGEMENTS[activity.type];
  if (!engagement) return { problem: `HubSpot has no object for activities of type "${activity.type}"` };
  const { object, properties } = engagement(activity.attributes);
  const values = new Map(Object.entries(properties));
  values.set('hs_timestamp', new Date(activity.at).toISOString());
  const record = portal.add(object, values, times);
  portal.link('contacts', contact.id, object, record.id);
  return { object, id: record.id };
}

/** The form with that short name, name or ID; created if it does not exist. */
export function findOrCreateForm(portal: Portal, nameOrId: string, now: number): Form {
  const name = FORM_NAMES[nameOrId] ?? nameOrId;
  const existing = portal.forms.get(nameOrId) ?? [...portal.forms.values()].find((each) => each.name === name);
  if (existing) return existing;
  return createForm(portal, { name, formType: 'hubspot' }, now);
}

export function createForm(portal: Portal, { name, formType }: Pick<Form, 'name' | 'formType'>, now: number): Form {
  // A form that was renamed keeps its ID: another one of that name needs a new one.
  const first = uuidOf(`form ${name}`);
  const id = portal.forms.has(first) ? uuidOf(`form ${name} ${portal.forms.size}`) : first;
  const form: Form = { id, name, formType, isDeleted: false, createdAt: now, submissions: new DatedList() };
  portal.forms.set(id, form);
  return form;
}

/** By the activity types that are stored as submissions: the form, by short name or name. */
export const FORM_OF: Readonly<Record<string, (attributes: SeedAttributes) => string>> = {
  form_submission: ({ form }) => String(form ?? 'contact'),
  webinar: () => 'webinar',
  content_download: () => 'whitepaper',
  trial_started: () => 'trial',
};

interface Engagement {
  readonly object: ObjectType;
  readonly properties: Readonly<Record<string, string>>;
}

const email = (attributes: SeedAttributes, direction: string, status: string): Engagement => ({
  object: 'emails',
  properties: {
    hs_email_subject: String(attributes.subject ?? attributes.email ?? 'Following up'),
    hs_email_direction: direction,
    hs_email_status: status,
  },
});

const ENGAGEMENTS: Readonly<Record<string, (attributes: SeedAttributes) => Engagement>> = {
  meeting: ({ title, outcome }) => ({
    object: 'meetings',
    properties: {
      hs_meeting_title: String(title ?? 'Meeting'),
      hs_meeting_outcome: String(outcome ?? 'completed').toUpperCase(),
    },
  }),
  call: ({ title, outcome, seconds }) => ({
    object: 'calls',
    properties: {
      hs_call_title: String(title ?? 'Call'),
      hs_call_status: 'COMPLETED',
      hs_call_disposition: dispositionOf(String(outcome ?? 'connected')),
      hs_call_duration: String(Number(seconds ?? 0) * 1000),
    },
  }),
  email_reply: (attributes) => email(attributes, 'INCOMING_EMAIL', 'SENT'),
  sales_email: (attributes) => email(attributes, 'EMAIL', 'SENT'),
  sales_email_bounce: (attributes) => email(attributes, 'EMAIL', 'BOUNCED'),
  note: ({ body }) => ({ object: 'notes', properties: { hs_note_body: String(body ?? 'Note') } }),
  task: ({ subject, status }) => ({
    object: 'tasks',
    properties: { hs_task_subject: String(subject ?? 'Follow up'), hs_task_status: String(status ?? 'NOT_STARTED') },
  }),
};

/**
 * `left_voicemail` or `Left voicemail` -> HubSpot's ID of that call outcome; an ID is returned
 * unchanged.
 */
function dispositionOf(outcome: string): string {
  const label = outcome.replaceAll('_', ' ').toLowerCase();
  const found = Object.entries(CALL_DISPOSITIONS).find(([id, name]) => id === outcome || name.toLowerCase() === label);
  return found?.[0] ?? '';
}

/** The URL of the viewed page. */
export function pageAddressOf({ attributes: { url, path } }: NewActivity): string {
  return String(url ?? `https://www.leadgrade.example${String(path ?? '/')}`);
}

function addVisit(portal: Portal, contact: CrmRecord, activity: NewActivity, times: RecordTimes): CreatedActivity {
  const { title, referrer } = activity.attributes;
  const address = pageAddressOf(activity);
  const id = uuidOf(`visit ${contact.id} ${portal.visits.added}`);
  portal.visits.add({
    id,
    at: activity.at,
    visibleFrom: times.indexFrom,
    eventType: 'e_visited_page',
    contactId: contact.id,
    properties: { hs_url: address, hs_title: String(title ?? ''), hs_referrer: String(referrer ?? '') },
  });
  return { object: 'events', id };
}

function addSubmission(
  portal: Portal,
  contact: CrmRecord,
  activity: NewActivity,
  formName: string,
): CreatedActivity | { readonly problem: string } {
  const primary = contact.properties.get('email');
  if (primary === undefined) return { problem: 'a form submission needs a contact with an e-mail address' };
  const form = findOrCreateForm(portal, formName, activity.at);
  const { page, form: _form, ...rest } = activity.attributes;
  // `email` of the attributes: the person filled in another address.
  const named = { email: primary, firstname: contact.properties.get('firstname') ?? '', ...rest };
  const values = Object.entries(named).map(([name, value]) => ({ name, value: String(value), objectTypeId: '0-1' }));
  const id = uuidOf(`submission ${form.id} ${form.submissions.added}`);
  const pageUrl = String(page ?? 'https://www.leadgrade.example/');
  form.submissions.add({ id, at: activity.at, visibleFrom: portal.formsFrom(), pageUrl, values });
  usePrimaryAddress(portal, contact, String(named.email));
  return { object: 'form_submissions', id };
}

/**
 * A secondary address that a person fills in becomes the primary one, and the primary one becomes
 * secondary: https://knowledge.hubspot.com/records/deduplication-of-records
 */
function usePrimaryAddress(portal: Portal, contact: CrmRecord, address: string): void {
  const [primary = '', ...secondary] = addressesOf(contact);
  const wanted = address.trim().toLowerCase();
  if (!secondary.includes(wanted)) return;
  const others = [...secondary.filter((each) => each !== wanted), primary];
  const values = new Map([
    ['email', wanted],
    ['hs_additional_emails', others.join(';')],
  ]);
  portal.write('contacts', contact, values, changeSourceOf('FORM'));
}

/**
 * An e-mail event knows the contact only by e-mail address. Unsubscribing from all e-mails sets
 * `hs_email_optout`.
 */
function addEmailEvent(
  portal: Portal,
  contact: CrmRecord,
  { type, at, attributes }: NewActivity,
  times: RecordTimes,
): CreatedActivity | { readonly problem: string } {
  const recipient = contact.properties.get('email');
  if (recipient === undefined) return { problem: 'a marketing e-mail needs a contact with an e-mail address' };
  const isOptOut = type === 'unsubscribe' && attributes.list === undefined;
  if (isOptOut && contact.properties.get('hs_email_optout') !== 'true') {
    portal.write('contacts', contact, new Map([['hs_email_optout', 'true']]));
  }
  const id = portal.emails.add(type, { recipient, at, visibleFrom: times.indexFrom, attributes });
  return { object: 'email_events', id };
}

function joinList(portal: Portal, contact: CrmRecord, { at, attributes }: NewActivity): CreatedActivity {
  const list = portal.lists.findOrCreate(String(attributes.list ?? 'Leadgrade: joined'), at);
  portal.lists.join(list, contact.id, at);
  return { object: 'lists', id: list.id };
}

function addAttendance(portal: Portal, contact: CrmRecord, { at, attributes }: NewActivity): CreatedActivity {
  const event = portal.marketingEvents.findOrCreate(String(attributes.name ?? 'Webinar'), at);
  event.participations.set(contact.id, { state: 'ATTENDED', at });
  event.updatedAt = Math.max(event.updatedAt, at);
  return { object: 'marketing_events', id: event.id };
}
