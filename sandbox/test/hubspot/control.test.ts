// The control API: user actions in HubSpot, and the modification times that they change.
import { beforeEach, describe, expect, test } from 'vitest';
import { NOW, startTestSandbox, type TestSandbox } from './sandbox-under-test.ts';

let sandbox: TestSandbox;
beforeEach(async () => {
  sandbox = await startTestSandbox({ searchLagMs: 0 });
});

const contact = async (at: number) => (await sandbox.control('GET', `/contacts/${sandbox.id(at)}`)).body;

describe('the control API stores an activity in the object where HubSpot stores it:', () => {
  test.each([
    [
      'meeting',
      { title: 'Demo', outcome: 'completed' },
      'meetings',
      { hs_meeting_title: 'Demo', hs_meeting_outcome: 'COMPLETED' },
    ],
    [
      'call',
      { outcome: 'left_voicemail', seconds: 30 },
      'calls',
      { hs_call_duration: '30000', hs_call_disposition: 'b2cf5968-551e-4856-9783-52b3da59a7d0' },
    ],
    [
      'email_reply',
      { subject: 'Re: hello' },
      'emails',
      { hs_email_direction: 'INCOMING_EMAIL', hs_email_subject: 'Re: hello' },
    ],
    ['sales_email', {}, 'emails', { hs_email_direction: 'EMAIL', hs_email_status: 'SENT' }],
    ['sales_email_bounce', {}, 'emails', { hs_email_status: 'BOUNCED' }],
    ['note', { body: 'Hi' }, 'notes', { hs_note_body: 'Hi' }],
    ['task', { subject: 'Call back' }, 'tasks', { hs_task_subject: 'Call back', hs_task_status: 'NOT_STARTED' }],
  ])('%s', async (type, attributes, object, properties) => {
    const created = await sandbox.control('POST', '/activities', {
      contactId: sandbox.id(0),
      type,
      at: '2026-03-09T08:00:00Z',
      attributes,
    });
    expect(created).toMatchObject({ status: 201, body: { object } });
    const names = [...Object.keys(properties), 'hs_timestamp', 'hs_lastmodifieddate'].join(',');
    const { body } = await sandbox.call('GET', `/crm/objects/2026-03/${object}/${created.body.id}?properties=${names}`);
    expect(body.properties).toMatchObject({
      ...properties,
      hs_timestamp: '2026-03-09T08:00:00.000Z',
      hs_lastmodifieddate: NOW.toISOString(),
    });
    const links = await sandbox.call('POST', `/crm/associations/2026-03/${object}/contacts/batch/read`, {
      inputs: [{ id: created.body.id }],
    });
    expect(links.body.results[0].to[0].toObjectId).toBe(sandbox.id(0));
  });

  test('an activity type without a HubSpot object is rejected', async () => {
    const response = await sandbox.control('POST', '/activities', { contactId: sandbox.id(0), type: 'chat' });
    expect(response.status).toBe(400);
  });
});

test("a contact's modification time changes only with its own properties, counters included", async () => {
  const before = (await contact(0)).properties.lastmodifieddate;
  sandbox.advanceClock(60_000);
  await sandbox.control('POST', '/activities', { contactId: sandbox.id(0), type: 'meeting' });
  const { companyId } = await contact(0);
  await sandbox.control('PATCH', `/companies/${companyId}`, { properties: { numberofemployees: '900' } });
  await sandbox.control('DELETE', '/associations', { contactId: sandbox.id(0) });
  expect(await contact(0)).toMatchObject({ companyId: null, properties: { lastmodifieddate: before } });
  await sandbox.control('PATCH', `/contacts/${sandbox.id(0)}`, { properties: { phone: '1' } });
  expect((await contact(0)).properties.lastmodifieddate).toBe(new Date(NOW.getTime() + 60_000).toISOString());
  for (const [index, type] of ['page_view', 'form_submission'].entries()) {
    sandbox.advanceClock(1_000);
    await sandbox.control('POST', '/activities', { contactId: sandbox.id(0), type });
    const moved = new Date(NOW.getTime() + 61_000 + index * 1_000).toISOString();
    expect((await contact(0)).properties.lastmodifieddate).toBe(moved);
  }
});

test('a meeting can be edited and deleted, and its contact then has no link to it', async () => {
  const { body: created } = await sandbox.control('POST', '/activities', { contactId: sandbox.id(0), type: 'meeting' });
  sandbox.advanceClock(1000);
  const path = `/activities/meetings/${created.id}`;
  const edited = await sandbox.control('PATCH', path, { properties: { hs_meeting_outcome: 'NO_SHOW' } });
  expect(edited.body).toMatchObject({
    updatedAt: new Date(NOW.getTime() + 1000).toISOString(),
    properties: { hs_meeting_outcome: 'NO_SHOW' },
  });
  await sandbox.control('DELETE', path);
  const inputs = [{ id: sandbox.id(0) }];
  const links = await sandbox.call('POST', '/crm/associations/2026-03/contacts/meetings/batch/read', { inputs });
  expect(links.body.errors[0].subCategory).toBe('crm.associations.NO_ASSOCIATIONS_FOUND');
  expect((await sandbox.call('GET', `/crm/objects/2026-03/meetings/${created.id}`)).status).toBe(404);
});

