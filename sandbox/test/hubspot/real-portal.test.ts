// What real portals do and simple ones do not: labels, merges, odd forms, own rules, paging tokens.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestSandbox, type TestSandbox } from './sandbox-under-test.ts';

let sandbox: TestSandbox;
beforeEach(async () => {
  sandbox = await startTestSandbox();
});
afterEach(() => sandbox.close());

const CONTACTS = '/crm/objects/2026-03/contacts';
const VISITS = '/events/event-occurrences/2026-03?objectType=contact&eventType=e_visited_page';

const act = (at: number, type: string, attributes = {}) =>
  sandbox.control('POST', '/activities', { contactId: sandbox.id(at), type, attributes });
const merge = (into: string) =>
  sandbox.control('POST', '/merge', { primaryId: sandbox.id(0), mergedId: sandbox.id(1), into });

describe('a merge into a new contact', () => {
  test('hides both old IDs, also among the deleted contacts, and the new one names them', async () => {
    await act(0, 'page_view');
    sandbox.advanceClock(5_000);
    const { id, properties } = (await merge('new')).body;
    expect([sandbox.id(0), sandbox.id(1)]).not.toContain(id);
    expect(properties.hs_merged_object_ids).toBe(`${sandbox.id(0)};${sandbox.id(1)}`);
    expect(properties.hs_additional_emails).toBe('p1@acme.example');
    for (const old of [sandbox.id(0), sandbox.id(1)]) {
      for (const archived of ['false', 'true']) {
        const path = `${CONTACTS}/batch/read?archived=${archived}`;
        expect((await sandbox.call('POST', path, { inputs: [{ id: old }] })).body).toMatchObject({
          results: [],
          errors: [{ category: 'OBJECT_NOT_FOUND', context: { ids: [old] } }],
        });
      }
    }
    expect((await sandbox.call('GET', VISITS)).body.results).toMatchObject([{ objectId: id }]);
  });
});

test("a portal's own label has a small type ID in a category of its own", async () => {
  const companies = (await sandbox.call('GET', '/crm/objects/2026-03/companies')).body.results;
  const label = { contactId: sandbox.id(0), companyId: companies[0].id, typeId: 1, label: 'Former employer' };
  await sandbox.control('PUT', '/association-labels', label);
  const path = '/crm/associations/2026-03/contacts/companies/batch/read';
  const { body } = await sandbox.call('POST', path, { inputs: [{ id: sandbox.id(0) }] });
  expect(body.results[0].to[0].associationTypes).toContainEqual({
    category: 'USER_DEFINED',
    typeId: 1,
    label: 'Former employer',
  });
});

describe('forms', () => {
  test('of blog comments are listed, and their submissions are a 400', async () => {
    const { id } = (await sandbox.control('POST', '/forms', { name: 'Comments', formType: 'blog_comment' })).body;
    const { results } = (await sandbox.call('GET', '/marketing/v3/forms?limit=100&formTypes=all')).body;
    expect(results).toContainEqual(expect.objectContaining({ id, formType: 'blog_comment' }));
    expect((await sandbox.call('GET', `/form-integrations/v1/submissions/forms/${id}`)).status).toBe(400);
  });

  test('that were deleted can still be listed, and their submissions are a 404', async () => {
    const { id } = (await sandbox.control('POST', '/forms', { name: 'Old' })).body;
    await sandbox.control('DELETE', `/forms/${id}`, { stillListed: true });
    const { results } = (await sandbox.call('GET', '/marketing/v3/forms?limit=100')).body;
    expect(results).toContainEqual(expect.objectContaining({ id }));
    expect((await sandbox.call('GET', `/form-integrations/v1/submissions/forms/${id}`)).status).toBe(404);
  });

  test('return a submission only after the delay of the index', async () => {
    await sandbox.control('PUT', '/lateness', { searchMs: 60_000, formsMs: 60_000 });
    await act(0, 'form_submission', { form: 'demo' });
    const { results } = (await sandbox.call('GET', '/marketing/v3/forms?limit=100')).body;
    const { id } = results.find((form: { name: string }) => form.name === 'Request a demo');
    const submissions = async () =>
      (await sandbox.call('GET', `/form-integrations/v1/submissions/forms/${id}`)).body.results;
    expect(await submissions()).toHaveLength(0);
    sandbox.advanceClock(60_000);
    expect(await submissions()).toHaveLength(1);
  });
});

