// Reading records page by page, one by one and in batches.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { people, startTestSandbox, type TestSandbox } from './sandbox-under-test.ts';

const CONTACTS = '/crm/objects/2026-03/contacts';
let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startTestSandbox({ dataset: people(205), searchLagMs: 0 });
});
afterAll(() => sandbox.close());

describe('a list', () => {
  test('shows every contact once over its pages of 100', async () => {
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

  test.each(['101', '0', '-1', 'ten'])('refuses a page of %s', async (limit) => {
    const { status, body } = await sandbox.call('GET', `${CONTACTS}?limit=${limit}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ status: 'error', category: 'VALIDATION_ERROR' });
    expect(body.correlationId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('gives unset properties as null, leaves unknown ones out, and every value is text', async () => {
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

  test('shows associations when asked, the primary company twice', async () => {
    const { body } = await sandbox.call('GET', `${CONTACTS}?limit=2&associations=companies`);
    expect(body.results[0].associations.companies.results.map(({ type }: { type: string }) => type)).toEqual([
      'contact_to_company',
      'contact_to_company_unlabeled',
    ]);
    expect(body.results[1].associations).toBeUndefined();
  });

  test('refuses what it does not model rather than leaving it out', async () => {
    expect((await sandbox.call('GET', `${CONTACTS}?propertyMode=value_only`)).status).toBe(400);
    expect((await sandbox.call('GET', `${CONTACTS}?associations=tickets`)).status).toBe(400);
  });
});

test.each(['2025-09', 'v3', '2027-03'])('version %s is not there', async (version) => {
  const { status, body } = await sandbox.call('GET', `/crm/objects/${version}/contacts`);
  expect(status).toBe(404);
  expect(body).toMatchObject({ status: 'error', correlationId: expect.any(String) });
});

test('version 2026-09 is there, an unknown path and an unknown object are not', async () => {
  expect((await sandbox.call('GET', '/crm/objects/2026-09/contacts')).status).toBe(200);
  expect((await sandbox.call('GET', '/crm/v3/objects/contacts/x/y')).status).toBe(404);
  expect((await sandbox.call('GET', '/crm/objects/2026-03/tickets')).body.message).toBe(
    'Unable to infer object type from: tickets',
  );
});

describe('a batch read', () => {
  const read = (ids: readonly string[], more = {}) =>
    sandbox.call('POST', `${CONTACTS}/batch/read`, {
      inputs: ids.map((id) => ({ id })),
      properties: ['email'],
      ...more,
    });

  test('takes 100 ids and not one more', async () => {
    const ids = [...sandbox.contactIds.values()];
    expect((await read(ids.slice(0, 100))).body.results).toHaveLength(100);
    expect((await read(ids.slice(0, 101))).status).toBe(400);
    expect((await read([])).status).toBe(400);
  });

  test('answers in another order than asked, the same one every time', async () => {
    const ids = [...sandbox.contactIds.values()].slice(0, 50);
    const order = async () => (await read(ids)).body.results.map(({ id }: { id: string }) => id);
    const first = await order();
    expect(first).not.toEqual(ids);
    expect(first.toSorted()).toEqual(ids.toSorted());
    expect(await order()).toEqual(first);
  });

  test('names missing ids in a 207', async () => {
    const { status, body } = await read([sandbox.id(0), '12', '13']);
    expect(status).toBe(207);
    expect(body).toMatchObject({
      status: 'COMPLETE',
      numErrors: 1,
      errors: [{ status: 'error', category: 'OBJECT_NOT_FOUND', context: { ids: ['12', '13'] } }],
    });
    expect(body.results).toHaveLength(1);
  });

  test('finds contacts by e-mail, and refuses a property that is not unique', async () => {
    const { body } = await read(['P0@acme.example'], { idProperty: 'email' });
    expect(body.results[0].id).toBe(sandbox.id(0));
    expect((await read(['x'], { idProperty: 'jobtitle' })).status).toBe(400);
  });

  test('gives the merged record for the id of one that was merged into it, and not twice', async () => {
    await sandbox.control('POST', '/merge', { primaryId: sandbox.id(10), mergedId: sandbox.id(11) });
    const { status, body } = await read([sandbox.id(10), sandbox.id(11)]);
    expect(status).toBe(200);
    expect(body.results.map(({ id }: { id: string }) => id)).toEqual([sandbox.id(10)]);
    const one = await sandbox.call('GET', `${CONTACTS}/${sandbox.id(11)}?properties=hs_merged_object_ids`);
    expect(one.body).toMatchObject({ id: sandbox.id(10), properties: { hs_merged_object_ids: sandbox.id(11) } });
  });

  test('does not show archived contacts; a list of the archived does', async () => {
    await sandbox.control('DELETE', `/contacts/${sandbox.id(20)}`);
    expect((await read([sandbox.id(20), sandbox.id(21)])).body.errors[0].context.ids).toEqual([sandbox.id(20)]);
    const gone = await sandbox.call('GET', `${CONTACTS}/${sandbox.id(20)}`);
    expect(gone.status).toBe(404);
    expect(gone.body).toMatchObject({ category: 'OBJECT_NOT_FOUND', message: 'contact does not exist' });
    const archived = await sandbox.call('GET', `${CONTACTS}?archived=true`);
    expect(archived.body.results).toMatchObject([{ id: sandbox.id(20), archived: true }]);
  });
});
