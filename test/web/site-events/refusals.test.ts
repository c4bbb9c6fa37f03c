// Who may send to `POST /events`, and what is refused.
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { DEFAULT_BACKEND } from '../../support/backends.ts';
import { basic, NEXT, PRODUCT, sendTo, siteUnderTest, startSiteServer, TRACK, WEBSITE } from './site-sender.ts';

const { store, door: server, send, kept } = siteUnderTest(DEFAULT_BACKEND);

test.each([
  ['Basic authentication, as Segment sends it', TRACK, basic(WEBSITE), 'website'],
  ['Basic authentication of another source', TRACK, basic(PRODUCT), 'product'],
  ['a key that is to replace another', TRACK, basic(NEXT), 'website'],
  ['a bearer token', TRACK, { authorization: `Bearer ${PRODUCT}` }, 'product'],
  ['the body', { ...TRACK, writeKey: WEBSITE }, {}, 'website'],
  ['the body of a batch', { writeKey: PRODUCT, batch: [TRACK] }, {}, 'product'],
])('takes the key from %s', async (_where, body, headers, source) => {
  expect(await send(body, headers)).toEqual({ status: 200, body: { success: true } });
  expect(await kept()).toMatchObject([
    { source, message_id: 'm1', type: 'trial_started', attributes: { product: 'Team' }, assigned_at: null },
  ]);
  expect(server().triggerCount()).toBe(1);
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
  await server().expectNothingStored();
});

test('a wrong key in the header is not made right by one in the body', async () => {
  expect(await send({ ...TRACK, writeKey: WEBSITE }, basic('nothing-that-we-know'))).toMatchObject({ status: 401 });
  await server().expectNothingStored();
});

test('without any key there is no such address', async () => {
  const none = await startSiteServer({ db: store.db, keys: [] });
  expect((await sendTo(none, TRACK)).status).toBe(404);
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
  await server().expectNothingStored();
});

test('refuses what is nested without end', async () => {
  const deep = `${'{"a":'.repeat(80_000)}1${'}'.repeat(80_000)}`;
  expect(deep.length).toBeGreaterThan(450_000);
  expect(await send(`{"type":"track","event":"e","userId":"u","properties":${deep}}`)).toMatchObject({ status: 400 });
  await server().expectNothingStored();
});

test('refuses a body over half a megabyte, packed or not', async () => {
  const large = JSON.stringify({ batch: [TRACK], padding: 'x'.repeat(500_000) });
  expect(await send(large)).toMatchObject({ status: 413, body: { success: false } });
  const packed = { ...basic(WEBSITE), 'content-encoding': 'gzip' };
  expect(await send(gzipSync(large), packed)).toMatchObject({ status: 413 });
  await server().expectNothingStored();
  expect(await send(gzipSync(JSON.stringify(TRACK)), packed)).toMatchObject({ status: 200 });
});

test('what a batch says of all its messages is not read thousands of times', async () => {
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
  expect(await kept()).toHaveLength(50);
});
