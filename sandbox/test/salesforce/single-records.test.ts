// Single records, and reads of several by ID.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { peopleWithDeals, startTestOrg, type TestOrg } from './sandbox-under-test.ts';

let org: TestOrg;
beforeAll(async () => {
  org = await startTestOrg({ dataset: peopleWithDeals(20, [0]) });
  await org.control('DELETE', `/records/Lead/${org.lead(8)}`);
});
afterAll(() => org.close());

test('single records can be read, updated and created', async () => {
  const path = `/sobjects/Lead/${org.lead(14)}`;
  expect(await org.call('PATCH', path, { Title: 'CFO' })).toMatchObject({ status: 204, body: '' });
  expect((await org.call('GET', `${path}?fields=Title,CreatedDate`)).body).toEqual({
    attributes: { type: 'Lead', url: `/services/data/v66.0${path}` },
    Title: 'CFO',
    CreatedDate: '2025-01-01T00:00:00.000+0000',
  });
  expect((await org.call('GET', path)).body).toMatchObject({ Email: 'p14@acme.example', Phone: null });
  expect(await org.call('PATCH', path, { IsConverted: true })).toMatchObject({
    status: 400,
    body: [{ errorCode: 'INVALID_FIELD_FOR_INSERT_UPDATE', fields: ['IsConverted'] }],
  });
  expect(await org.call('GET', `/sobjects/Lead/${org.lead(8)}`)).toMatchObject({
    status: 404,
    body: [{ errorCode: 'NOT_FOUND' }],
  });
  const created = await org.call('POST', '/sobjects/Lead', { LastName: 'New', Company: 'Acme' });
  expect([created.status, created.headers.get('location')]).toEqual([
    201,
    `/services/data/v66.0/sobjects/Lead/${created.body.id}`,
  ]);
  expect((await org.call('POST', '/sobjects/Lead', { LastName: 'New' })).body[0]).toMatchObject({
    errorCode: 'REQUIRED_FIELD_MISSING',
    fields: ['Company'],
  });
});

test('a collection read returns records by ID, and null for those that do not exist', async () => {
  const ids = [org.lead(15), org.lead(8), 'nonsense', org.lead(16).slice(0, 15)];
  const names = (rows: ({ Email: string } | null)[]) => rows.map((row) => row?.Email ?? null);
  const found = ['p15@acme.example', null, null, 'p16@acme.example'];
  expect(names((await org.call('POST', '/composite/sobjects/Lead', { ids, fields: ['Email'] })).body)).toEqual(found);
  expect(names((await org.call('GET', `/composite/sobjects/Lead?ids=${ids.join()}&fields=Email`)).body)).toEqual(found);
  expect((await org.call('POST', '/composite/sobjects/Lead', { ids, fields: ['Nope'] })).body[0].errorCode).toBe(
    'INVALID_FIELD',
  );
  const many = Array.from({ length: 2001 }, () => org.lead(1));
  expect((await org.call('POST', '/composite/sobjects/Lead', { ids: many, fields: ['Id'] })).body[0].errorCode).toBe(
    'EXCEEDED_ID_LIMIT',
  );
});
