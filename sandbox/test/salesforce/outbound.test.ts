// Outbound messages of the sandbox: content and retries. The receiver is a small server in this
// test.
import { createServer, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { endWithTest } from '../end-with-test.ts';
import { people } from '../hubspot/sandbox-under-test.ts';
import { startTestOrg, type TestOrg } from './sandbox-under-test.ts';

const ACK =
  '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>';
const XML = 'text/xml; charset=utf-8';

let org: TestOrg;
let url: string;
/** `at`: milliseconds of a monotonic clock. */
let received: { body: string; type: string | undefined; action: string | undefined; at: number }[];
let respond: (res: ServerResponse, n: number) => void;

const respondWith = (status: number, type: string, body: string) => (res: ServerResponse) =>
  void res.writeHead(status, { 'content-type': type }).end(body);
const acknowledge = respondWith(200, XML, ACK);

beforeEach(async () => {
  received = [];
  respond = acknowledge;
  const server = createServer(async (req, res) => {
    const at = performance.now();
    const body = await new Response(ReadableStream.from(req)).text();
    received.push({ body, type: req.headers['content-type'], action: req.headers.soapaction?.toString(), at });
    respond(res, received.length);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  endWithTest(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  url = `http://127.0.0.1:${address.port}/webhooks/salesforce/secret`;
  org = await startTestOrg();
});

const setTarget = (more: object = {}) => org.control('PUT', '/outbound', { targetUrl: url, retryMs: 10, ...more });
const status = async () => (await org.control('GET', '/outbound')).body;
const until = (check: () => Promise<void> | void) => vi.waitFor(check, { timeout: 60_000, interval: 10 });
const setTitle = (id: string, Title: string) => org.control('PATCH', `/records/Lead/${id}`, { values: { Title } });
const idsIn = (body: string, tag: string) =>
  [...body.matchAll(new RegExp(`<${tag}>([^<]+)</${tag}>`, 'g'))].map((found) => found[1]);
const notifiedIds = () => received.flatMap(({ body }) => idsIn(body, 'sf:Id'));

describe('an outbound message', () => {
  test("for one saved lead has Salesforce's exact envelope", async () => {
    await setTarget();
    await setTitle(org.lead(1), 'CTO');
    await until(() => expect(received).toHaveLength(1));
    const [{ body, type, action } = { body: '', type: '', action: '' }] = received;
    expect([type, action]).toEqual([XML, '""']);
    expect(body.replaceAll(/>\s+</g, '><')).toMatch(
      new RegExp(
        `^<\\?xml version="1.0" encoding="UTF-8"\\?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>${org.orgId}</OrganizationId><ActionId>04k\\w{15}</ActionId><SessionId xsi:nil="true"/><EnterpriseUrl>[^<]+</EnterpriseUrl><PartnerUrl>[^<]+</PartnerUrl><Notification><Id>04l\\w{15}</Id><sObject xsi:type="sf:Lead" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>${org.lead(1)}</sf:Id></sObject></Notification></notifications></soapenv:Body></soapenv:Envelope>$`,
      ),
    );
    await until(async () =>
      expect(await status()).toMatchObject({ sent: 1, delivered: 1, failed: 0, waiting: 0, inFlight: 0 }),
    );
    expect((await status()).deliveries).toMatchObject([
      { object: 'Lead', notifications: idsIn(body, 'Id'), attempt: 1, status: 200, acknowledged: true },
    ]);
  });

  test("is sent for the product's own writes unless skipOwnWrites is set", async () => {
    const write = { allOrNone: false, records: [{ attributes: { type: 'Lead' }, id: org.lead(1), Title: 'CFO' }] };
    await setTarget();
    await org.call('PATCH', '/composite/sobjects', write);
    await until(() => expect(notifiedIds()).toEqual([org.lead(1)]));
    await setTarget({ skipOwnWrites: true });
    await org.call('PATCH', '/composite/sobjects', write);
    await setTitle(org.lead(2), 'CEO');
    await until(() => expect(notifiedIds()).toEqual([org.lead(1), org.lead(2)]));
  });

  test('is sent for writes of the Bulk API', async () => {
    await setTarget();
    const job = await org.call('POST', '/jobs/ingest', { object: 'Lead', operation: 'update' });
    await org.call('PUT', `/jobs/ingest/${job.body.id}/batches`, `Id,Title\n${org.lead(1)},CTO\n${org.lead(2)},CTO\n`);
    await org.call('PATCH', `/jobs/ingest/${job.body.id}`, { state: 'UploadComplete' });
    await until(async () => {
      await org.call('GET', `/jobs/ingest/${job.body.id}`);
      expect(notifiedIds()).toEqual([org.lead(1), org.lead(2)]);
    });
    expect(received).toHaveLength(1);
  });

  test('is not sent for other objects, deletions and undeletions', async () => {
    await setTarget({ objects: ['Task', 'Lead'] });
    await org.control('POST', '/records/Account', { values: { Name: 'Acme' } });
    await org.control('DELETE', `/records/Lead/${org.lead(2)}`);
    await org.control('POST', `/records/Lead/${org.lead(2)}/undelete`);
    const call = await org.control('POST', '/activities', { personId: org.lead(1), type: 'call' });
    await until(() => expect(notifiedIds()).toEqual([call.body.id]));
    expect(received[0]?.body).toContain('xsi:type="sf:Task"');
  });

  test('has at most 100 notifications, so that 130 leads of one transaction make two', async () => {
    org = await startTestOrg({ dataset: people(130) });
    await setTarget();
    const ids = [...org.leadIds.values()];
    const records = ids.map((id) => ({ attributes: { type: 'Lead' }, id, Title: 'CTO' }));
    expect((await org.call('PATCH', '/composite/sobjects', { records })).status).toBe(200);
    await until(() => expect(notifiedIds().toSorted()).toEqual(ids.toSorted()));
    expect(received.map(({ body }) => idsIn(body, 'sf:Id').length).toSorted()).toEqual([100, 30]);
  });

  test('has the configured fields with escaped values', async () => {
    await setTarget({ fields: ['Title', 'Company'] });
    await setTitle(org.lead(1), 'A & <B>');
    await until(() => expect(received).toHaveLength(1));
    expect(received[0]?.body).toContain('<sf:Title>A &amp; &lt;B&gt;</sf:Title><sf:Company>');
  });
});

describe('an outbound message that is not acknowledged', () => {
  test.each([
    ['an empty 200', respondWith(200, XML, '')],
    ['a 200 that says Ack false', respondWith(200, XML, ACK.replace('true', 'false'))],
    ['the Ack as plain text', respondWith(200, 'text/plain', ACK)],
    ['the Ack in another element', respondWith(200, XML, ACK.replaceAll('notificationsResponse', 'notifications'))],
    ['the Ack in another namespace', respondWith(200, XML, ACK.replace('2005/09/outbound', 'other'))],
    ['the Ack with another status', respondWith(202, XML, ACK)],
    ['an error', respondWith(503, 'text/plain', 'down')],
    ['a redirect', (res: ServerResponse) => void res.writeHead(302, { location: url }).end()],
    ['a closed connection', (res: ServerResponse) => void res.destroy()],
  ])('is retried after %s', async (_name, response) => {
    respond = (res, n) => (n < 3 ? response(res) : acknowledge(res));
    await setTarget();
    await setTitle(org.lead(1), 'CTO');
    await until(async () => expect(await status()).toMatchObject({ sent: 3, delivered: 1, failed: 2, waiting: 0 }));
    const ids = received.map(({ body }) => idsIn(body, 'Id').join());
    expect(new Set(ids).size).toBe(1);
  });

  test('is retried after a response timeout', async () => {
    respond = (res, n) => void (n > 1 && acknowledge(res));
    await setTarget({ timeoutMs: 2_000 });
    await setTitle(org.lead(1), 'CTO');
    await until(async () => expect(await status()).toMatchObject({ delivered: 1, failed: 1 }));
    expect((await status()).deliveries).toMatchObject([{ status: null }, { status: 200, attempt: 2 }]);
  });

  test('has the latest values when it is retried', async () => {
    const { promise: isEdited, resolve: edited } = Promise.withResolvers<void>();
    respond = (res, n) => (n === 1 ? void isEdited.then(() => respondWith(500, XML, '')(res)) : acknowledge(res));
    await setTarget({ fields: ['Title'], maxConcurrentRequests: 1 });
    await setTitle(org.lead(1), 'CTO');
    await until(() => expect(received).toHaveLength(1));
    await setTitle(org.lead(1), 'CEO');
    edited();
    await until(() => expect(received).toHaveLength(3));
    expect(received.map(({ body }) => idsIn(body, 'sf:Title').join())).toEqual(['CTO', 'CEO', 'CEO']);
  });

  test('is retried after growing waits', async () => {
    respond = respondWith(500, XML, '');
    await setTarget({ retryMs: 60 });
    await setTitle(org.lead(1), 'CTO');
    await until(() => expect(received.length).toBeGreaterThanOrEqual(4));
    const [first = 0, second = 0, third = 0, fourth = 0] = received.map(({ at }) => at);
    // On a busy machine a wait can be longer; shorter only by the millisecond of a timer's
    // precision.
    expect(second - first).toBeGreaterThan(55);
    expect(third - second).toBeGreaterThan(115);
    expect(fourth - third).toBeGreaterThan(235);
  });

  test('is dropped after 24 hours', async () => {
    respond = respondWith(500, XML, '');
    await setTarget({ retryMs: 50 });
    await setTitle(org.lead(1), 'CTO');
    await until(() => expect(received.length).toBeGreaterThan(0));
    org.advanceClock(86_400_000);
    await until(async () => expect(await status()).toMatchObject({ dropped: 1, waiting: 0, delivered: 0 }));
  });

  test('is retried at a new target', async () => {
    await setTarget({ targetUrl: 'http://127.0.0.1:1/closed' });
    await setTitle(org.lead(1), 'CTO');
    await until(async () => expect((await status()).failed).toBeGreaterThan(0));
    await setTarget();
    await until(() => expect(notifiedIds()).toEqual([org.lead(1)]));
  });
});

test('duplicate outbound messages have the same notification IDs, and disorder loses none', async () => {
  await setTarget({ duplicates: 1, disorder: true, maxConcurrentRequests: 1 });
  for (const n of [0, 1, 2]) await setTitle(org.lead(n), 'CTO');
  await until(async () => expect(await status()).toMatchObject({ waiting: 0, inFlight: 0 }));
  const ids = received.flatMap(({ body }) => idsIn(body, 'Id'));
  expect([ids.length, new Set(ids).size]).toEqual([6, 3]);
  expect(new Set(notifiedIds())).toEqual(new Set([0, 1, 2].map((n) => org.lead(n))));
});

test('no outbound message is sent before a target is set, nor after it was removed', async () => {
  await setTitle(org.lead(1), 'CTO');
  await setTarget();
  respond = respondWith(500, XML, '');
  await setTitle(org.lead(2), 'CTO');
  await until(() => expect(received.length).toBeGreaterThan(0));
  await org.control('DELETE', '/outbound');
  const before = received.length;
  await setTitle(org.lead(0), 'CTO');
  await wait(100);
  expect(received.length - before).toBeLessThanOrEqual(1);
  expect(new Set(notifiedIds())).toEqual(new Set([org.lead(2)]));
  expect(await status()).toMatchObject({ sent: 0, waiting: 0 });
});

test.each([
  ['a target on another machine', { targetUrl: 'https://leadgrade.acme.example/webhooks/salesforce/x' }],
  ['a target whose host only begins like this machine', { targetUrl: 'http://127.0.0.1.example/x' }],
  ['a target with a query', { targetUrl: 'http://127.0.0.1/x?a=1' }],
  ['an unknown object', { objects: ['Invoice__c'] }],
  ['no object', { objects: [] }],
  ['a share of duplicates above 1', { duplicates: 2 }],
])('outbound settings with %s are rejected', async (_name, settings) => {
  expect((await setTarget(settings)).status).toBe(400);
});
