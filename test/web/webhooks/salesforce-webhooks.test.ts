// Webhooks of Salesforce: acknowledged once they are stored; nothing of an attack is stored.
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
import { BACKEND } from '../../support/backends.ts';
import { startTestServer, type TestServer } from '../test-server.ts';

const store = freshStore(BACKEND);
const receivers = new Map([['salesforce', createReceiver({ token: TOKEN, orgId: ORG, streams: STREAMS })]]);
const XML = { 'content-type': 'text/xml; charset=utf-8' };
const JSON_TYPE = { 'content-type': 'application/json' };

let server: TestServer;
beforeEach(async () => {
  // Without PUBLIC_URL: Salesforce does not sign the address.
  server = await startTestServer({ db: store.db, receivers, publicUrl: null });
});
afterEach(async () => {
  expect(server.warnings.join()).not.toContain(TOKEN);
  expect(await server.metrics()).not.toContain(TOKEN);
});

const post = (body: string, headers: Readonly<Record<string, string>> = XML, suffix = TOKEN) =>
  fetch(`${server.url}/webhooks/salesforce/${suffix}`, { method: 'POST', body, headers });
const inbox = () => store.db.selectFrom('inbox').selectAll().execute();
const quarantine = () => store.db.selectFrom('quarantine').selectAll().execute();

test('an outbound message is stored, and the response is the exact Ack', async () => {
  const response = await post(message());
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/xml; charset=utf-8');
  expect(await response.text()).toBe(ACK);
  expect(await inbox()).toMatchObject([
    { crm: 'salesforce', account: ORG, kind: 'record', object_or_stream: 'Lead', ids: [LEAD] },
  ]);
  expect(server.triggerCount()).toBe(1);
});

test('a repeated outbound message is acknowledged again, and stored once', async () => {
  for (let time = 0; time < 3; time += 1) expect(await (await post(message())).text()).toBe(ACK);
  expect(await inbox()).toHaveLength(1);
  expect(await server.events('salesforce', 'repeated')).toBe(2);
});

test('the request of a flow is accepted with the token in a header', async () => {
  const body = JSON.stringify({ orgId: ORG, object: 'Lead', id: LEAD });
  const response = await post(body, { ...JSON_TYPE, 'x-leadgrade-token': TOKEN }, 'flow');
  expect([response.status, await response.json()]).toEqual([200, { ok: true }]);
  expect(await inbox()).toHaveLength(1);
});

test('a body that is not XML is quarantined and acknowledged, so that Salesforce does not send it again', async () => {
  const response = await post('this is not XML');
  expect([response.status, await response.text()]).toEqual([200, ACK]);
  expect(await inbox()).toEqual([]);
  expect(await quarantine()).toMatchObject([{ crm: 'salesforce', body: 'this is not XML' }]);
});

test('an outbound message of another org is acknowledged and counted, and not stored', async () => {
  const response = await post(message([notification()], '00DAA0000000001'));
  expect([response.status, await response.text()]).toEqual([200, ACK]);
  expect(await server.events('salesforce', 'other_account')).toBe(1);
  await server.expectNothingStored();
});

describe('nothing is stored of a request with', () => {
  const entity = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>';
  const laughs = `<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "${'&a;'.repeat(1_000)}">]><x>${'&b;'.repeat(1_000)}</x>`;
  const flow = JSON.stringify({ orgId: ORG, object: 'Lead', id: LEAD });
  test.each([
    ['a wrong token', message(), XML, `${TOKEN}x`, 404, 'bad_token'],
    ['no token', message(), XML, '', 404, 'bad_token'],
    ['a path after the token', message(), XML, `${TOKEN}/more`, 404, 'bad_token'],
    ['a wrong token from a flow', flow, { ...JSON_TYPE, 'x-leadgrade-token': `${TOKEN}x` }, 'flow', 404, 'bad_token'],
    ['no token from a flow', flow, JSON_TYPE, 'flow', 404, 'bad_token'],
    [
      'a document type',
      message().replace('<soapenv:Envelope', `${entity}<soapenv:Envelope`),
      XML,
      TOKEN,
      401,
      'document_type',
    ],
    ['exponentially nested entities', laughs, XML, TOKEN, 401, 'document_type'],
    ['more than a megabyte', message().padEnd(1_000_001), XML, TOKEN, 413, 'too_large'],
    [
      'a body that is not compressed as its header says',
      message(),
      { ...XML, 'content-encoding': 'gzip' },
      TOKEN,
      400,
      'bad_body',
    ],
  ])('%s', async (_what, body, headers, suffix, status, outcome) => {
    const response = await post(body, headers, suffix);
    expect(response.status).toBe(status);
    expect(await response.text()).not.toContain('token');
    expect(await server.requests('salesforce', outcome)).toBe(1);
    await server.expectNothingStored();
  });
});

test('a wrong token gets the same response as an unknown path', async () => {
  const [wrong, nowhere] = await Promise.all([
    post(message(), XML, 'wrong'),
    fetch(`${server.url}/nowhere`, { method: 'POST' }),
  ]);
  expect([wrong.status, await wrong.text()]).toEqual([nowhere.status, await nowhere.text()]);
});
