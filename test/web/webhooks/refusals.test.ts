// A request that is not from HubSpot is refused without details, and nothing of it is stored.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshStore } from '../../store/fresh-store.ts';
import { BACKEND } from '../../support/backends.ts';
import { changed, PUBLIC_URL, SECRET, signed } from '../../support/hubspot-webhooks.ts';
import { startTestServer, type TestServer } from '../test-server.ts';
import { HUBSPOT, post, send } from './hubspot-sender.ts';

const store = freshStore(BACKEND);
let server: TestServer;
let now = new Date();
beforeEach(async () => {
  now = new Date();
  server = await startTestServer({ db: store.db, receivers: HUBSPOT, now: () => now });
});
afterEach(() => {
  expect(server.warnings.join()).not.toContain(SECRET);
});

const minutesFromNow = (minutes: number) => new Date(now.getTime() + minutes * 60_000);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const inboxIds = async () =>
  (await store.db.selectFrom('inbox').select('ids').orderBy('seq').execute()).flatMap(({ ids }) => ids);

interface Forgery {
  readonly headers: (body: string) => Record<string, string>;
  readonly reason: string;
}

const FORGED: Readonly<Record<string, Forgery>> = {
  'signed with another secret': {
    headers: (body) => signed(body, { secret: 'another secret' }),
    reason: 'bad_signature',
  },
  'signed for another address': {
    headers: (body) => signed(body, { url: 'https://evil.example.com/webhooks/hubspot' }),
    reason: 'bad_signature',
  },
  'signed for the Host header of the request': {
    headers: (body) => signed(body, { url: `${server.url}/webhooks/hubspot` }),
    reason: 'bad_signature',
  },
  'with the signature of another body': { headers: () => signed('[]'), reason: 'bad_signature' },
  'without a signature': { headers: () => ({ 'content-type': 'application/json' }), reason: 'missing_signature' },
  'with only a valid signature of version 1': {
    headers: (body) => ({
      'x-hubspot-signature': sha256(`${SECRET}${body}`),
      'x-hubspot-signature-version': 'v1',
    }),
    reason: 'missing_signature',
  },
  'with only a valid signature of version 2': {
    headers: (body) => ({
      'x-hubspot-signature': sha256(`${SECRET}POST${PUBLIC_URL}/webhooks/hubspot${body}`),
      'x-hubspot-signature-version': 'v2',
    }),
    reason: 'missing_signature',
  },
  'with half a signature': {
    headers: (body) => ({ ...signed(body), 'x-hubspot-signature-v3': 'K36dawei4A==' }),
    reason: 'bad_signature',
  },
  'with a signature that is not valid base64': {
    headers: (body) => ({ ...signed(body), 'x-hubspot-signature-v3': 'not base64!'.repeat(4) }),
    reason: 'bad_signature',
  },
  'without a timestamp': {
    headers: (body) => ({ ...signed(body), 'x-hubspot-request-timestamp': '' }),
    reason: 'bad_timestamp',
  },
  'with a timestamp that is not a number': {
    headers: (body) => ({ ...signed(body), 'x-hubspot-request-timestamp': 'now' }),
    reason: 'bad_timestamp',
  },
  'six minutes old': { headers: (body) => signed(body, { at: minutesFromNow(-6) }), reason: 'clock_skew' },
  'from six minutes in the future': {
    headers: (body) => signed(body, { at: minutesFromNow(6) }),
    reason: 'clock_skew',
  },
};

describe('a webhook request', () => {
  test.each(Object.entries(FORGED))(
    '%s is refused and counted; nothing is stored, and no job is triggered',
    async (_how, forged) => {
      const body = JSON.stringify([changed(105)]);
      const response = await post(server, body, forged.headers(body));
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({ error: 'Not accepted.' });
      expect(await server.requests('hubspot', forged.reason)).toBe(1);
      await server.expectNothingStored();
    },
  );

  test('is refused if one byte of its body was changed after signing', async () => {
    const body = Buffer.from(JSON.stringify([changed(119)]));
    const headers = signed(body);
    await fc.assert(
      fc.asyncProperty(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const forgery = Buffer.from(body);
        forgery[at] = (forgery[at] ?? 0) ^ by;
        expect((await post(server, forgery, headers)).status).toBe(401);
      }),
      { numRuns: 40 },
    );
    await server.expectNothingStored();
    expect((await post(server, body, headers)).status).toBe(200);
  });

  test.each([-4, 4])('is accepted if its clock differs by %i minutes', async (minutes) => {
    const body = JSON.stringify([changed(107)]);
    expect((await post(server, body, signed(body, { at: minutesFromNow(minutes) }))).status).toBe(200);
    expect(await inboxIds()).toEqual(['107']);
  });

  test('is verified by its decompressed bytes: Unicode, white space, order of keys and gzip do not matter', async () => {
    const body = Buffer.from(`\n [ ${JSON.stringify(changed(108, { propertyValue: 'Geschäftsführerin 🚀' }))}\t]`);
    expect((await post(server, body, signed(body))).status).toBe(200);
    const other = Buffer.from(JSON.stringify([changed(109)]));
    expect((await post(server, gzipSync(other), { ...signed(other), 'content-encoding': 'gzip' })).status).toBe(200);
    expect(await inboxIds()).toEqual(['108', '109']);
  });
});