test("editing a company changes the company's modification time", async () => {
  const { companyId } = await contact(0);
  await sandbox.control('PATCH', `/companies/${companyId}`, { properties: { industry: 'RETAIL' } });
  const { body } = await sandbox.call('GET', `/crm/objects/2026-03/companies/${companyId}?properties=industry`);
  expect(body.properties).toMatchObject({ industry: 'RETAIL', hs_lastmodifieddate: NOW.toISOString() });
});

test('linking a company does not change the modification time of the contact', async () => {
  const { companyId } = await contact(0);
  const before = await contact(1);
  await sandbox.control('PUT', '/associations', { contactId: sandbox.id(1), companyId });
  const after = await contact(1);
  expect(after.companyId).toBe(companyId);
  expect(after.properties).toEqual({ ...before.properties, associatedcompanyid: companyId });
});

test('a merge moves activities to the primary contact, changes its modification time, and removes the merged contact from search', async () => {
  const created = await sandbox.control('POST', '/activities', { contactId: sandbox.id(1), type: 'meeting' });
  await sandbox.control('POST', '/activities', { contactId: sandbox.id(1), type: 'page_view' });
  sandbox.advanceClock(1000);
  const merged = await sandbox.control('POST', '/merge', { primaryId: sandbox.id(0), mergedId: sandbox.id(1) });
  expect(merged.body.properties).toMatchObject({
    hs_merged_object_ids: sandbox.id(1),
    lastmodifieddate: new Date(NOW.getTime() + 1000).toISOString(),
  });
  const links = await sandbox.call('POST', '/crm/associations/2026-03/meetings/contacts/batch/read', {
    inputs: [{ id: created.body.id }],
  });
  expect(links.body.results[0].to.map(({ toObjectId }: { toObjectId: string }) => toObjectId)).toEqual([sandbox.id(0)]);
  const visits = await sandbox.call(
    'GET',
    '/events/event-occurrences/2026-03?objectType=contact&eventType=e_visited_page',
  );
  expect(visits.body.results[0].objectId).toBe(sandbox.id(0));
  const found = await sandbox.call('POST', '/crm/objects/2026-03/contacts/search', { limit: 10 });
  expect(found.body.total).toBe(2);
  expect((await sandbox.control('POST', '/merge', { primaryId: sandbox.id(0), mergedId: sandbox.id(1) })).status).toBe(
    400,
  );
});

test('the control API rejects invalid values, unknown contacts, unknown keys and unknown paths', async () => {
  const bad = await sandbox.control('PATCH', `/contacts/${sandbox.id(0)}`, {
    properties: { lifecyclestage: 'friend' },
  });
  expect(bad.status).toBe(400);
  expect(bad.body.message).toContain('INVALID_OPTION');
  expect((await sandbox.control('PATCH', '/contacts/1', { properties: {} })).status).toBe(404);
  expect((await sandbox.control('POST', '/activities', { contact: '1' })).status).toBe(400);
  expect((await sandbox.control('GET', '/nothing')).status).toBe(404);
});

test("the sandbox's clock can be set, and advances from there", async () => {
  const jumped = await sandbox.control('PUT', '/clock', { now: '2027-01-01T00:00:00Z' });
  expect(jumped.body.now).toBe('2027-01-01T00:00:00.000Z');
  sandbox.advanceClock(5000);
  expect((await sandbox.control('GET', '/clock')).body.now).toBe('2027-01-01T00:00:05.000Z');
  expect((await sandbox.control('PUT', '/clock', { now: 'soon' })).status).toBe(400);
});

test('the log has every API request with the IDs and writes of a batch, and no control requests', async () => {
  const lines = async (query = '') => {
    const { body } = await sandbox.control('GET', `/log${query}`);
    return body
      .split('\n')
      .filter(Boolean)
      .map((line: string) => JSON.parse(line));
  };
  await sandbox.call('GET', '/crm/objects/2026-03/contacts?limit=1');
  await sandbox.call('POST', '/crm/objects/2026-03/contacts/batch/update', {
    inputs: [{ id: sandbox.id(0), properties: { phone: '7' } }],
  });
  const [first, second, ...rest] = await lines();
  expect(first).toMatchObject({
    seq: 1,
    at: NOW.toISOString(),
    method: 'GET',
    path: '/crm/objects/2026-03/contacts',
    query: 'limit=1',
    status: 200,
  });
  expect(second).toMatchObject({
    method: 'POST',
    ids: [sandbox.id(0)],
    writes: [{ id: sandbox.id(0), properties: { phone: '7' } }],
    status: 200,
  });
  expect(rest).toEqual([]);
  expect(await lines('?since=1')).toHaveLength(1);
  await sandbox.control('POST', '/reset-log');
  expect(await lines()).toEqual([]);
});
