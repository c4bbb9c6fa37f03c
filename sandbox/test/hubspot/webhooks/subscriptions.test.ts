// Which changes fire webhooks by the subscriptions of the app, and which targets and subscriptions are rejected.
import { beforeEach, expect, test } from 'vitest';
import { people, startTestSandbox } from '../sandbox-under-test.ts';
import { allSubscriptions } from './all-subscriptions.ts';
import { PROPERTIES, startWebhookSandbox, type WebhookSandbox } from './webhook-sandbox.ts';

const CLASSIC = { subscriptions: allSubscriptions(PROPERTIES, true) };

let sandbox: WebhookSandbox['sandbox'];
let setWebhookTarget: WebhookSandbox['setWebhookTarget'];
let eventsOf: WebhookSandbox['eventsOf'];
beforeEach(async () => {
  ({ sandbox, setWebhookTarget, eventsOf } = await startWebhookSandbox());
});

test('forms, page views, marketing e-mails, lists, webinars, counters and derived values fire no webhook', async () => {
  const events = await eventsOf(async () => {
    const types = ['form_submission', 'page_view', 'email_open', 'email_click', 'list_joined', 'event_attended'];
    for (const type of types) await sandbox.control('POST', '/activities', { contactId: sandbox.id(0), type });
    await sandbox.control('PUT', `/contacts/${sandbox.id(0)}/counters`, { values: { num_conversion_events: '9' } });
    await sandbox.control('PATCH', `/contacts/${sandbox.id(0)}`, { properties: { lastname: 'Number0' } });
  });
  expect(events).toEqual([]);
});

test('a property fires a webhook only if it is subscribed to and not derived', async () => {
  await setWebhookTarget({ subscriptions: allSubscriptions({ contact: ['zip', 'recent_conversion_date'] }) });
  const events = await eventsOf(async () => {
    await sandbox.control('POST', '/activities', { contactId: sandbox.id(0), type: 'form_submission' });
    await sandbox.control('PATCH', `/contacts/${sandbox.id(0)}`, { properties: { phone: '1', zip: '2' } });
  });
  expect(events.map(({ propertyName }) => propertyName)).toEqual(['zip']);
});

test('events without a subscription or with an inactive one fire no webhook', async () => {
  const contact = (event: string, more: object = {}) => {
    return { subscriptionType: `object.${event}`, objectType: 'contact', active: true, ...more };
  };
  const crmObjects = [
    ...[contact('associationChange'), contact('creation'), contact('deletion', { active: false })],
    contact('propertyChange', { propertyName: 'zip' }),
  ];
  await setWebhookTarget({ subscriptions: { crmObjects } });
  const { companyId } = (await sandbox.control('GET', `/contacts/${sandbox.id(0)}`)).body;
  const events = await eventsOf(async () => {
    await sandbox.control('DELETE', '/associations', { contactId: sandbox.id(0), companyId });
    await sandbox.control('PATCH', `/companies/${companyId}`, { properties: { industry: 'RETAIL' } });
    await sandbox.control('POST', '/activities', { contactId: sandbox.id(0), type: 'meeting' });
    await sandbox.control('DELETE', `/contacts/${sandbox.id(0)}`);
    await sandbox.control('POST', `/contacts/${sandbox.id(0)}/restore`);
    await sandbox.control('POST', `/contacts/${sandbox.id(1)}/privacy-deletion`);
  });
  expect(events.map((event) => [event.subscriptionType, event.associationType])).toEqual([
    ['object.associationChange', 'CONTACT_TO_COMPANY'],
    ['object.associationChange', 'CONTACT_TO_MEETING_EVENT'],
  ]);
});

