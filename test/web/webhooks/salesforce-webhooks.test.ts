// What Salesforce sends, through the product's own door: acknowledged once it is stored; what attacks leaves no trace.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createReceiver } from '../../../connectors/salesforce/webhook/receiver.ts';
import {
  ACK,
  LEAD,
  message,
  notification,
  ORG,
  STREAMS,
  TOKEN,
} from '../../connectors/salesforce/webhook/webhook-documents.ts';
import { freshStore } from '../../store/fresh-store.ts';
import { DEFAULT_BACKEND } from '../../support/backends.ts';
import { startTestServer, type TestServer } from '../test-server.ts';

const store = freshStore(DEFAULT_BACKEND);
const receivers = new Map([['salesforce', createReceiver({ token: TOKEN, orgId: ORG, streams: STREAMS })]]);
const XML = { 'content-type': 'text/xml; charset=utf-8' };
const JSON_TYPE = { 'content-type': 'application/json' };

let server: TestServer;
beforeEach(async () => {
  // Without PUBLIC_URL: nothing that Salesforce sends covers the address.
  server = await startTestServer({ db: store.db, receivers, publicUrl: null });
});
afterEach(async () => {
  expect(server.warnings.join()).not.toContain(TOKEN);
  expect(await server.metrics()).not.toContain(TOKEN);
});

const post = (body: string, headers: Readonly<Record<string, string>> = XML, rest = TOKEN) =>
  fetch(`${server.url}/webhooks/salesforce/${rest}`, { method: 'POST', body, headers });
const inbox = () => store.db.selectFrom('inbox').selectAll().execute();
const quarantine = () => store.db.selectFrom('quarantine').selectAll().execute();

test('a message is stored, and hears the Ack word for word', async () => {
  const answer = await post(message());
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/xml; charset=utf-8');
  expect(await answer.text()).toBe(ACK);
  expect(await inbox()).toMatchObject([
    { crm: 'salesforce', account: ORG, kind: 'record', object: 'Lead', ids: [LEAD] },
  ]);
  expect(server.triggerCount()).toBe(1);
});

test('a message that comes again is acknowledged again, and is one row', async () => {
  for (let time = 0; time < 3; time += 1) expect(await (await post(message())).text()).toBe(ACK);
  expect(await inbox()).toHaveLength(1);
  expect(await server.events('salesforce', 'repeated')).toBe(2);
});

test('a flow has its token in a header', async () => {
  const body = JSON.stringify({ orgId: ORG, object: 'Lead', id: LEAD });
  const answer = await post(body, { ...JSON_TYPE, 'x-leadgrade-token': TOKEN }, 'flow');
  expect([answer.status, await answer.json()]).toEqual([200, { ok: true }]);
  expect(await inbox()).toHaveLength(1);
});

test('what is no XML is kept for somebody to look at, and acknowledged, so that it does not come again', async () => {
  const answer = await post('this is no XML');
  expect([answer.status, await answer.text()]).toEqual([200, ACK]);
  expect(await inbox()).toEqual([]);
  expect(await quarantine()).toMatchObject([{ crm: 'salesforce', body: 'this is no XML' }]);
});

test('a message of another org is acknowledged, counted, and dropped', async () => {
  const answer = await post(message([notification()], '00DAA0000000001'));
  expect([answer.status, await answer.text()]).toEqual([200, ACK]);
  expect(await server.events('salesforce', 'other_account')).toBe(1);
  await server.expectNothingStored();
});

describe('nothing is stored of', () => {
  const entity = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>';
  const laughs = `<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "${'&a;'.repeat(1_000)}">]><x>${'&b;'.repeat(1_000)}</x>`;
  const flow = JSON.stringify({ orgId: ORG, object: 'Lead', id: LEAD });
  test.each([
    ['a wrong token', message(), XML, `${TOKEN}x`, 404, 'bad_token'],
    ['no token', message(), XML, '', 404, 'bad_token'],
    ['the token and more', message(), XML, `${TOKEN}/more`, 404, 'bad_token'],
    ['a flow with a wrong token', flow, { ...JSON_TYPE, 'x-leadgrade-token': `${TOKEN}x` }, 'flow', 404, 'bad_token'],
    ['a flow without a token', flow, JSON_TYPE, 'flow', 404, 'bad_token'],
    [
      'a document type',
      message().replace('<soapenv:Envelope', `${entity}<soapenv:Envelope`),
      XML,
      TOKEN,
      401,
      'document_type',
    ],
    ['a billion laughs', laughs, XML, TOKEN, 401, 'document_type'],
    ['more than a megabyte', message().padEnd(1_000_001), XML, TOKEN, 413, 'too_large'],
    ['what is not packed as it says', message(), { ...XML, 'content-encoding': 'gzip' }, TOKEN, 400, 'bad_body'],
  ])('%s', async (_what, body, headers, rest, status, outcome) => {
    const answer = await post(body, headers, rest);
    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toContain('token');
    expect(await server.requests('salesforce', outcome)).toBe(1);
    await server.expectNothingStored();
  });
});

test('a wrong token is answered like an address that is not there', async () => {
  const [wrong, nowhere] = await Promise.all([
    post(message(), XML, 'wrong'),
    fetch(`${server.url}/nowhere`, { method: 'POST' }),
  ]);
  expect([wrong.status, await wrong.text()]).toEqual([nowhere.status, await nowhere.text()]);
});
