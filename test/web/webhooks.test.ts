// What HubSpot sends is stored before it is acknowledged; what is not from HubSpot leaves no trace.
import { readFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { create, settingsSchema } from '../../connectors/hubspot/index.ts';
import { readMapping } from '../../src/mapping/mapping.ts';
import { noteAccount } from '../../src/store/accounts.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { createApp } from '../../src/web/app.ts';
import { listen } from '../../src/web/listen.ts';
import { createMetrics } from '../../src/web/metrics.ts';
import { freshStore, STORES } from '../store/fresh-store.ts';
import { changed, PUBLIC_URL, SECRET, signed } from '../support/hubspot-webhooks.ts';
import { createMemoryLimiter } from '../support/memory-limiter.ts';

const file = new URL('../../mappings/hubspot.yaml', import.meta.url);
const { mapping } = readMapping(readFileSync(file, 'utf8'), 'hubspot.yaml');
if (!mapping) throw new Error('The shipped mapping is not valid.');
const settings = settingsSchema.parse({
  HUBSPOT_ACCESS_TOKEN: 'x',
  HUBSPOT_CLIENT_SECRET: SECRET,
  HUBSPOT_APP_ID: '7',
});
const { webhook: RECEIVER } = create({
  settings,
  mapping,
  limiter: createMemoryLimiter(),
  clock: { now: () => new Date() },
});
if (!RECEIVER) throw new Error('HubSpot has a receiver where it has a secret.');
const RECEIVERS = new Map([['hubspot', RECEIVER]]);
const METRICS_TOKEN = 'a-token-for-metrics';

describe.each(STORES)('the door for webhooks ($name)', (setup) => {
  const store = freshStore(setup);
  let server: Server;
  let url = '';
  let rings = 0;
  const now = { value: new Date() };
  const warnings: string[] = [];

  async function open(parts: { db?: typeof store.db; publicUrl?: string | undefined } = {}): Promise<Server> {
    const db = parts.db ?? store.db;
    const clock = { now: () => now.value };
    const metrics = createMetrics({ db, clock, crms: ['hubspot'] });
    const log = {
      warn: (details: object, message: string) => void warnings.push(`${message} ${JSON.stringify(details)}`),
    };
    const publicUrl = 'publicUrl' in parts ? parts.publicUrl : PUBLIC_URL;
    const app = createApp({
      health: { db, clock, canary: 'canary', pollSeconds: 60, crms: ['hubspot'] },
      metrics,
      metricsToken: METRICS_TOKEN,
      siteEvents: { db, clock, keys: [], crms: ['hubspot'], project: () => null, ring: () => {} },
      webhooks: {
        db,
        clock,
        metrics,
        log,
        publicUrl,
        receivers: RECEIVERS,
        ring: () => {
          rings += 1;
        },
      },
    });
    return listen(app, 0);
  }

  beforeAll(async () => {
    server = await open();
    url = addressOf(server);
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  beforeEach(() => {
    rings = 0;
    now.value = new Date();
    warnings.length = 0;
  });

  const post = (body: string | Buffer, headers: Record<string, string>, path = '/webhooks/hubspot', to = url) =>
    fetch(`${to}${path}`, { method: 'POST', body, headers });
  const send = (events: unknown, to = url) => {
    const body = JSON.stringify(events);
    return post(body, signed(body, { at: now.value }), '/webhooks/hubspot', to);
  };
  const inbox = () => store.db.selectFrom('inbox').selectAll().orderBy('seq').execute();
  const quarantine = () => store.db.selectFrom('quarantine').selectAll().execute();
  const nothingIsStored = async () => {
    expect(await inbox()).toEqual([]);
    expect(await quarantine()).toEqual([]);
    expect(rings).toBe(0);
  };
  const metricsText = async () =>
    (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${METRICS_TOKEN}` } })).text();

  test('a change of a contact is stored before it is acknowledged, without its value', async () => {
    const answer = await send([changed(101, { propertyValue: 'A Secret Title' })]);
    expect(answer.status).toBe(200);
    expect(await inbox()).toMatchObject([
      { crm: 'hubspot', kind: 'record', object: 'contacts', record_id: '101', account: '145', taken_at: null },
    ]);
    expect(JSON.stringify(await inbox())).not.toContain('Secret');
    expect(rings).toBe(1);
  });

  test('the same event fifty times at once, with other attempt numbers, is one event', async () => {
    const event = changed(102);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, attemptNumber) => send([{ ...event, attemptNumber }])),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(await inbox()).toHaveLength(1);
    expect(await metricsText()).toMatch(/leadgrade_webhook_events_total\{source="hubspot",outcome="repeated"\} 49/);
  });

  test('the same event id of another contact is another event', async () => {
    const event = changed(103);
    await send([event, { ...event, objectId: 104 }]);
    expect((await inbox()).map(({ record_id }) => record_id).toSorted()).toEqual(['103', '104']);
  });

  const forged: Record<string, (body: string) => Record<string, string>> = {
    'signed with another secret': (body) => signed(body, { secret: 'another secret', at: now.value }),
    'signed for another address': (body) =>
      signed(body, { url: 'https://evil.example.com/webhooks/hubspot', at: now.value }),
    'signed for the host that the request names': (body) =>
      signed(body, { url: `${url}/webhooks/hubspot`, at: now.value }),
    'with the signature of another body': () => signed('[]', { at: now.value }),
    'without a signature': () => ({ 'content-type': 'application/json' }),
    'with an older kind of signature alone': () => ({
      'x-hubspot-signature': 'a'.repeat(64),
      'x-hubspot-signature-version': 'v1',
    }),
    'with half a signature': (body) => ({
      ...signed(body, { at: now.value }),
      'x-hubspot-signature-v3': 'K36dawei4A==',
    }),
    'with a signature that is no base64': (body) => ({
      ...signed(body, { at: now.value }),
      'x-hubspot-signature-v3': 'not base64!'.repeat(4),
    }),
    'without a time': (body) => ({ ...signed(body, { at: now.value }), 'x-hubspot-request-timestamp': '' }),
    'with a time that is no number': (body) => ({
      ...signed(body, { at: now.value }),
      'x-hubspot-request-timestamp': 'now',
    }),
    'six minutes old': (body) => signed(body, { at: new Date(now.value.getTime() - 6 * 60_000) }),
    'from six minutes ahead': (body) => signed(body, { at: new Date(now.value.getTime() + 6 * 60_000) }),
  };
  test.each(Object.keys(forged))('a request %s is refused, and nothing of it is stored or rung for', async (how) => {
    const body = JSON.stringify([changed(105)]);
    const answer = await post(body, forged[how]?.(body) ?? {});
    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({ error: 'Not accepted.' });
    await nothingIsStored();
  });

  test('a clock that is off is told as such, and counted', async () => {
    const body = JSON.stringify([changed(106)]);
    now.value = new Date(now.value.getTime() + 120_000);
    await post(body, signed(body, { at: new Date(now.value.getTime() - 6 * 60_000) }));
    expect(warnings.join()).toMatch(/clock/i);
    expect(await metricsText()).toMatch(/outcome="clock-skew"\} [1-9]/);
  });

  test.each([-4, 4])('clocks that are %i minutes apart are close enough', async (minutes) => {
    const body = JSON.stringify([changed(107)]);
    const answer = await post(body, signed(body, { at: new Date(now.value.getTime() + minutes * 60_000) }));
    expect(answer.status).toBe(200);
  });

  test('the bytes are signed, whatever they are: unicode, white space, order of keys, gzip', async () => {
    const body = Buffer.from(`\n [ ${JSON.stringify(changed(108, { propertyValue: 'Geschäftsführerin 🚀' }))}\t]`);
    expect((await post(body, signed(body, { at: now.value }))).status).toBe(200);
    const other = Buffer.from(JSON.stringify([changed(109)]));
    const zipped = await post(gzipSync(other), { ...signed(other, { at: now.value }), 'content-encoding': 'gzip' });
    expect(zipped.status).toBe(200);
    expect((await inbox()).map(({ record_id }) => record_id)).toEqual(['108', '109']);
  });

  test('signed and not understood is kept as it is, and acknowledged; its neighbors are taken', async () => {
    for (const body of ['{"not": "an array"}', '[{]', '"text"']) {
      expect((await post(body, signed(body, { at: now.value }))).status).toBe(200);
    }
    expect(await inbox()).toEqual([]);
    expect((await quarantine()).map(({ body }) => body).toSorted()).toEqual(['"text"', '[{]', '{"not": "an array"}']);
    await send([changed(110), { subscriptionType: 'contact.unheardOf', portalId: 145, objectId: 1, occurredAt: 1 }, 7]);
    expect(await inbox()).toHaveLength(1);
    expect(await quarantine()).toHaveLength(5);
  });

  test('two hundred events in one request are all taken', async () => {
    await send(Array.from({ length: 200 }, (_, at) => changed(1_000 + at)));
    expect(await inbox()).toHaveLength(200);
  });

  test('an id beyond what a number of JavaScript holds is not another contact', async () => {
    const body = JSON.stringify([changed(111)]).replace('"objectId":111', '"objectId":9007199254740993');
    expect((await post(body, signed(body, { at: now.value }))).status).toBe(200);
    const ids = (await inbox()).map(({ record_id }) => record_id);
    expect(ids).not.toContain('9007199254740992');
    expect(ids.length + (await quarantine()).length).toBe(1);
  });

  test('a body of ten megabytes is refused before anybody reads it, also one that unpacks to that, also without a length', async () => {
    const large = Buffer.alloc(10_000_000, 0x20);
    const headers = signed(large, { at: now.value });
    expect((await post(large, headers).catch(() => ({ status: 413 }))).status).toBe(413);
    expect((await post(gzipSync(large), { ...headers, 'content-encoding': 'gzip' })).status).toBe(413);
    expect(await chunked(url, headers, large)).toBe(413);
    await nothingIsStored();
  });

  test('who has no signature is refused while the body is still on its way', async () => {
    const { port } = new URL(url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write('POST /webhooks/hubspot HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n[');
      });
      socket.once('data', (data) => {
        socket.destroy();
        resolve(data.toString());
      });
      socket.once('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 401/);
    await nothingIsStored();
  });

  test('events of another portal are acknowledged, counted, and dropped', async () => {
    await noteAccount(store.db, { crm: 'hubspot', account: '145' }, new Date());
    const other = await open();
    const answer = await send([changed(112, { portalId: 999 }), changed(113)], addressOf(other));
    expect(answer.status).toBe(200);
    expect((await inbox()).map(({ record_id }) => record_id)).toEqual(['113']);
    other.close();
    other.closeAllConnections();
  });

  test('our own writes and our own properties are no events', async () => {
    await send([
      changed(114, { propertyName: 'leadgrade_total_score' }),
      changed(115, { changeSource: 'INTEGRATION', sourceId: '7' }),
      changed(116, { changeSource: 'INTEGRATION', sourceId: '8' }),
    ]);
    expect((await inbox()).map(({ record_id }) => record_id)).toEqual(['116']);
  });

  test('a database that is away is said within a second, so that HubSpot sends it again', async () => {
    const hole = createServer().listen(0);
    const { port } = portOf(hole);
    const away = await openDatabase({ databaseUrl: `postgres://postgres@127.0.0.1:${port}/none`, dataDir: 'unused' });
    const door = await open({ db: away.db });
    const began = performance.now();
    const answer = await send([changed(117)], addressOf(door));
    expect(answer.status).toBe(503);
    expect(performance.now() - began).toBeLessThan(1_500);
    expect(rings).toBe(0);
    door.close();
    door.closeAllConnections();
    hole.close();
    hole.closeAllConnections();
    await away.close();
  });

  test('without PUBLIC_URL nothing can be verified: it is said so, and HubSpot comes again', async () => {
    const door = await open({ publicUrl: undefined });
    expect((await send([changed(118)], addressOf(door))).status).toBe(503);
    door.close();
    door.closeAllConnections();
    await nothingIsStored();
  });

  test('other methods and other addresses are not there', async () => {
    expect((await fetch(`${url}/webhooks/hubspot`)).status).toBe(404);
    const body = '[]';
    expect((await post(body, signed(body), '/webhooks/salesforce')).status).toBe(404);
    expect((await post(body, signed(body), '/webhooks/hubspot/more')).status).toBe(404);
    expect((await post(body, signed(body), '/webhooks/__proto__')).status).toBe(404);
  });

  test('an address that cannot be read is answered without a word of where it failed', async () => {
    for (const path of ['/webhooks/hubspot/%E0%A4%A', '/events/v1/%E0%A4%A']) {
      const answer = await post('[]', {}, path);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(await answer.text()).not.toMatch(/node_modules|at .*\.ts|\.js:/);
    }
  });

  test('a hundred who send slowly keep nobody out', async () => {
    const { port } = new URL(url);
    const slow = Array.from({ length: 100 }, () => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => undefined);
      const { 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': time } = signed('[]', {
        at: now.value,
      });
      socket.write(
        `POST /webhooks/hubspot HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nX-HubSpot-Signature-v3: ${signature}\r\nX-HubSpot-Request-Timestamp: ${time}\r\n\r\n[`,
      );
      return socket;
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await send([changed(120)])).status).toBe(200);
    for (const socket of slow) socket.destroy();
  });

  test('metrics are for who has the token', async () => {
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
    expect((await fetch(`${url}/metrics`, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
    expect(await metricsText()).toContain('leadgrade_inbox_waiting');
  });

  test('a body that was changed anywhere after it was signed is refused', async () => {
    const body = Buffer.from(JSON.stringify([changed(119)]));
    const headers = signed(body, { at: now.value });
    await fc.assert(
      fc.asyncProperty(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const forgery = Buffer.from(body);
        forgery[at] = (forgery[at] ?? 0) ^ by;
        expect((await post(forgery, headers)).status).toBe(401);
      }),
      { numRuns: 40 },
    );
    await nothingIsStored();
    const { rows } = await sql<{ count: number }>`select count(*)::int as count from leadgrade.records`.execute(
      store.db,
    );
    expect(rows[0]?.count).toBe(0);
  });

  afterEach(() => {
    expect(warnings.join()).not.toContain(SECRET);
  });
});

function portOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address;
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${portOf(server).port}`;
}

/** Sends without a length, and gives the status. */
function chunked(to: string, headers: Record<string, string>, body: Buffer): Promise<number> {
  return new Promise((resolve) => {
    const sending = httpRequest(`${to}/webhooks/hubspot`, { method: 'POST', headers });
    sending.once('response', (response) => resolve(response.statusCode ?? 0));
    sending.once('error', () => resolve(413));
    for (let at = 0; at < body.length; at += 64_000) sending.write(body.subarray(at, at + 64_000));
    sending.end();
  });
}
