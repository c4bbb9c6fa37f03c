import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { UNREADABLE } from '../../src/domain/lead.ts';
import { readMapping } from '../../src/mapping/mapping.ts';
import { createActivityProjector } from '../../src/mapping/project-activities.ts';
import { projectFields } from '../../src/mapping/project-fields.ts';
import { createScope } from '../../src/mapping/scope.ts';

const file = 'mappings/hubspot.yaml';
const { mapping, problems } = readMapping(readFileSync(file, 'utf8'), file);
if (mapping === null) throw new Error(JSON.stringify(problems));

const toActivity = createActivityProjector(mapping);
const at = '2026-11-20T10:00:00Z';

test('the shipped HubSpot mapping has no errors and no warnings', () => {
  expect(problems).toEqual([]);
});

test('a HubSpot contact with its company becomes canonical fields', () => {
  const { fields, problems: found } = projectFields(mapping, {
    contacts: { email: 'a@example.com', jobtitle: ' VP Sales ', country: 'United Kingdom', hs_email_optout: 'false' },
    companies: {
      industry: 'COMPUTER_SOFTWARE',
      numberofemployees: '120',
      annualrevenue: '1.2E7',
      web_technologies: 'a;b',
    },
  });
  expect(found).toEqual([]);
  expect(fields).toMatchObject({
    'contact.job_title': 'VP Sales',
    'contact.country': 'GB',
    'contact.email_opt_out': false,
    'contact.lifecycle': null,
    'company.industry': 'Software',
    'company.employees': 120,
    'company.revenue': 12_000_000,
    'company.technologies': ['a', 'b'],
  });
});

test.each([
  ['customer', 'out'],
  ['evangelist', 'out'],
  ['lead', 'in'],
  [null, 'in'],
  [UNREADABLE, 'undecided'],
])('the scope of a HubSpot contact in lifecycle stage %j: %s', (lifecycle, membership) => {
  expect(createScope(mapping)({ 'contact.lifecycle': lifecycle })).toBe(membership);
});

test('with a condition on won deals, a contact of a won deal is out of scope in any lifecycle stage', () => {
  const won = { field: 'contact.deal_won_at', present: false };
  const scope = createScope({ ...mapping, leads: { where: { all: [mapping.leads?.where ?? {}, won] } } });
  const wonAt = '2026-03-01T00:00:00.000Z';
  expect(scope({ 'contact.lifecycle': 'lead', 'contact.deal_won_at': wonAt })).toBe('out');
  expect(scope({ 'contact.lifecycle': UNREADABLE, 'contact.deal_won_at': wonAt })).toBe('out');
  expect(scope({ 'contact.lifecycle': 'lead', 'contact.deal_won_at': null })).toBe('in');
  expect(scope({ 'contact.lifecycle': null })).toBe('in');
});

test.each([
  [null, 'meeting'],
  ['COMPLETED', 'meeting'],
  ['SCHEDULED', 'meeting'],
  ['CANCELED', undefined],
  ['NO_SHOW', undefined],
])('a HubSpot meeting with outcome %s becomes the activity %s', (outcome, type) => {
  const activity = toActivity({
    id: 'meeting:1',
    source: 'meetings',
    properties: { hs_meeting_outcome: outcome, hs_meeting_start_time: at, hs_meeting_title: 'Intro' },
  });
  const expected = { type, at: Date.parse(at), attributes: { title: 'Intro', outcome } };
  if (type === undefined) expect(activity).toBeNull();
  else expect(activity).toMatchObject(expected);
});

test.each([
  ['Spring Webinar: pricing', 'webinar', { name: 'Spring Webinar: pricing' }],
  ['Whitepaper download', 'content_download', { name: 'Whitepaper download' }],
  ['Start your free trial', 'trial_started', { product: 'Start your free trial' }],
  ['Industrial contact', 'form_submission', { form: 'Industrial contact', page: '/contact' }],
  ['Request a demo', 'form_submission', { form: 'Request a demo', page: '/contact' }],
])('a submission of the HubSpot form "%s" becomes a %s', (form_name, type, attributes) => {
  const properties = { form_name, page_path: '/contact', submitted_at: Date.parse(at) };
  expect(toActivity({ id: 'form:1', source: 'form_submissions', properties })).toEqual({
    id: 'form:1',
    type,
    at: Date.parse(at),
    attributes,
  });
});

test('a HubSpot email from the lead becomes a reply, and an email to the lead becomes no activity', () => {
  const email = (hs_email_direction: string) => {
    return toActivity({ id: 'email:1', source: 'emails', properties: { hs_email_direction, hs_timestamp: at } });
  };
  expect(email('INCOMING_EMAIL')).toMatchObject({ type: 'email_reply' });
  expect(email('EMAIL')).toBeNull();
});

test('a HubSpot call becomes a call with its outcome as text and its length in seconds', () => {
  const call = toActivity({
    id: 'call:1',
    source: 'calls',
    properties: { hs_timestamp: at, hs_call_disposition: 'f240bbac-87c9-4f6e-bf70-924b57d47db7', call_seconds: 95 },
  });
  expect(call).toMatchObject({ attributes: { outcome: 'Connected', seconds: 95 } });
});

test('an item without a date, or of a stream without a rule, becomes no activity', () => {
  expect(toActivity({ id: 'call:1', source: 'calls', properties: { hs_timestamp: null } })).toBeNull();
  expect(toActivity({ id: 'note:1', source: 'notes', properties: { hs_timestamp: at } })).toBeNull();
});