test('a proxy that rewrites host, protocol and address of the sender does not matter: PUBLIC_URL is verified', async () => {
  const body = JSON.stringify([changed(121)]);
  const rewritten = {
    'x-forwarded-host': 'evil.example.com',
    'x-forwarded-proto': 'http',
    'x-forwarded-for': '203.0.113.7',
    forwarded: 'for=203.0.113.7;host=evil.example.com;proto=http',
    'x-original-url': '/webhooks/other',
  };
  expect((await post(server, body, { ...signed(body), ...rewritten })).status).toBe(200);
  expect(await inboxIds()).toEqual(['121']);
  const encoded = '/webhooks/hubspot?portal=a%2Fb%3A1';
  const headers = signed(body, { url: `${PUBLIC_URL}/webhooks/hubspot?portal=a/b:1` });
  expect((await post(server, body, headers, encoded)).status).toBe(200);
});

test('a wrong clock is logged once a minute and counted for every request', async () => {
  const body = JSON.stringify([changed(106)]);
  const sendStale = () => post(server, body, signed(body, { at: minutesFromNow(-6) }));
  for (let time = 0; time < 3; time += 1) await sendStale();
  expect(server.warnings).toEqual([expect.stringMatching(/set the clock of this server/)]);
  expect(await server.requests('hubspot', 'clock_skew')).toBe(3);
  now = minutesFromNow(1);
  await sendStale();
  expect(server.warnings).toHaveLength(2);
});

test('changes by our own writes and of our own properties are ignored and counted', async () => {
  await send(server, [
    changed(114, { propertyName: 'leadgrade_total_score' }),
    changed(115, { changeSource: 'INTEGRATION', sourceId: '7' }),
    changed(116, { changeSource: 'INTEGRATION', sourceId: '8' }),
  ]);
  expect(await inboxIds()).toEqual(['116']);
  expect(await server.events('hubspot', 'own_property')).toBe(1);
  expect(await server.events('hubspot', 'own_write')).toBe(1);
});

test('an ID above the safe integers of JavaScript is not rounded to the ID of another contact', async () => {
  const body = JSON.stringify([changed(111)]).replace('"objectId":111', '"objectId":9007199254740993');
  expect((await post(server, body, signed(body))).status).toBe(200);
  const ids = await inboxIds();
  expect(ids).not.toContain('9007199254740992');
  const unparsed = await store.db.selectFrom('quarantine').selectAll().execute();
  expect(ids.length + unparsed.length).toBe(1);
});

test('without PUBLIC_URL a webhook gets 503, so that HubSpot sends it again', async () => {
  const unsure = await startTestServer({ db: store.db, receivers: HUBSPOT, publicUrl: null });
  expect((await send(unsure, [changed(118)])).status).toBe(503);
  expect(await unsure.requests('hubspot', 'no_public_url')).toBe(1);
  await unsure.expectNothingStored();
});

test('other methods and other paths get 404', async () => {
  const body = JSON.stringify([changed(121)]);
  expect((await fetch(`${server.url}/webhooks/hubspot`)).status).toBe(404);
  for (const path of ['/webhooks/salesforce', '/webhooks/hubspot/more', '/webhooks/__proto__', '/events']) {
    expect((await post(server, body, signed(body, { url: `${PUBLIC_URL}${path}` }), path)).status).toBe(404);
  }
  await server.expectNothingStored();
});

test('a path with an invalid escape sequence gets 400 without details of the error', async () => {
  const both = await startTestServer({
    db: store.db,
    receivers: HUBSPOT,
    keys: [{ source: 'website', key: 'x'.repeat(20) }],
  });
  for (const path of ['/webhooks/hubspot/%E0%A4%A', '/events/v1/%E0%A4%A']) {
    const response = await post(both, '[]', {}, path);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: 'The request cannot be read.' });
  }
});

test('/metrics needs the bearer token', async () => {
  expect((await fetch(`${server.url}/metrics`)).status).toBe(401);
  expect((await fetch(`${server.url}/metrics`, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
  expect(await server.metrics()).toContain('leadgrade_inbox_waiting 0');
});
