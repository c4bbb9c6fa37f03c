// Reading records in pages, by ID and in batches.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { people, startTestSandbox, type TestSandbox } from './sandbox-under-test.ts';

const CONTACTS = '/crm/objects/2026-03/contacts';
let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startTestSandbox({ dataset: people(205), searchLagMs: 0 });
});
afterAll(() => sandbox.close());

describe('a list of contacts', () => {
  test('returns every contact once over its pages of 100', async () => {
    const ids: string[] = [];
    let after = '';
    for (let page = 0; page < 3; page++) {
      const { status, body } = await sandbox.call('GET', `${CONTACTS}?limit=100${after}`);
      expect(status).toBe(200);
      ids.push(...body.results.map(({ id }: { id: string }) => id));
      after = body.paging ? `&after=${body.paging.next.after}` : '';
    }
    expect(after).toBe('');
    expect(new Set(ids).size).toBe(205);
  });

  test.each(['101', '0', '-1', 'ten'])('rejects a page size of %s', async (limit) => {
    const { status, body } = await sandbox.call('GET', `${CONTACTS}?limit=${limit}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ status: 'error', category: 'VALIDATION_ERROR' });
    expect(body.correlationId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('returns values as text and unset properties as null, and leaves out unknown properties', async () => {
    const { body } = await sandbox.call('GET', `${CONTACTS}?limit=1&properties=jobtitle,phone,no_such_thing`);
    const [contact] = body.results;
    expect(contact.properties).toEqual({
      createdate: '2025-01-01T00:00:00.000Z',
      hs_object_id: contact.id,
      jobtitle: 'VP Marketing',
      lastmodifieddate: '2026-01-01T00:00:00.000Z',
      phone: null,
    });
    expect(contact).toMatchObject({ archived: false, updatedAt: '2026-01-01T00:00:00.000Z' });
  });

  test('returns associations on request, a primary company with two types', async () => {
    const { body } = await sandbox.call('GET', `${CONTACTS}?limit=2&associations=companies`);
    expect(body.results[0].associations.companies.results.map(({ type }: { type: string }) => type)).toEqual([
      'contact_to_company',
      'contact_to_company_unlabeled',
    ]);
    expect(body.results[1].associations).toBeUndefined();
  });

  test('rejects unknown query parameters and objects', async () => {
    expect((await sandbox.call('GET', `${CONTACTS}?propertyMode=value_only`)).status).toBe(400);
    expect((await sandbox.call('GET', `${CONTACTS}?associations=tickets`)).status).toBe(400);
  });
});

test.each(['2025-09', 'v3', '2027-03'])('API version %s is a 404', async (version) => {
  const { status, body } = await sandbox.call('GET', `/crm/objects/${version}/contacts`);
  expect(status).toBe(404);
  expect(body).toMatchObject({ status: 'error', correlationId: expect.any(String) });
});

test('API version 2026-09 is served, and an unknown path or object is an error', async () => {
  expect((await sandbox.call('GET', '/crm/objects/2026-09/contacts')).status).toBe(200);
  expect((await sandbox.call('GET', '/crm/v3/objects/contacts/x/y')).status).toBe(404);
  expect((await sandbox.call('GET', '/crm/objects/2026-03/tickets')).body.message).toBe(
    'Unable to infer object type from: tickets',
  );
});

describe('a batch read of contacts', () => {
  const read = (ids: readonly string[], more = {}) =>
    sandbox.call('POST', `${CONTACTS}/batch/read`, {
      inputs: ids.map((id) => ({ id })),
      properties: ['email'],
      ...more,
    });

  test('accepts 100 IDs, and rejects 101 and none', async () => {
    const ids = [...sandbox.contactIds.values()];
    expect((await read(ids.slice(0, 100))).body.results).toHaveLength(100);
    expect((await read(ids.slice(0, 101))).status).toBe(400);
    expect((await read([])).status).toBe(400);
  });

  test('returns results in another order than requested, and in the same order each time', async () => {
    const ids = [...sandbox.contactIds.values()].slice(0, 50);
    const order = async () => (await read(ids)).body.results.map(({ id }: { id: string }) => id);
    const first = await order();
    expect(first).not.toEqual(ids);
    expect(first.toSorted()).toEqual(ids.toSorted());
    expect(await order()).toEqual(first);
  });

  test('names missing IDs in a 207', async () => {
    const { status, body } = await read([sandbox.id(0), '12', '13']);
    expect(status).toBe(207);
    expect(body).toMatchObject({
      status: 'COMPLETE',
      numErrors: 1,
      errors: [{ status: 'error', category: 'OBJECT_NOT_FOUND', context: { ids: ['12', '13'] } }],
    });
    expect(body.results).toHaveLength(1);
  });

  test('finds contacts by e-mail address, and rejects a property that is not unique', async () => {
    const { body } = await read(['P0@acme.example'], { idProperty: 'email' });
    expect(body.results[0].id).toBe(sandbox.id(0));
    expect((await read(['x'], { idProperty: 'jobtitle' })).status).toBe(400);
  });

  test('returns the primary contact once for its own ID and the ID of a merged contact', async () => {
    await sandbox.control('POST', '/merge', { primaryId: sandbox.id(10), mergedId: sandbox.id(11) });
    const { status, body } = await read([sandbox.id(10), sandbox.id(11)]);
    expect(status).toBe(200);
    expect(body.results.map(({ id }: { id: string }) => id)).toEqual([sandbox.id(10)]);
    const one = await sandbox.call('GET', `${CONTACTS}/${sandbox.id(11)}?properties=hs_merged_object_ids`);
    expect(one.body).toMatchObject({ id: sandbox.id(10), properties: { hs_merged_object_ids: sandbox.id(11) } });
  });

  test('does not return archived contacts, and a list with archived=true does', async () => {
    await sandbox.control('DELETE', `/contacts/${sandbox.id(20)}`);
    expect((await read([sandbox.id(20), sandbox.id(21)])).body.errors[0].context.ids).toEqual([sandbox.id(20)]);
    const response = await sandbox.call('GET', `${CONTACTS}/${sandbox.id(20)}`);
    expect(response.status).toBe(404);
    expect(response.body).toMatchObject({ category: 'OBJECT_NOT_FOUND', message: 'contact does not exist' });
    const archived = await sandbox.call('GET', `${CONTACTS}?archived=true`);
    expect(archived.body.results).toMatchObject([{ id: sandbox.id(20), archived: true }]);
  });
});