test('a contact is found by a secondary address', async () => {
  await sandbox.control('PUT', `/contacts/${sandbox.id(0)}/emails`, { emails: ['jane@private.example'] });
  const inputs = [{ id: 'Jane@private.example' }];
  const { body } = await sandbox.call('POST', `${CONTACTS}/batch/read`, { inputs, idProperty: 'email' });
  expect(body.results).toMatchObject([{ id: sandbox.id(0) }]);
});

test('a secondary address that a person fills in becomes the primary one, and is erased with the contact', async () => {
  await sandbox.control('PUT', `/contacts/${sandbox.id(0)}/emails`, { emails: ['jane@private.example'] });
  await act(0, 'form_submission', { form: 'demo', email: 'Jane@private.example' });
  const { properties } = (await sandbox.control('GET', `/contacts/${sandbox.id(0)}`)).body;
  expect(properties).toMatchObject({ email: 'jane@private.example', hs_additional_emails: 'p0@acme.example' });
  const submissions = async () => {
    const forms: { name: string; submissions: string[] }[] = (await sandbox.control('GET', '/forms')).body;
    return forms.flatMap((form) => form.submissions);
  };
  await act(0, 'form_submission', { form: 'demo', email: 'p0@acme.example' });
  expect(await submissions()).toHaveLength(2);
  await sandbox.control('POST', `/contacts/${sandbox.id(0)}/privacy-deletion`);
  expect(await submissions()).toEqual([]);
});

test("a rule of the portal refuses a write with the name of the rule's property, and no contact", async () => {
  const rule = { contactIds: [sandbox.id(0)], property: 'customer_segment' };
  await sandbox.control('PUT', '/validation-rules', [rule]);
  const inputs = [0, 1].map((at) => ({ id: sandbox.id(at), properties: { jobtitle: 'CTO' } }));
  const { status, body } = await sandbox.call('POST', `${CONTACTS}/batch/update`, { inputs });
  expect(status).toBe(400);
  expect(body.message).toContain('"error":"INVALID_OPTION","name":"customer_segment"');
  expect(JSON.stringify(body)).not.toContain(sandbox.id(0));
});

describe('a page token', () => {
  beforeEach(async () => {
    for (let view = 0; view < 3; view++) await act(0, 'page_view');
    sandbox.advanceClock(5_000);
  });
  const page = async (after?: string) =>
    sandbox.call('GET', `${VISITS}&limit=1${after === undefined ? '' : `&after=${after}`}`);

  test('comes percent-encoded: as it is in a URL it names the next page, and encoded twice it is refused', async () => {
    const token: string = (await page()).body.paging.next.after;
    expect(token).toMatch(/%3D$/);
    expect((await page(token)).status).toBe(200);
    expect((await page(encodeURIComponent(token))).status).toBe(400);
  });

  test('repeats without end by the fault repeatPage', async () => {
    await sandbox.control('PUT', '/faults', [{ match: { path: 'event-occurrences' }, action: { repeatPage: true } }]);
    const token: string = (await page()).body.paging.next.after;
    expect((await page(token)).body.paging.next.after).toBe(token);
  });
});

test.each([
  ['GET', '/account-info/2026-03/details?x=1', undefined],
  ['GET', '/crm/properties/2026-03/contacts?x=1', undefined],
  ['GET', '/crm/pipelines/2026-03/deals?x=1', undefined],
  ['POST', '/crm/lists/2026-03/search?x=1', { count: 1 }],
  ['POST', '/crm/associations/2026-03/contacts/companies/batch/read?x=1', { inputs: [{ id: '1' }] }],
  ['GET', '/crm/objects/2026-03/contacts?x=1', undefined],
  ['POST', '/crm/objects/2026-03/contacts/search', {}],
  ['POST', '/crm/lists/2026-03/search', {}],
])('%s %s with the body %o is a 400', async (method, path, body) => {
  expect((await sandbox.call(method, path, body)).status).toBe(400);
});
