// The sandbox's outbound messages and our receiver, over HTTP: what one sends, the other understands and acknowledges.
import { createServer } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { describeAccount } from '../../connectors/salesforce/check-setup.ts';
import { createStreams } from '../../connectors/salesforce/streams.ts';
import { createReceiver } from '../../connectors/salesforce/webhook/receiver.ts';
import type { WebhookEvent } from '../../connectors/webhook.ts';
import { type ConnectedOrg, connectedOrg, SIGNAL } from './salesforce-fixture.ts';
import { RECEIVED, TOKEN } from './salesforce-webhook-documents.ts';

let connected: ConnectedOrg;
let events: WebhookEvent[];
let refused: number;
let target: string;
let close: () => void;

beforeEach(async () => {
  connected = await connectedOrg();
  events = [];
  refused = 0;
  const { org, parts } = connected;
  const streams = new Set(createStreams(parts).map(({ stream }) => stream.id));
  const receiver = createReceiver({ token: TOKEN, orgId: org.orgId.slice(0, 15), streams });
  const server = createServer(async (req, res) => {
    const body = Buffer.from(await new Response(ReadableStream.from(req)).arrayBuffer());
    const rest = (req.url ?? '').split('/').at(-1) ?? '';
    const headers = { 'content-type': req.headers['content-type'] };
    const verdict = receiver.receive({ method: 'POST', url: target, rest, headers, body, receivedAt: RECEIVED });
    if (verdict.kind === 'refused') {
      refused += 1;
      res.writeHead(verdict.status).end();
      return;
    }
    events.push(...verdict.events);
    res.writeHead(200, { 'content-type': verdict.answer?.contentType }).end(verdict.answer?.body);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  target = `http://127.0.0.1:${address.port}/webhooks/salesforce/${TOKEN}`;
  close = () => {
    server.close();
    server.closeAllConnections();
  };
});
afterEach(async () => {
  await connected.org.close();
  close();
});

const until = (check: () => Promise<void> | void) => vi.waitFor(check, { timeout: 8_000, interval: 10 });
const aim = (more: object = {}) =>
  connected.org.control('PUT', '/outbound', { targetUrl: target, retryMs: 20, objects: ['Lead', 'Task'], ...more });
const status = async () => (await connected.org.control('GET', '/outbound')).body;

test('a lead that was edited, and a call, arrive once, and from the account that the connector describes', async () => {
  const { org, parts } = connected;
  await aim({ fields: ['Title', 'Subject'] });
  await org.control('PATCH', `/records/Lead/${org.lead(1)}`, { values: { Title: 'VP <b>&"\u{1f600}' } });
  const call = await org.control('POST', '/activities', { personId: org.lead(1), type: 'call' });
  await until(() => expect(events).toHaveLength(2));
  await until(async () => expect(await status()).toMatchObject({ delivered: 2, failed: 0, waiting: 0 }));
  const { id } = await describeAccount(parts, SIGNAL);
  expect(events.map(({ account, subject }) => ({ account, subject }))).toEqual([
    { account: id, subject: { kind: 'record', ref: { object: 'Lead', id: org.lead(1) } } },
    { account: id, subject: { kind: 'item', stream: 'tasks', id: call.body.id } },
  ]);
});

test('each delivery of a notification has the same key', async () => {
  const { org } = connected;
  await aim({ duplicates: 1 });
  await org.control('PATCH', `/records/Lead/${org.lead(1)}`, { values: { Title: 'CTO' } });
  await until(() => expect(events).toHaveLength(2));
  expect(new Set(events.map(({ key }) => key)).size).toBe(1);
});

test('with a wrong token nothing arrives; with the right one, what waited does', async () => {
  const { org } = connected;
  await aim({ targetUrl: `${target}x` });
  await org.control('PATCH', `/records/Lead/${org.lead(1)}`, { values: { Title: 'CTO' } });
  await until(() => expect(refused).toBeGreaterThan(1));
  expect(events).toEqual([]);
  await aim();
  await until(() => expect(events).toHaveLength(1));
});
