// What is made of the messages of a site: which, when, and whose.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DEFAULT_BACKEND } from '../../support/backends.ts';
import { siteUnderTest, TRACK } from './site-sender.ts';

const { door: server, send, kept, identities } = siteUnderTest(DEFAULT_BACKEND);

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
  await server().expectNothingStored();
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
