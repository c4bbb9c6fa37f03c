// Outbound messages of the sandbox: of what they tell, and how they are repeated. The receiver is a plain server of the test.
import { createServer, type Server, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { people } from '../hubspot/sandbox-under-test.ts';
import { startTestOrg, type TestOrg } from './sandbox-under-test.ts';

const ACK =
  '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>';
const XML = 'text/xml; charset=utf-8';

let org: TestOrg;
let server: Server;
let url: string;
/** `at`: milliseconds of a clock that only runs on. */
let received: { body: string; type: string | undefined; action: string | undefined; at: number }[];
let answer: (res: ServerResponse, n: number) => void;

const say = (status: number, type: string, body: string) => (res: ServerResponse) =>
  void res.writeHead(status, { 'content-type': type }).end(body);
const acknowledge = say(200, XML, ACK);

beforeEach(async () => {
  received = [];
  answer = acknowledge;
  server = createServer(async (req, res) => {
    const at = performance.now();
    const body = await new Response(ReadableStream.from(req)).text();
    received.push({ body, type: req.headers['content-type'], action: req.headers.soapaction?.toString(), at });
    answer(res, received.length);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  url = `http://127.0.0.1:${address.port}/webhooks/salesforce/secret`;
  org = await startTestOrg();
});
afterEach(async () => {
  await org.close();
  server.closeAllConnections();
  await new Promise((resolve) => void server.close(resolve));
});

const setWebhookTarget = (more: object = {}) =>
  org.control('PUT', '/outbound', { targetUrl: url, retryMs: 10, ...more });
const status = async () => (await org.control('GET', '/outbound')).body;
const until = (check: () => Promise<void> | void) => vi.waitFor(check, { timeout: 60_000, interval: 10 });
const title = (id: string, Title: string) => org.control('PATCH', `/records/Lead/${id}`, { values: { Title } });
const idsIn = (body: string, tag: string) =>
  [...body.matchAll(new RegExp(`<${tag}>([^<]+)</${tag}>`, 'g'))].map((found) => found[1]);
const told = () => received.flatMap(({ body }) => idsIn(body, 'sf:Id'));

describe('a save', () => {
  test('of a lead sends the exact envelope of one notification', async () => {
    await setWebhookTarget();
    await title(org.lead(1), 'CTO');
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

  test('of the product is told as well, unless its user may not send any', async () => {
    const write = { allOrNone: false, records: [{ attributes: { type: 'Lead' }, id: org.lead(1), Title: 'CFO' }] };
    await setWebhookTarget();
    await org.call('PATCH', '/composite/sobjects', write);
    await until(() => expect(told()).toEqual([org.lead(1)]));
    await setWebhookTarget({ quietUser: true });
    await org.call('PATCH', '/composite/sobjects', write);
    await title(org.lead(2), 'CEO');
    await until(() => expect(told()).toEqual([org.lead(1), org.lead(2)]));
  });

  test('through the Bulk API is told as well', async () => {
    await setWebhookTarget();
    const job = await org.call('POST', '/jobs/ingest', { object: 'Lead', operation: 'update' });
    await org.call('PUT', `/jobs/ingest/${job.body.id}/batches`, `Id,Title\n${org.lead(1)},CTO\n${org.lead(2)},CTO\n`);
    await org.call('PATCH', `/jobs/ingest/${job.body.id}`, { state: 'UploadComplete' });
    await until(async () => {
      await org.call('GET', `/jobs/ingest/${job.body.id}`);
      expect(told()).toEqual([org.lead(1), org.lead(2)]);
    });
    expect(received).toHaveLength(1);
  });

  test('of an object that has no message is told to nobody, nor is a deletion, nor what brings a record back', async () => {
    await setWebhookTarget({ objects: ['Task', 'Lead'] });
    await org.control('POST', '/records/Account', { values: { Name: 'Acme' } });
    await org.control('DELETE', `/records/Lead/${org.lead(2)}`);
    await org.control('POST', `/records/Lead/${org.lead(2)}/undelete`);
    const call = await org.control('POST', '/activities', { personId: org.lead(1), type: 'call' });
    await until(() => expect(told()).toEqual([call.body.id]));
    expect(received[0]?.body).toContain('xsi:type="sf:Task"');
  });

  test('of 130 leads in one transaction makes messages of at most 100, each lead once', async () => {
    await org.close();
    org = await startTestOrg({ dataset: people(130) });
    await setWebhookTarget();
    const ids = [...org.leadIds.values()];
    const records = ids.map((id) => ({ attributes: { type: 'Lead' }, id, Title: 'CTO' }));
    expect((await org.call('PATCH', '/composite/sobjects', { records })).status).toBe(200);
    await until(() => expect(told().toSorted()).toEqual(ids.toSorted()));
    expect(received.map(({ body }) => idsIn(body, 'sf:Id').length).toSorted()).toEqual([100, 30]);
  });

  test('carries the fields that are asked for, escaped', async () => {
    await setWebhookTarget({ fields: ['Title', 'Company'] });
    await title(org.lead(1), 'A & <B>');
    await until(() => expect(received).toHaveLength(1));
    expect(received[0]?.body).toContain('<sf:Title>A &amp; &lt;B&gt;</sf:Title><sf:Company>');
  });
});

describe('a message that is not acknowledged', () => {
  test.each([
    ['an empty 200', say(200, XML, '')],
    ['a 200 that says Ack false', say(200, XML, ACK.replace('true', 'false'))],
    ['the Ack as plain text', say(200, 'text/plain', ACK)],
    ['the Ack in another element', say(200, XML, ACK.replaceAll('notificationsResponse', 'notifications'))],
    ['the Ack in another namespace', say(200, XML, ACK.replace('2005/09/outbound', 'other'))],
    ['the Ack with another status', say(202, XML, ACK)],
    ['an error', say(503, 'text/plain', 'down')],
    ['a redirect', (res: ServerResponse) => void res.writeHead(302, { location: url }).end()],
    ['a connection that ends', (res: ServerResponse) => void res.destroy()],
  ])('comes again: %s', async (_name, refusal) => {
    answer = (res, n) => (n < 3 ? refusal(res) : acknowledge(res));
    await setWebhookTarget();
    await title(org.lead(1), 'CTO');
    await until(async () => expect(await status()).toMatchObject({ sent: 3, delivered: 1, failed: 2, waiting: 0 }));
    const ids = received.map(({ body }) => idsIn(body, 'Id').join());
    expect(new Set(ids).size).toBe(1);
  });

  test('comes again when the answer takes too long', async () => {
    answer = (res, n) => void (n > 1 && acknowledge(res));
    await setWebhookTarget({ timeoutMs: 2_000 });
    await title(org.lead(1), 'CTO');
    await until(async () => expect(await status()).toMatchObject({ delivered: 1, failed: 1 }));
    expect((await status()).deliveries).toMatchObject([{ status: null }, { status: 200, attempt: 2 }]);
  });

  test('carries the latest values when it comes again', async () => {
    const { promise: isEdited, resolve: edited } = Promise.withResolvers<void>();
    answer = (res, n) => (n === 1 ? void isEdited.then(() => say(500, XML, '')(res)) : acknowledge(res));
    await setWebhookTarget({ fields: ['Title'], maxConcurrentRequests: 1 });
    await title(org.lead(1), 'CTO');
    await until(() => expect(received).toHaveLength(1));
    await title(org.lead(1), 'CEO');
    edited();
    await until(() => expect(received).toHaveLength(3));
    expect(received.map(({ body }) => idsIn(body, 'sf:Title').join())).toEqual(['CTO', 'CEO', 'CEO']);
  });

  test('waits longer each time', async () => {
    answer = say(500, XML, '');
    await setWebhookTarget({ retryMs: 60 });
    await title(org.lead(1), 'CTO');
    await until(() => expect(received.length).toBeGreaterThanOrEqual(4));
    const [first = 0, second = 0, third = 0, fourth = 0] = received.map(({ at }) => at);
    // A wait may be longer on a busy machine, and never shorter but for a timer's millisecond.
    expect(second - first).toBeGreaterThan(55);
    expect(third - second).toBeGreaterThan(115);
    expect(fourth - third).toBeGreaterThan(235);
  });

  test('is given up after 24 hours', async () => {
    answer = say(500, XML, '');
    await setWebhookTarget({ retryMs: 50 });
    await title(org.lead(1), 'CTO');
    await until(() => expect(received.length).toBeGreaterThan(0));
    org.pass(86_400_000);
    await until(async () => expect(await status()).toMatchObject({ dropped: 1, waiting: 0, delivered: 0 }));
  });

  test('goes to the new target once there is one', async () => {
    await setWebhookTarget({ targetUrl: 'http://127.0.0.1:1/nobody' });
    await title(org.lead(1), 'CTO');
    await until(async () => expect((await status()).failed).toBeGreaterThan(0));
    await setWebhookTarget();
    await until(() => expect(told()).toEqual([org.lead(1)]));
  });
});

test('duplicates have the ids of the first, and disorder loses nothing', async () => {
  await setWebhookTarget({ duplicates: 1, disorder: true, maxConcurrentRequests: 1 });
  for (const n of [0, 1, 2]) await title(org.lead(n), 'CTO');
  await until(async () => expect(await status()).toMatchObject({ waiting: 0, inFlight: 0 }));
  const ids = received.flatMap(({ body }) => idsIn(body, 'Id'));
  expect([ids.length, new Set(ids).size]).toEqual([6, 3]);
  expect(new Set(told())).toEqual(new Set([0, 1, 2].map((n) => org.lead(n))));
});

test('nothing is told before there is a target, nor after it was taken away', async () => {
  await title(org.lead(1), 'CTO');
  await setWebhookTarget();
  answer = say(500, XML, '');
  await title(org.lead(2), 'CTO');
  await until(() => expect(received.length).toBeGreaterThan(0));
  await org.control('DELETE', '/outbound');
  const before = received.length;
  await title(org.lead(0), 'CTO');
  await wait(100);
  expect(received.length - before).toBeLessThanOrEqual(1);
  expect(new Set(told())).toEqual(new Set([org.lead(2)]));
  expect(await status()).toMatchObject({ sent: 0, waiting: 0 });
});

test.each([
  ['a target elsewhere', { targetUrl: 'https://leadgrade.acme.example/webhooks/salesforce/x' }],
  ['a target that only looks near', { targetUrl: 'http://127.0.0.1.example/x' }],
  ['a target with a query', { targetUrl: 'http://127.0.0.1/x?a=1' }],
  ['an object that is not there', { objects: ['Invoice__c'] }],
  ['no object', { objects: [] }],
  ['more than all twice', { duplicates: 2 }],
])('%s is refused', async (_name, settings) => {
  expect((await setWebhookTarget(settings)).status).toBe(400);
});
