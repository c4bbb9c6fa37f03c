import nock from 'nock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contactRef } from '../../../../connectors/hubspot/contacts/contact-mapping.ts';
import { CRM, connect, hubspot, NOW, pagesOf } from '../hubspot-fixture.ts';

beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

const person = (id: string, properties: Record<string, string | null> = {}) => ({ id, properties });
const notFound = (...ids: string[]) => ({
  status: 'error',
  category: 'OBJECT_NOT_FOUND',
  message: 'Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid.',
  context: { ids },
});
const internalError = (...ids: string[]) => ({
  status: 'error',
  category: 'INTERNAL_ERROR',
  message: 'Internal error for jane.doe@example.com',
  context: { ids },
});

function respondContacts(results: object[], errors: object[] = []) {
  const status = errors.length === 0 ? 200 : 207;
  hubspot().post(`${CRM}/contacts/batch/read`).reply(status, { results, numErrors: errors.length, errors });
}

/** The response for deleted contacts, which can be restored. */
function respondDeleted(results: object[], errors: object[] = []) {
  hubspot().post(`${CRM}/contacts/batch/read`).query({ archived: 'true' }).reply(207, { results, errors });
}

function respondLinks(...links: (readonly [contact: string, company: string])[]) {
  const results = links.map(([id, company]) => ({ from: { id }, to: [{ toObjectId: company, associationTypes: [] }] }));
  hubspot().post('/crm/associations/2026-03/contacts/companies/batch/read').reply(200, { results });
}

function respondCompanies(results: object[], errors: object[] = []) {
  hubspot().post(`${CRM}/companies/batch/read`).reply(207, { results, errors });
}

function fetch(...ids: string[]) {
  const { connector, signal } = connect();
  return connector.fetchLeads(ids.map(contactRef), signal);
}

describe('a requested contact that is missing in the response', () => {
  test('is gone if HubSpot reports it as not found, and erased only if it is not among the deleted ones either', async () => {
    respondContacts([person('1')], [notFound('2', '3', '4')]);
    respondDeleted([person('2')], [notFound('3')]);
    respondLinks();
    const [lead, ...gone] = await fetch('1', '2', '3', '4');
    expect(lead).toMatchObject({ kind: 'lead', ref: contactRef('1') });
    expect(gone).toEqual([
      { kind: 'gone', ref: contactRef('2'), erased: false },
      { kind: 'gone', ref: contactRef('3'), erased: true },
      // HubSpot returned nothing for it.
      { kind: 'gone', ref: contactRef('4'), erased: false },
    ]);
  });

  test('is gone, and not erased, if the deleted contacts cannot be read', async () => {
    respondContacts([person('1')], [notFound('2')]);
    respondDeleted([], [internalError('2')]);
    respondLinks();
    expect(await fetch('1', '2')).toContainEqual({ kind: 'gone', ref: contactRef('2'), erased: false });
  });

  test('is unreadable if it could not be read for another reason, and the others are read', async () => {
    respondContacts([person('1')], [notFound('2'), internalError('3')]);
    respondDeleted([person('2')]);
    respondLinks();
    const leads = await fetch('1', '2', '3');
    expect(leads.map(({ kind, ref }) => `${ref.id} ${kind}`)).toEqual(['1 lead', '3 unreadable', '2 gone']);
    expect(leads[1]).toMatchObject({ failure: { code: 'INTERNAL_ERROR' } });
    expect(JSON.stringify(leads)).not.toContain('jane');
  });

  test.each([
    ['alone', []],
    ['beside an unrequested contact', [person('9')]],
  ])('%s exists if a read of it alone returns it: it is unreadable', async (_, others) => {
    respondContacts(others);
    respondLinks();
    hubspot().get(`${CRM}/contacts/2`).reply(200, person('2'));
    expect(await fetch('2')).toMatchObject([{ kind: 'unreadable', failure: { code: 'NO_RESULT' } }]);
  });

  test('is unreadable, and not gone, after a 404 that does not name the contact', async () => {
    respondContacts([]);
    respondLinks();
    hubspot().get(`${CRM}/contacts/2`).reply(404, '<html>gateway</html>');
    expect(await fetch('2')).toMatchObject([{ kind: 'unreadable', failure: { code: 'HTTP_404' } }]);
  });

  test('without an error is gone if a read of it alone reports it as not found', async () => {
    respondContacts([]);
    respondLinks();
    hubspot()
      .get(`${CRM}/contacts/2`)
      .reply(404, { status: 'error', message: 'contact does not exist', category: 'OBJECT_NOT_FOUND' });
    respondDeleted([person('2')]);
    expect(await fetch('2')).toEqual([{ kind: 'gone', ref: contactRef('2'), erased: false }]);
  });

  test('was merged into the contact that lists its ID as merged', async () => {
    respondContacts([person('9', { hs_merged_object_ids: '2;3' })]);
    respondLinks();
    expect(await fetch('2', '9')).toContainEqual({ kind: 'merged', ref: contactRef('2'), into: contactRef('9') });
  });
});

describe('a requested company that is missing in the response', () => {
  test('leaves its contact without a company if it does not exist', async () => {
    respondContacts([person('1')]);
    respondLinks(['1', '7']);
    respondCompanies([], [notFound('7')]);
    expect(await fetch('1')).toMatchObject([{ kind: 'lead', companyId: null }]);
  });

  test.each([
    ['could not be read', [internalError('7')], 'INTERNAL_ERROR'],
    ['has no error', [], 'NO_RESULT'],
  ])('makes its contact unreadable if it %s, and no other contact', async (_, errors, code) => {
    respondContacts([person('1'), person('2')]);
    respondLinks(['1', '7']);
    respondCompanies([], errors);
    const leads = await fetch('1', '2');
    expect(leads).toMatchObject([
      { kind: 'unreadable', failure: { code } },
      { kind: 'lead', ref: contactRef('2') },
    ]);
  });
});

describe('a form submission', () => {
  function respondForm(errors: object[]) {
    hubspot()
      .get('/marketing/v3/forms')
      .query(true)
      .reply(200, { results: [{ id: 'f1', name: 'Demo' }] });
    const values = [{ name: 'email', value: 'jane.doe@example.com' }];
    hubspot()
      .get('/form-integrations/v1/submissions/forms/f1')
      .query(true)
      .reply(200, { results: [{ conversionId: 'c1', submittedAt: NOW.getTime(), values }] });
    respondContacts([], errors);
  }

  test('whose address belongs to no contact yields no activity', async () => {
    respondForm([notFound('jane.doe@example.com')]);
    const pages = await pagesOf(connect(), 'form_submissions', null);
    expect(pages.flatMap(({ activities }) => activities)).toEqual([]);
  });

  test('whose contact could not be read ends the sync with a retry error', async () => {
    respondForm([internalError('jane.doe@example.com')]);
    await expect(pagesOf(connect(), 'form_submissions', null)).rejects.toMatchObject({ kind: 'retry' });
  });
});