test('an event that is subscribed to in both forms is sent in both', async () => {
  const classic = { subscriptionType: 'contact.propertyChange', propertyName: 'jobtitle', active: true };
  await setWebhookTarget({ subscriptions: { ...allSubscriptions(PROPERTIES), legacyCrmObjects: [classic] } });
  const events = await eventsOf(() =>
    sandbox.control('PATCH', `/contacts/${sandbox.id(0)}`, { properties: { jobtitle: 'CEO' } }),
  );
  expect(events.map(({ subscriptionType }) => subscriptionType)).toEqual([
    'object.propertyChange',
    'contact.propertyChange',
  ]);
  expect(new Set(events.map(({ subscriptionId }) => subscriptionId)).size).toBe(2);
});

test('an opt-out and the IDs of the Salesforce integration fire webhooks', async () => {
  const events = await eventsOf(async () => {
    await sandbox.control('POST', '/activities', { contactId: sandbox.id(0), type: 'unsubscribe' });
    await sandbox.control('PUT', `/contacts/${sandbox.id(0)}/salesforce-ids`, { leadId: '00Q000000000001AAA' });
  });
  expect(events.map(({ propertyName }) => propertyName)).toEqual(['hs_email_optout', 'salesforceleadid']);
});

test('without a target, no webhook is sent, and bursts and outages are rejected', async () => {
  await sandbox.control('DELETE', '/webhooks');
  await sandbox.control('PATCH', `/contacts/${sandbox.id(0)}`, { properties: { phone: '1' } });
  expect((await sandbox.control('GET', '/webhooks')).body).toMatchObject({ sent: 0, waiting: 0 });
  for (const path of ['burst', 'outage']) {
    const response = await sandbox.control('POST', `/webhooks/${path}`, path === 'burst' ? { events: 1 } : { ms: 1 });
    expect(response).toMatchObject({ status: 400, body: { message: expect.stringContaining('targetUrl') } });
  }
  await setWebhookTarget();
  expect(await eventsOf(async () => {})).toEqual([]);
});

test.each([
  'http://192.168.0.7/webhooks/hubspot',
  'https://leads.example/webhooks/hubspot',
  'http://127.0.0.1.leads.example/',
  'http://localhost@leads.example/',
  'http://localhost/?a=1',
  'nowhere',
])('a webhook target on another machine is rejected: %s', async (targetUrl) => {
  const response = await setWebhookTarget({ targetUrl });
  expect(response).toMatchObject({ status: 400, body: { message: expect.stringContaining('on this machine') } });
  const webhooks = { targetUrl, ...CLASSIC };
  await expect(startTestSandbox({ dataset: people(1), webhooks })).rejects.toThrow('on this machine');
});

test.each<[string, object]>([
  ['a share of duplicates above 1', { duplicates: 2 }],
  ['an unknown key', { speed: 2 }],
  ['no subscriptions', { subscriptions: undefined }],
])('webhook settings with %s are rejected', async (_what, mistake) => {
  expect((await setWebhookTarget(mistake)).status).toBe(400);
});

test.each<[string, object]>([
  ['a property without subscriptions', { propertyName: 'hs_lastmodifieddate' }],
  ['another such property', { propertyName: 'hs_email_subject' }],
  ['a property change without a property', { propertyName: undefined }],
  ['a creation with a property', { subscriptionType: 'object.creation' }],
  ["an object name that is not HubSpot's", { objectType: 'meeting' }],
  ['a classic type among the generic ones', { subscriptionType: 'contact.propertyChange' }],
  ['no `active` flag', { active: undefined }],
])('a subscription with %s is rejected', async (_what, mistake) => {
  const ofZip = { subscriptionType: 'object.propertyChange', objectType: 'contact', propertyName: 'zip', active: true };
  expect((await setWebhookTarget({ subscriptions: { crmObjects: [ofZip] } })).status).toBe(200);
  expect((await setWebhookTarget({ subscriptions: { crmObjects: [{ ...ofZip, ...mistake }] } })).status).toBe(400);
});

test('a burst on a property without webhook events is rejected', async () => {
  const burst = async (property: string) =>
    (await sandbox.control('POST', '/webhooks/burst', { events: 1, property })).body.message;
  expect(await burst('lifecyclestage')).toContain('INVALID_OPTION');
  expect(await burst('num_conversion_events')).toContain('no subscription covers');
});
