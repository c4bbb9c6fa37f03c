// What is not from HubSpot leaves no trace, and whoever sent it learns nothing.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshStore } from '../../store/fresh-store.ts';
import { DEFAULT_BACKEND } from '../../support/backends.ts';
import { changed, PUBLIC_URL, SECRET, signed } from '../../support/hubspot-webhooks.ts';
import { startTestServer, type TestServer } from '../test-server.ts';
import { HUBSPOT, post, send } from './hubspot-sender.ts';

const store = freshStore(DEFAULT_BACKEND);
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
  'signed for the host that the request names': {
    headers: (body) => signed(body, { url: `${server.url}/webhooks/hubspot` }),
    reason: 'bad_signature',
  },
  'with the signature of another body': { headers: () => signed('[]'), reason: 'bad_signature' },
  'without a signature': { headers: () => ({ 'content-type': 'application/json' }), reason: 'missing_signature' },
  'with a good signature of version 1 alone': {
    headers: (body) => ({
      'x-hubspot-signature': sha256(`${SECRET}${body}`),
      'x-hubspot-signature-version': 'v1',
    }),
    reason: 'missing_signature',
  },
  'with a good signature of version 2 alone': {
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
  'with a signature that is no base64': {
    headers: (body) => ({ ...signed(body), 'x-hubspot-signature-v3': 'not base64!'.repeat(4) }),
    reason: 'bad_signature',
  },
  'without a time': {
    headers: (body) => ({ ...signed(body), 'x-hubspot-request-timestamp': '' }),
    reason: 'bad_timestamp',
  },
  'with a time that is no number': {
    headers: (body) => ({ ...signed(body), 'x-hubspot-request-timestamp': 'now' }),
    reason: 'bad_timestamp',
  },
  'six minutes old': { headers: (body) => signed(body, { at: minutesFromNow(-6) }), reason: 'clock_skew' },
  'from six minutes ahead': { headers: (body) => signed(body, { at: minutesFromNow(6) }), reason: 'clock_skew' },
};

describe('a request', () => {
  test.each(Object.entries(FORGED))(
    '%s is refused, counted, and nothing of it is stored or rung for',
    async (_how, forged) => {
      const body = JSON.stringify([changed(105)]);
      const answer = await post(server, body, forged.headers(body));
      expect(answer.status).toBe(401);
      expect(await answer.json()).toEqual({ error: 'Not accepted.' });
      expect(await server.requests('hubspot', forged.reason)).toBe(1);
      await server.expectNothingStored();
    },
  );

  test('that was changed anywhere after it was signed is refused', async () => {
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

  test.each([-4, 4])('whose clock is %i minutes away is close enough', async (minutes) => {
    const body = JSON.stringify([changed(107)]);
    expect((await post(server, body, signed(body, { at: minutesFromNow(minutes) }))).status).toBe(200);
    expect(await inboxIds()).toEqual(['107']);
  });

  test('is verified by its bytes, whatever they are: unicode, white space, order of keys, gzip', async () => {
    const body = Buffer.from(`\n [ ${JSON.stringify(changed(108, { propertyValue: 'Geschäftsführerin 🚀' }))}\t]`);
    expect((await post(server, body, signed(body))).status).toBe(200);
    const other = Buffer.from(JSON.stringify([changed(109)]));
    expect((await post(server, gzipSync(other), { ...signed(other), 'content-encoding': 'gzip' })).status).toBe(200);
    expect(await inboxIds()).toEqual(['108', '109']);
  });
});

test('a clock that is off is told once a minute, and counted each time', async () => {
  const body = JSON.stringify([changed(106)]);
  const knock = () => post(server, body, signed(body, { at: minutesFromNow(-6) }));
  for (let time = 0; time < 3; time += 1) await knock();
  expect(server.warnings).toEqual([expect.stringMatching(/set the clock of this server/)]);
  expect(await server.requests('hubspot', 'clock_skew')).toBe(3);
  now = minutesFromNow(1);
  await knock();
  expect(server.warnings).toHaveLength(2);
});

test('our own writes and our own properties are no events', async () => {
  await send(server, [
    changed(114, { propertyName: 'leadgrade_total_score' }),
    changed(115, { changeSource: 'INTEGRATION', sourceId: '7' }),
    changed(116, { changeSource: 'INTEGRATION', sourceId: '8' }),
  ]);
  expect(await inboxIds()).toEqual(['116']);
  expect(await server.events('hubspot', 'own_property')).toBe(1);
  expect(await server.events('hubspot', 'own_write')).toBe(1);
});

test('an id beyond what a number of JavaScript holds is not another contact', async () => {
  const body = JSON.stringify([changed(111)]).replace('"objectId":111', '"objectId":9007199254740993');
  expect((await post(server, body, signed(body))).status).toBe(200);
  const ids = await inboxIds();
  expect(ids).not.toContain('9007199254740992');
  const unparsed = await store.db.selectFrom('quarantine').selectAll().execute();
  expect(ids.length + unparsed.length).toBe(1);
});

test('without PUBLIC_URL nothing can be verified: it is said so, and HubSpot comes again', async () => {
  const unsure = await startTestServer({ db: store.db, receivers: HUBSPOT, publicUrl: null });
  expect((await send(unsure, [changed(118)])).status).toBe(503);
  expect(await unsure.requests('hubspot', 'no_public_url')).toBe(1);
  await unsure.expectNothingStored();
});

test('other methods and other addresses are not there', async () => {
  const body = JSON.stringify([changed(121)]);
  expect((await fetch(`${server.url}/webhooks/hubspot`)).status).toBe(404);
  for (const path of ['/webhooks/salesforce', '/webhooks/hubspot/more', '/webhooks/__proto__', '/events']) {
    expect((await post(server, body, signed(body, { url: `${PUBLIC_URL}${path}` }), path)).status).toBe(404);
  }
  await server.expectNothingStored();
});

test('an address that cannot be read is answered without a word of where it failed', async () => {
  const both = await startTestServer({
    db: store.db,
    receivers: HUBSPOT,
    keys: [{ source: 'website', key: 'x'.repeat(20) }],
  });
  for (const path of ['/webhooks/hubspot/%E0%A4%A', '/events/v1/%E0%A4%A']) {
    const answer = await post(both, '[]', {}, path);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: 'The request cannot be read.' });
  }
});

test('metrics are for who has the token', async () => {
  expect((await fetch(`${server.url}/metrics`)).status).toBe(401);
  expect((await fetch(`${server.url}/metrics`, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
  expect(await server.metrics()).toContain('leadgrade_inbox_waiting 0');
});
