// Write keys of `POST /events`, and refused requests.
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { BACKEND } from '../../support/backends.ts';
import { basic, PRODUCT, REPLACEMENT, sendTo, siteUnderTest, startSiteServer, TRACK, WEBSITE } from './site-sender.ts';

const { store, server, send, storedEvents } = siteUnderTest(BACKEND);

test.each([
  ['Basic authentication, as Segment sends it', TRACK, basic(WEBSITE), 'website'],
  ['Basic authentication of another source', TRACK, basic(PRODUCT), 'product'],
  ['Basic authentication with the replacement key', TRACK, basic(REPLACEMENT), 'website'],
  ['a bearer token', TRACK, { authorization: `Bearer ${PRODUCT}` }, 'product'],
  ['the body of a message', { ...TRACK, writeKey: WEBSITE }, {}, 'website'],
  ['the body of a batch', { writeKey: PRODUCT, batch: [TRACK] }, {}, 'product'],
])('the write key is accepted from %s', async (_where, body, headers, source) => {
  expect(await send(body, headers)).toEqual({ status: 200, body: { success: true } });
  expect(await storedEvents()).toMatchObject([
    { source, message_id: 'm1', type: 'trial_started', attributes: { product: 'Team' }, assigned_at: null },
  ]);
  expect(server().triggerCount()).toBe(1);
});

test.each([
  ['no key', {}],
  ['a wrong key', basic('website-key-0123456780')],
  ['the first characters of a key', basic(WEBSITE.slice(0, 16))],
  ['an empty key', basic('')],
  [
    'a key as the password of Basic authentication',
    { authorization: `Basic ${Buffer.from(`:${WEBSITE}`).toString('base64')}` },
  ],
  ['a wrong bearer token', { authorization: 'Bearer an-unknown-token' }],
  ['an unknown authentication scheme', { authorization: `Digest ${WEBSITE}` }],
])('a request with %s is refused with 401, and nothing is stored', async (_what, headers) => {
  const { status, body } = await send(TRACK, headers);
  expect(status).toBe(401);
  expect(JSON.stringify(body)).not.toContain('website-key');
  await server().expectNothingStored();
});

test('a request with a wrong key in the header is refused, although the key in its body is right', async () => {
  expect(await send({ ...TRACK, writeKey: WEBSITE }, basic('an-unknown-key'))).toMatchObject({ status: 401 });
  await server().expectNothingStored();
});

test('without any write key /events does not exist', async () => {
  const none = await startSiteServer({ db: store.db, keys: [] });
  expect((await sendTo(none, TRACK)).status).toBe(404);
});

test.each([
  ['a body that is not JSON', 'type=track', /as JSON/],
  ['an empty body', '', /as JSON/],
  ['a list as body', [TRACK], /as JSON/],
  [
    'a message without a type',
    { event: 'Trial Started', userId: 'u1' },
    /^type: give one of track, page, screen, identify$/,
  ],
  ['an unknown type', { ...TRACK, type: 'dance' }, /^type: give one of track/],
  ['a track without a name', { ...TRACK, event: ' ' }, /^event: a track needs the name/],
  ['an event name that is a number', { ...TRACK, event: 5 }, /^event: expected text/],
  ['properties that are a list', { ...TRACK, properties: ['secret'] }, /^properties: expected an object/],
  ['a message without a person', { type: 'track', event: 'Trial Started' }, /^userId: send userId or anonymousId/],
  ['a user ID that is an object', { ...TRACK, userId: { secret: 1 } }, /^userId: expected text/],
  ['a timestamp without an offset', { ...TRACK, timestamp: '2026-03-10 secret' }, /^timestamp: expected an instant/],
  ['a timestamp that is too old', { ...TRACK, timestamp: '2025-01-01T00:00:00Z' }, /^timestamp: at most 400 days ago/],
  ['a batch that is not a list', { batch: TRACK }, /^batch: expected a list/],
  ['too many messages', { batch: Array.from({ length: 2_501 }, () => ({})) }, /^batch: at most 2500 messages/],
  ['a message that is too long', { ...TRACK, properties: { a: 'x'.repeat(32_000) } }, /at most 32000 bytes/],
  ['too many values', { ...TRACK, properties: { a: Array(1_001).fill(1) } }, /at most 1000 values/],
  ['a batch without a valid message', { batch: [{ type: 'track', event: 'secret' }] }, /^userId: send/],
])(
  '%s is refused with the location of the error and without a quote, and nothing is stored',
  async (_what, body, message) => {
    const response = await send(body);
    expect(response).toMatchObject({ status: 400, body: { success: false, error: expect.stringMatching(message) } });
    expect(JSON.stringify(response.body)).not.toMatch(/secret|dance/);
    await server().expectNothingStored();
  },
);

test('a message that is nested 80,000 levels deep is refused', async () => {
  const deep = `${'{"a":'.repeat(80_000)}1${'}'.repeat(80_000)}`;
  expect(deep.length).toBeGreaterThan(450_000);
  expect(await send(`{"type":"track","event":"e","userId":"u","properties":${deep}}`)).toMatchObject({ status: 400 });
  await server().expectNothingStored();
});

test('a body over half a megabyte is refused, compressed or not', async () => {
  const large = JSON.stringify({ batch: [TRACK], padding: 'x'.repeat(500_000) });
  expect(await send(large)).toMatchObject({ status: 413, body: { success: false } });
  const compressed = { ...basic(WEBSITE), 'content-encoding': 'gzip' };
  expect(await send(gzipSync(large), compressed)).toMatchObject({ status: 413 });
  await server().expectNothingStored();
  expect(await send(gzipSync(JSON.stringify(TRACK)), compressed)).toMatchObject({ status: 200 });
});

test('a batch is refused when its context times its messages exceeds the limit', async () => {
  const context = { page: { text: 'x'.repeat(25_000) } };
  const batch = Array.from({ length: 2_500 }, (_, n) => ({
    type: 'track',
    event: 'e',
    userId: 'u',
    messageId: `${n}`,
  }));
  expect(await send({ context, batch })).toEqual({
    status: 413,
    body: { success: false, error: expect.stringMatching(/^context: .*Send smaller batches\.$/) },
  });
  await server().expectNothingStored();
  expect(await send({ context, batch: batch.slice(0, 50) })).toEqual({ status: 200, body: { success: true } });
  expect(await storedEvents()).toHaveLength(50);
});
