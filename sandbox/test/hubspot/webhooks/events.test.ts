// The webhook events of each change, and their format.
import { createHash, createHmac } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { NOW, people, startTestSandbox, type TestSandbox } from '../sandbox-under-test.ts';
import { allSubscriptions } from './all-subscriptions.ts';
import { type ReceivedEvent, type Receiver, startReceiver } from './webhook-receiver.ts';

const PROPERTIES = {
  contact: [
    ...['jobtitle', 'phone', 'lifecyclestage', 'zip', 'city', 'hs_email_optout', 'salesforceleadid'],
    ...['num_conversion_events', 'recent_conversion_date', 'hs_analytics_num_page_views', 'hs_email_open'],
  ],
  company: ['industry'],
  deal: ['dealstage', 'closedate'],
  meeting_event: ['hs_meeting_title'],
  call: ['hs_call_title'],
  email: ['hs_email_text'],
  note: ['hs_note_body'],
  task: ['hs_task_subject'],
};
const CLASSIC = { subscriptions: allSubscriptions(PROPERTIES, true) };

let sandbox: TestSandbox;
let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
  sandbox = await startTestSandbox({ searchLagMs: 0 });
  await setWebhookTarget();
});

/** One request at a time, since concurrent requests can overtake each other. */
const setWebhookTarget = (more: object = {}) =>
  sandbox.control('PUT', '/webhooks', {
    ...{ targetUrl: receiver.url, subscriptions: allSubscriptions(PROPERTIES), maxConcurrentRequests: 1, ...more },
  });
const contactId = (at: number) => Number(sandbox.id(at));
const untilLastEvent = () => receiver.until(() => receiver.events().at(-1)?.propertyValue === 'last');

/** All events of what `act` does, without the event of the last change, which marks the end. */
async function eventsOf(act: () => Promise<unknown>): Promise<ReceivedEvent[]> {
  await act();
  await sandbox.control('PATCH', `/contacts/${sandbox.id(2)}`, { properties: { zip: 'last' } });
  await untilLastEvent();
  return receiver.events().slice(0, -1);
}

const ids = {
  eventId: expect.any(Number),
  subscriptionId: expect.any(Number),
  portalId: 145_873_201,
  appId: 2_930_857,
  occurredAt: NOW.getTime(),
  attemptNumber: 0,
};
const byUser = { changeSource: 'CRM_UI', sourceId: 'userId:1' };

test('a webhook request is signed as by HubSpot, over target, body and time', async () => {
  await eventsOf(async () => {});
  const { headers, text } = receiver.requests[0]!;
  const at = String(NOW.getTime());
  const hmac = createHmac('sha256', sandbox.clientSecret).update(`POST${receiver.url}${text}${at}`);
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'x-hubspot-request-timestamp': at,
    'x-hubspot-signature-v3': hmac.digest('base64'),
    'x-hubspot-signature-version': 'v1',
    'x-hubspot-signature': createHash('sha256').update(`${sandbox.clientSecret}${text}`).digest('hex'),
  });
});

