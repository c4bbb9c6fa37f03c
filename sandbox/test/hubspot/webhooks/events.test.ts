// The webhook events of each change, and their format.
import { createHash, createHmac } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { NOW } from '../sandbox-under-test.ts';
import { allSubscriptions } from './all-subscriptions.ts';
import { PROPERTIES, startWebhookSandbox, type WebhookSandbox } from './webhook-sandbox.ts';

const CLASSIC = { subscriptions: allSubscriptions(PROPERTIES, true) };

let sandbox: WebhookSandbox['sandbox'];
let receiver: WebhookSandbox['receiver'];
let setWebhookTarget: WebhookSandbox['setWebhookTarget'];
let eventsOf: WebhookSandbox['eventsOf'];
beforeEach(async () => {
  ({ sandbox, receiver, setWebhookTarget, eventsOf } = await startWebhookSandbox());
});

const contactId = (at: number) => Number(sandbox.id(at));
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
