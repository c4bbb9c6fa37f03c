// `POST /events` over HTTP, on a real store: who may send, what is refused, what is kept, and how soon there is an answer.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import express from 'express';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { loadEventsMapping } from '../../src/load-events-mapping.ts';
import { createEventProjector } from '../../src/mapping/events-mapping.ts';
import { createSiteEventsRouter, type SiteEventsParts } from '../../src/web/site-events.ts';
import { at, freshStore, STORES } from '../store/fresh-store.ts';

const WEBSITE = 'website-key-0123456789';
const PRODUCT = 'product-key-0123456789';
const KEYS = [
  { source: 'website', key: WEBSITE },
  { source: 'website', key: 'website-key-that-comes-next' },
  { source: 'product', key: PRODUCT },
];
const basic = (key: string) => ({ authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` });

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const project = createEventProjector(await loadEventsMapping());

async function serve(
  parts: Omit<SiteEventsParts, 'clock' | 'crms' | 'project'>,
): Promise<{ server: Server; url: string }> {
  const app = express();
  app.use(createSiteEventsRouter({ ...parts, clock: { now: () => at() }, crms: ['hubspot', 'salesforce'], project }));
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return { server, url: `http://127.0.0.1:${address.port}` };
}

async function post(url: string, body: unknown, headers: Record<string, string> = basic(WEBSITE)): Promise<Answer> {
  const sent = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof sent === 'string' ? sent : new Uint8Array(sent),
  });
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
}

const TRACK = { type: 'track', event: 'Trial Started', userId: 'u1', messageId: 'm1', properties: { product: 'Team' } };