describe('webhooks of contacts, companies and deals:', () => {
  test('an edit fires one event per changed property, all with one eventId', async () => {
    const properties = { jobtitle: 'CEO', phone: '7', firstname: 'Pat', lifecyclestage: 'customer' };
    const events = await eventsOf(() => sandbox.control('PATCH', `/contacts/${sandbox.id(0)}`, { properties }));
    const changed = { ...ids, ...byUser, objectId: contactId(0), isSensitive: false };
    const form = { ...changed, subscriptionType: 'object.propertyChange', objectTypeId: '0-1' };
    expect(events).toEqual([
      { ...form, propertyName: 'jobtitle', propertyValue: 'CEO' },
      { ...form, propertyName: 'phone', propertyValue: '7' },
      { ...form, propertyName: 'lifecyclestage', propertyValue: 'customer' },
    ]);
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(1);
    expect(new Set(events.map(({ subscriptionId }) => subscriptionId)).size).toBe(3);
  });

  test('a classic event has the object type in its name', async () => {
    await setWebhookTarget(CLASSIC);
    const [event] = await eventsOf(() =>
      sandbox.control('PATCH', `/contacts/${sandbox.id(0)}`, { properties: { phone: '', zip: '1' } }),
    );
    expect(event).toEqual({
      ...ids,
      ...byUser,
      subscriptionType: 'contact.propertyChange',
      objectId: contactId(0),
      propertyName: 'zip',
      propertyValue: '1',
    });
  });

  test("the product's write has the source INTEGRATION with its app ID, another app's write has that app's ID, and an import has IMPORT", async () => {
    const events = await eventsOf(async () => {
      const inputs = [{ id: sandbox.id(0), properties: { phone: '1' } }];
      await sandbox.call('POST', '/crm/objects/2026-03/contacts/batch/update', { inputs });
      for (const source of ['INTEGRATION', 'IMPORT']) {
        await sandbox.control('PATCH', `/contacts/${sandbox.id(0)}`, { properties: { phone: source }, source });
      }
      await sandbox.control('POST', '/contacts', { properties: { lastname: 'New' }, source: 'IMPORT' });
    });
    expect(events).toMatchObject([
      { propertyValue: '1', changeSource: 'INTEGRATION', sourceId: sandbox.appId },
      { propertyValue: 'INTEGRATION', changeSource: 'INTEGRATION', sourceId: '2931120' },
      { propertyValue: 'IMPORT', changeSource: 'IMPORT' },
      { subscriptionType: 'object.creation', changeSource: 'IMPORT' },
    ]);
    expect(events.slice(2).map((event) => 'sourceId' in event)).toEqual([false, false]);
  });

  test('creating, deleting and restoring a contact fires one event each', async () => {
    const events = await eventsOf(async () => {
      await sandbox.control('POST', '/contacts', { properties: { email: 'new@acme.example' } });
      await sandbox.control('DELETE', `/contacts/${sandbox.id(0)}`);
      await sandbox.control('POST', `/contacts/${sandbox.id(0)}/restore`);
    });
    const common = { ...ids, ...byUser, objectTypeId: '0-1' };
    expect(events).toEqual([
      { ...common, subscriptionType: 'object.creation', objectId: contactId(2) + 1, changeFlag: 'CREATED' },
      { ...common, subscriptionType: 'object.deletion', objectId: contactId(0), changeFlag: 'DELETED' },
      { ...common, subscriptionType: 'object.restore', objectId: contactId(0) },
    ]);
  });

  test('a privacy deletion also fires a deletion', async () => {
    const events = await eventsOf(() => sandbox.control('POST', `/contacts/${sandbox.id(1)}/privacy-deletion`));
    const common = { ...ids, ...byUser, objectId: contactId(1) };
    expect(events).toEqual([
      { ...common, subscriptionType: 'object.deletion', objectTypeId: '0-1', changeFlag: 'DELETED' },
      { ...common, subscriptionType: 'contact.privacyDeletion' },
    ]);
  });

  test('a merge event names both contacts, and the values that the primary inherits fire property changes', async () => {
    await sandbox.control('PATCH', `/contacts/${sandbox.id(1)}`, { properties: { city: 'Oslo' } });
    await receiver.until(() => receiver.events().length === 1);
    const [, merge, ...others] = await eventsOf(() =>
      sandbox.control('POST', '/merge', { primaryId: sandbox.id(0), mergedId: sandbox.id(1) }),
    );
    expect(merge).toEqual({
      ...ids,
      ...byUser,
      subscriptionType: 'object.merge',
      objectTypeId: '0-1',
      primaryObjectId: contactId(0),
      mergedObjectIds: [contactId(1)],
      newObjectId: contactId(0),
      numberOfPropertiesMoved: 1,
    });
    expect(others).toMatchObject([{ propertyName: 'city', objectId: contactId(0), changeSource: 'MERGE_CONTACTS' }]);
  });

  test('linking and unlinking a company fires an event for each end, and linking the present company fires none', async () => {
    const companyId = Number((await sandbox.control('GET', `/contacts/${sandbox.id(0)}`)).body.companyId);
    const events = await eventsOf(async () => {
      const link = { contactId: sandbox.id(0), companyId: String(companyId) };
      await sandbox.control('PUT', '/associations', link);
      await sandbox.control('DELETE', '/associations', link);
      await setWebhookTarget(CLASSIC);
      await sandbox.control('PUT', '/associations', { ...link, contactId: sandbox.id(1) });
    });
    const there = { ...ids, ...byUser, associationType: 'CONTACT_TO_COMPANY', toObjectId: companyId };
    const back = { ...ids, ...byUser, associationType: 'COMPANY_TO_CONTACT', fromObjectId: companyId };
    const generic = { subscriptionType: 'object.associationChange', isPrimaryAssociation: true };
    const removed = { ...generic, associationRemoved: true };
    const made = { isPrimaryAssociation: true, associationRemoved: false };
    expect(events).toEqual([
      { ...there, ...removed, fromObjectId: contactId(0), fromObjectTypeId: '0-1', toObjectTypeId: '0-2' },
      { ...back, ...removed, toObjectId: contactId(0), fromObjectTypeId: '0-2', toObjectTypeId: '0-1' },
      { ...there, ...made, subscriptionType: 'contact.associationChange', fromObjectId: contactId(1) },
      { ...back, ...made, subscriptionType: 'company.associationChange', toObjectId: contactId(1) },
    ]);
  });

  test('changes of a company and a deal fire events of their own type', async () => {
    const { companyId } = (await sandbox.control('GET', `/contacts/${sandbox.id(0)}`)).body;
    const events = await eventsOf(async () => {
      await sandbox.control('PATCH', `/companies/${companyId}`, { properties: { industry: 'RETAIL' } });
      const deal = { contactIds: [sandbox.id(0)], stage: 'appointmentscheduled' };
      const { id } = (await sandbox.control('POST', '/deals', deal)).body;
      await sandbox.control('PATCH', `/deals/${id}`, { stage: 'closedwon' });
      await sandbox.control('DELETE', `/deals/${id}`);
    });
    expect(
      events.map((event) => [event.subscriptionType, event.objectTypeId ?? event.associationType, event.propertyName]),
    ).toEqual([
      ['object.propertyChange', '0-2', 'industry'],
      ['object.creation', '0-3', undefined],
      ['object.associationChange', 'DEAL_TO_CONTACT', undefined],
      ['object.associationChange', 'CONTACT_TO_DEAL', undefined],
      ['object.propertyChange', '0-3', 'dealstage'],
      ['object.propertyChange', '0-3', 'closedate'],
      ['object.deletion', '0-3', undefined],
    ]);
  });
});

