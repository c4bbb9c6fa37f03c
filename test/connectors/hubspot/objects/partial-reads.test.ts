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
const wentWrong = (...ids: string[]) => ({
  status: 'error',
  category: 'INTERNAL_ERROR',
  message: 'Internal error for jane.doe@example.com',
  context: { ids },
});

function answerContacts(results: object[], errors: object[] = []) {
  const status = errors.length === 0 ? 200 : 207;
  hubspot().post(`${CRM}/contacts/batch/read`).reply(status, { results, numErrors: errors.length, errors });
}

/** What HubSpot says of contacts that were deleted: only these can be restored. */
function answerDeleted(results: object[], errors: object[] = []) {
  hubspot().post(`${CRM}/contacts/batch/read`).query({ archived: 'true' }).reply(207, { results, errors });
}

function answerLinks(...links: (readonly [contact: string, company: string])[]) {
  const results = links.map(([id, company]) => ({ from: { id }, to: [{ toObjectId: company }] }));
  hubspot().post('/crm/associations/2026-03/contacts/companies/batch/read').reply(200, { results });
}

function answerCompanies(results: object[], errors: object[] = []) {
  hubspot().post(`${CRM}/companies/batch/read`).reply(207, { results, errors });
}

function fetch(...ids: string[]) {
  const { connector, signal } = connect();
  return connector.fetchLeads(ids.map(contactRef), signal);
}

describe('contacts that are not in the answer', () => {
  test('one that HubSpot names as not found is gone, and erased only if it is not among the deleted ones either', async () => {
    answerContacts([person('1')], [notFound('2', '3', '4')]);
    answerDeleted([person('2')], [notFound('3')]);
    answerLinks();
    const [lead, ...gone] = await fetch('1', '2', '3', '4');
    expect(lead).toMatchObject({ kind: 'lead', ref: contactRef('1') });
    expect(gone).toEqual([
      { kind: 'gone', ref: contactRef('2'), erased: false },
      { kind: 'gone', ref: contactRef('3'), erased: true },
      // Nothing was said of it.
      { kind: 'gone', ref: contactRef('4'), erased: false },
    ]);
  });

  test('when the deleted ones cannot be asked, nothing is said of anybody', async () => {
    answerContacts([person('1')], [notFound('2')]);
    answerDeleted([], [wentWrong('2')]);
    answerLinks();
    await expect(fetch('1', '2')).rejects.toMatchObject({ kind: 'retry' });
  });

  test('one that could not be read for another reason is not gone: all are read again later', async () => {
    answerContacts([person('1')], [notFound('2'), wentWrong('3')]);
    const error = await fetch('1', '2', '3').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: 'retry', crm: 'hubspot', code: 'INTERNAL_ERROR' });
    expect(String(error)).not.toContain('jane');
  });

  test('one that nothing is said about is alive if HubSpot shows it alone', async () => {
    answerContacts([person('1')]);
    answerLinks();
    hubspot().get(`${CRM}/contacts/2`).reply(200, person('2'));
    await expect(fetch('1', '2')).rejects.toMatchObject({ kind: 'retry', code: 'NO_ANSWER' });
  });

  test('one that nothing is said about, beside a stranger, is no less alive', async () => {
    answerContacts([person('9')]);
    answerLinks();
    hubspot().get(`${CRM}/contacts/2`).reply(200, person('2'));
    await expect(fetch('2')).rejects.toMatchObject({ kind: 'retry', code: 'NO_ANSWER' });
  });

  test('a 404 that is not about the contact says nothing of it', async () => {
    answerContacts([]);
    answerLinks();
    hubspot().get(`${CRM}/contacts/2`).reply(404, '<html>gateway</html>');
    await expect(fetch('2')).rejects.toMatchObject({ crm: 'hubspot', code: 'HTTP_404' });
  });

  test('one that nothing is said about is gone only by its own answer', async () => {
    answerContacts([]);
    answerLinks();
    hubspot()
      .get(`${CRM}/contacts/2`)
      .reply(404, { status: 'error', message: 'contact does not exist', category: 'OBJECT_NOT_FOUND' });
    answerDeleted([person('2')]);
    expect(await fetch('2')).toEqual([{ kind: 'gone', ref: contactRef('2'), erased: false }]);
  });

  test('one that another contact took over was merged into it', async () => {
    answerContacts([person('9', { hs_merged_object_ids: '2;3' })]);
    answerLinks();
    expect(await fetch('2', '9')).toContainEqual({ kind: 'merged', ref: contactRef('2'), into: contactRef('9') });
  });
});

describe('companies that are not in the answer', () => {
  test('a company that does not exist leaves its contact without one', async () => {
    answerContacts([person('1')]);
    answerLinks(['1', '7']);
    answerCompanies([], [notFound('7')]);
    expect(await fetch('1')).toMatchObject([{ kind: 'lead', companyId: null }]);
  });

  test.each([
    ['could not be read', [wentWrong('7')], 'INTERNAL_ERROR'],
    ['is not spoken of', [], 'NO_ANSWER'],
  ])('a company that %s takes nothing from its contact: both are read again later', async (_, errors, code) => {
    answerContacts([person('1')]);
    answerLinks(['1', '7']);
    answerCompanies([], errors);
    await expect(fetch('1')).rejects.toMatchObject({ kind: 'retry', code });
  });
});

describe('a form submission', () => {
  function answerForm(errors: object[]) {
    hubspot()
      .get('/marketing/v3/forms')
      .query(true)
      .reply(200, { results: [{ id: 'f1', name: 'Demo' }] });
    const values = [{ name: 'email', value: 'jane.doe@example.com' }];
    hubspot()
      .get('/form-integrations/v1/submissions/forms/f1')
      .query(true)
      .reply(200, { results: [{ conversionId: 'c1', submittedAt: NOW.getTime(), values }] });
    answerContacts([], errors);
  }

  test('whose address no contact has is left for later', async () => {
    answerForm([notFound('jane.doe@example.com')]);
    const pages = await pagesOf(connect(), 'form_submissions', null);
    expect(pages.flatMap(({ activities }) => activities)).toEqual([]);
  });

  test('whose address could not be looked up stops its page, which is read again', async () => {
    answerForm([wentWrong('jane.doe@example.com')]);
    await expect(pagesOf(connect(), 'form_submissions', null)).rejects.toMatchObject({ kind: 'retry' });
  });
});