describe.each(STORES)('POST /events ($name)', (setup) => {
  const store = freshStore(setup);
  let rings = 0;
  let server: Server;
  let url = '';

  beforeAll(async () => {
    const parts = {
      keys: KEYS,
      ring: () => {
        rings += 1;
      },
    };
    ({ server, url } = await serve({
      ...parts,
      get db() {
        return store.db;
      },
    }));
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    rings = 0;
    await sql`truncate leadgrade.site_events, leadgrade.site_identities, leadgrade.site_event_types`.execute(store.db);
  });

  const send = (body: unknown, headers?: Record<string, string>, path = '/events') =>
    post(`${url}${path}`, body, headers);
  const kept = () => store.db.selectFrom('site_events').selectAll().orderBy('message_id').execute();
  const identities = () => store.db.selectFrom('site_identities').selectAll().orderBy('key').execute();

  async function expectNothingStored(): Promise<void> {
    expect([await kept(), await identities(), rings]).toEqual([[], [], 0]);
  }

  test.each([
    ['Basic authentication, as Segment sends it', TRACK, basic(WEBSITE), 'website'],
    ['Basic authentication of another source', TRACK, basic(PRODUCT), 'product'],
    ['a key that is to replace another', TRACK, basic('website-key-that-comes-next'), 'website'],
    ['a bearer token', TRACK, { authorization: `Bearer ${PRODUCT}` }, 'product'],
    ['the body', { ...TRACK, writeKey: WEBSITE }, {}, 'website'],
    ['the body of a batch', { writeKey: PRODUCT, batch: [TRACK] }, {}, 'product'],
  ])('takes the key from %s', async (_where, body, headers, source) => {
    expect(await send(body, headers)).toEqual({ status: 200, body: { success: true } });
    expect(await kept()).toMatchObject([
      { source, message_id: 'm1', type: 'trial_started', attributes: { product: 'Team' }, taken_at: null },
    ]);
    expect(rings).toBe(1);
  });

  test.each([
    ['no key', {}],
    ['another key', basic('website-key-0123456780')],
    ['the beginning of a key', basic(WEBSITE.slice(0, 16))],
    ['an empty key', basic('')],
    ['a key as the password', { authorization: `Basic ${Buffer.from(`:${WEBSITE}`).toString('base64')}` }],
    ['another bearer token', { authorization: 'Bearer nothing-that-we-know' }],
    ['a scheme that we do not know', { authorization: `Digest ${WEBSITE}` }],
  ])('refuses %s, and stores nothing', async (_what, headers) => {
    const { status, body } = await send(TRACK, headers);
    expect(status).toBe(401);
    expect(JSON.stringify(body)).not.toContain('website-key');
    await expectNothingStored();
  });

  test('a wrong key in the header is not made right by one in the body', async () => {
    expect(await send({ ...TRACK, writeKey: WEBSITE }, basic('nothing-that-we-know'))).toMatchObject({ status: 401 });
    await expectNothingStored();
  });

  test('without any key there is no such address', async () => {
    const none = await serve({ db: store.db, keys: [], ring: () => {} });
    expect((await post(`${none.url}/events`, TRACK)).status).toBe(404);
    none.server.close();
  });

  test.each([
    ['no JSON', 'type=track', /as JSON/],
    ['nothing', '', /as JSON/],
    ['a list', [TRACK], /as JSON/],
    ['no type', { event: 'Trial Started', userId: 'u1' }, /^type: give one of track, page, screen, identify$/],
    ['a type that there is not', { ...TRACK, type: 'dance' }, /^type: give one of track/],
    ['a track without a name', { ...TRACK, event: ' ' }, /^event: a track needs the name/],
    ['a name that is a number', { ...TRACK, event: 5 }, /^event: expected text/],
    ['properties that are a list', { ...TRACK, properties: ['secret'] }, /^properties: expected an object/],
    ['nobody', { type: 'track', event: 'Trial Started' }, /^userId: give userId or anonymousId/],
    ['a user id that is an object', { ...TRACK, userId: { secret: 1 } }, /^userId: expected text/],
    ['a date without an offset', { ...TRACK, timestamp: '2026-03-10 secret' }, /^timestamp: expected an instant/],
    ['what is too old', { ...TRACK, timestamp: '2025-01-01T00:00:00Z' }, /^timestamp: at most 400 days ago/],
    ['a batch that is none', { batch: TRACK }, /^batch: expected a list/],
    ['too many messages', { batch: Array.from({ length: 2_501 }, () => ({})) }, /^batch: at most 2500 messages/],
    ['too long a message', { ...TRACK, properties: { a: 'x'.repeat(32_000) } }, /at most 32000 bytes/],
    ['too many values', { ...TRACK, properties: { a: Array(1_001).fill(1) } }, /at most 1000 values/],
    ['nothing but bad messages', { batch: [{ type: 'track', event: 'secret' }] }, /^userId: give/],
  ])('refuses %s, says where, quotes nothing, and stores nothing', async (_what, body, message) => {
    const answer = await send(body);
    expect(answer).toMatchObject({ status: 400, body: { success: false, error: expect.stringMatching(message) } });
    expect(JSON.stringify(answer.body)).not.toMatch(/secret|dance/);
    await expectNothingStored();
  });

  test('refuses what is nested without end', async () => {
    const deep = `${'{"a":'.repeat(80_000)}1${'}'.repeat(80_000)}`;
    expect(deep.length).toBeGreaterThan(450_000);
    expect(await send(`{"type":"track","event":"e","userId":"u","properties":${deep}}`)).toMatchObject({ status: 400 });
    await expectNothingStored();
  });

  test('refuses a body over half a megabyte, packed or not', async () => {
    const large = JSON.stringify({ batch: [TRACK], padding: 'x'.repeat(500_000) });
    expect(await send(large)).toMatchObject({ status: 413, body: { success: false } });
    const packed = { ...basic(WEBSITE), 'content-encoding': 'gzip' };
    expect(await send(gzipSync(large), packed)).toMatchObject({ status: 413 });
    await expectNothingStored();
    expect(await send(gzipSync(JSON.stringify(TRACK)), packed)).toMatchObject({ status: 200 });
  });

  test('of a batch, what is well formed is kept and the rest is named', async () => {
    const batch = [TRACK, { type: 'track', userId: 'u1' }, { ...TRACK, messageId: 'm2', timestamp: 'yesterday' }, null];
    expect(await send({ batch })).toEqual({
      status: 200,
      body: {
        success: true,
        rejected: [
          { index: 1, message: 'event: a track needs the name of what happened' },
          { index: 2, message: expect.stringMatching(/^timestamp: expected an instant/) },
          { index: 3, message: expect.any(String) },
        ],
      },
    });
    expect((await kept()).map((event) => event.message_id)).toEqual(['m1']);
  });

  test('the addresses of Segment libraries are there, and an empty batch is well', async () => {
    const { type: _type, ...track } = TRACK;
    expect(await send(track, undefined, '/events/v1/track')).toMatchObject({ status: 200 });
    expect(await send({ batch: [{ ...TRACK, messageId: 'm2' }] }, undefined, '/events/v1/batch')).toMatchObject({
      status: 200,
    });
    expect(await send({ batch: [] }, undefined, '/events/v1/batch')).toMatchObject({ status: 200 });
    expect(await send(TRACK, undefined, '/events/v1/batch')).toMatchObject({ status: 400 });
    expect((await kept()).map((event) => event.message_id)).toEqual(['m1', 'm2']);
  });

  test('a message that comes again is kept once, also within a batch; of another source it is another one', async () => {
    await send({ batch: [TRACK, TRACK] });
    await Promise.all([send(TRACK), send(TRACK), send({ batch: [TRACK] })]);
    await send(TRACK, basic(PRODUCT));
    expect((await kept()).map((event) => event.source).toSorted()).toEqual(['product', 'website']);
    expect(rings).toBe(2);
  });

  test('a message without an id is known by what it says', async () => {
    const { messageId: _id, ...track } = { ...TRACK, timestamp: '2026-03-10T11:00:00Z' };
    await send(track);
    await send({ ...track, sentAt: '2026-03-10T11:59:59Z' });
    await send({ ...track, timestamp: '2026-03-10T11:00:01Z' });
    expect(await kept()).toHaveLength(2);
  });

  test.each([
    [
      'the timestamp, before all else',
      { timestamp: '2026-03-01T10:00:00+02:00', sentAt: '2026-03-09T00:00:00Z' },
      '2026-03-01T08:00:00.000Z',
    ],
    [
      'the time of a device whose clock is two hours late',
      { originalTimestamp: '2026-03-10T09:00:00Z', sentAt: '2026-03-10T10:00:00Z' },
      '2026-03-10T11:00:00.000Z',
    ],
    [
      'the time of the device, where it does not say when it sent',
      { originalTimestamp: '2026-03-10T09:00:00Z' },
      '2026-03-10T09:00:00.000Z',
    ],
    ['the receipt, where it says nothing', {}, '2026-03-10T12:00:00.000Z'],
    ['the receipt, of what is said to come', { timestamp: '2036-03-10T12:00:00Z' }, '2026-03-10T12:00:00.000Z'],
  ])('it happened at %s', async (_what, times, instant) => {
    await send({ ...TRACK, ...times });
    expect((await kept()).map((event) => event.at.toISOString())).toEqual([instant]);
  });

  test.each([
    ['an address of its traits', { traits: { email: ' Pat@Acme.example ' } }, { email_key: 'pat@acme.example' }],
    ['an address of its properties', { properties: { email: 'pat@acme.example' } }, { email_key: 'pat@acme.example' }],
    [
      'an address of its context',
      { context: { traits: { email: 'pat@acme.example' } } },
      { email_key: 'pat@acme.example' },
    ],
    ['a user id that is an address', { userId: 'pat@acme.example' }, { email_key: 'pat@acme.example' }],
    [
      'an external id',
      { context: { externalIds: [{ type: 'salesforce', id: '003A' }] } },
      { crm: 'salesforce', record_id: '003A' },
    ],
    [
      'an external id as RudderStack names it',
      { context: { externalId: [{ type: 'hubspot', id: 7 }] } },
      { crm: 'hubspot', record_id: '7' },
    ],
    ['a property', { properties: { hubspot_id: 123 } }, { crm: 'hubspot', record_id: '123' }],
    ['a trait', { traits: { salesforce_id: '00Q1' } }, { crm: 'salesforce', record_id: '00Q1' }],
    [
      'nothing but its user',
      { properties: { email: 'pat', hubspot_id: '1; drop' } },
      { email_key: null, crm: null, record_id: null },
    ],
  ])('knows its person by %s', async (_what, said, known) => {
    await send({ type: 'track', event: 'Clicked', anonymousId: 'a1', ...said });
    expect(await kept()).toMatchObject([known]);
  });

  test('what nothing is made of is answered and not kept', async () => {
    const batch = [
      { type: 'group', groupId: 'g', userId: 'u1' },
      { type: 'alias', previousId: 'a', userId: 'u1' },
      { type: 'identify', userId: 'u1', traits: { plan: 'free' } },
    ];
    expect(await send({ batch })).toEqual({ status: 200, body: { success: true } });
    await expectNothingStored();
  });

  test('only what the mapping asks for is kept, and no id of a user as it is', async () => {
    const page = { url: 'https://acme.example/pricing?plan=team', title: 'Pricing', search: 'secret' };
    const traits = { email: 'pat@acme.example', phone: 'secret' };
    await send({
      batch: [
        { type: 'page', anonymousId: 'secret', messageId: 'p', properties: page, context: { ip: 'secret' } },
        { type: 'identify', userId: 'secret', anonymousId: 'secret', traits },
      ],
    });
    const [event] = await kept();
    expect(event).toMatchObject({
      type: 'page_view',
      attributes: { url: page.url, path: '/pricing', title: 'Pricing', referrer: null },
    });
    expect(await identities()).toMatchObject([{ email_key: 'pat@acme.example' }, { email_key: 'pat@acme.example' }]);
    expect(JSON.stringify([event, await identities()])).not.toContain('secret');
  });

  test('keys that would change every object are only names', async () => {
    const text = `{"__proto__":{"type":"page","polluted":true},"type":"track","event":"Clicked","userId":"u1",
      "properties":{"__proto__":{"email":"pat@acme.example","polluted":true},"constructor":{"prototype":{"polluted":true}}},
      "traits":{"__proto__":{"hubspot_id":"1"}},"context":{"__proto__":{"externalIds":[{"type":"hubspot","id":"1"}]}}}`;
    expect(await send(text)).toMatchObject({ status: 200 });
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(await kept()).toMatchObject([
      { type: 'product_use', attributes: { event: 'Clicked' }, email_key: null, crm: null },
    ]);
  });

  test('what docs/events.md sends with curl is taken', async () => {
    const examples = [...readFileSync('docs/events.md', 'utf8').matchAll(/```sh\n(curl .*?)```/gs)].map(
      ([, text = '']) => text,
    );
    expect(examples.length).toBeGreaterThanOrEqual(4);
    for (const example of examples) {
      const [, path = ''] = /https:\/\/leadgrade\.example\.com(\/\S+)/.exec(example) ?? [];
      const [, body = ''] = /-d '(.*)'/s.exec(example) ?? [];
      expect(example).toMatch(/-u "\$KEY:"/);
      const today = body.replaceAll(/2026-11-\d\d/g, '2026-03-09');
      expect(await send(today, undefined, path)).toEqual({ status: 200, body: { success: true } });
    }
    expect((await kept()).map(({ type }) => type).toSorted()).toEqual([
      'page_view',
      'page_view',
      'product_use',
      'trial_started',
    ]);
    expect(await identities()).toHaveLength(2);
  });

  test('text that Postgres does not take is kept without what it does not take', async () => {
    expect(await send({ ...TRACK, properties: { product: 'a\0b\ud800' } })).toMatchObject({ status: 200 });
    expect(await kept()).toMatchObject([{ attributes: { product: 'ab\ufffd' } }]);
  });
});

describe('without a database', () => {
  let stop = () => {};
  afterEach(() => stop());

  test('it is answered with 503 within a second, and nothing is rung for', async () => {
    // Takes connections and never answers.
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const port = z.object({ port: z.number() }).parse(silent.address()).port;
    const { openDatabase } = await import('../../src/store/open-database.ts');
    const database = await openDatabase({ databaseUrl: `postgres://nobody@127.0.0.1:${port}/none`, dataDir: '.' });
    let rings = 0;
    const { server, url } = await serve({
      db: database.db,
      keys: KEYS,
      ring: () => {
        rings += 1;
      },
    });
    stop = () => {
      server.closeAllConnections();
      server.close();
      silent.closeAllConnections();
      silent.close();
    };
    const began = performance.now();
    const answer = await post(`${url}/events`, TRACK);
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(answer).toMatchObject({ status: 503, body: { success: false } });
    expect((await post(`${url}/events`, TRACK, {})).status).toBe(401);
    expect(rings).toBe(0);
  });
});