test.each([
  ['meeting', 'meetings', '0-47', 'hs_meeting_title'],
  ['call', 'calls', '0-48', 'hs_call_title'],
  ['email_reply', 'emails', '0-49', 'hs_email_text'],
  ['note', 'notes', '0-46', 'hs_note_body'],
  ['task', 'tasks', '0-27', 'hs_task_subject'],
])(
  'events of a %s name its own ID and are generic, also for an app with classic subscriptions',
  async (type, object, objectTypeId, name) => {
    await setWebhookTarget(CLASSIC);
    let id = '';
    const events = await eventsOf(async () => {
      id = (await sandbox.control('POST', '/activities', { contactId: sandbox.id(0), type })).body.id;
      await sandbox.control('PATCH', `/activities/${object}/${id}`, { properties: { [name]: 'New' } });
      await sandbox.control('DELETE', `/activities/${object}/${id}`);
    });
    const common = { ...ids, ...byUser, objectTypeId, objectId: Number(id) };
    expect(events).toEqual([
      { ...common, subscriptionType: 'object.creation', changeFlag: 'CREATED' },
      expect.objectContaining({
        subscriptionType: 'object.associationChange',
        fromObjectId: Number(id),
        fromObjectTypeId: objectTypeId,
        toObjectId: contactId(0),
        toObjectTypeId: '0-1',
        associationRemoved: false,
      }),
      {
        ...common,
        subscriptionType: 'object.propertyChange',
        propertyName: name,
        propertyValue: 'New',
        isSensitive: false,
      },
      { ...common, subscriptionType: 'object.deletion', changeFlag: 'DELETED' },
    ]);
  },
);

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
