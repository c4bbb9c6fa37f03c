// How messages of a site become events: their fields, their time, and their person.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BACKEND } from '../../support/backends.ts';
import { siteUnderTest, TRACK } from './site-sender.ts';

const { server, send, storedEvents, identities } = siteUnderTest(BACKEND);

test('the valid messages of a batch are stored, and the response lists the others with their errors', async () => {
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
  expect((await storedEvents()).map((event) => event.message_id)).toEqual(['m1']);
});

test('the paths of the Segment libraries exist, and an empty batch is accepted', async () => {
  const { type: _type, ...track } = TRACK;
  expect(await send(track, undefined, '/events/v1/track')).toMatchObject({ status: 200 });
  expect(await send({ batch: [{ ...TRACK, messageId: 'm2' }] }, undefined, '/events/v1/batch')).toMatchObject({
    status: 200,
  });
  expect(await send({ batch: [] }, undefined, '/events/v1/batch')).toMatchObject({ status: 200 });
  expect(await send(TRACK, undefined, '/events/v1/batch')).toMatchObject({ status: 400 });
  expect((await storedEvents()).map((event) => event.message_id)).toEqual(['m1', 'm2']);
});

test('messages without an ID are deduplicated by their content, without sentAt', async () => {
  const { messageId: _id, ...track } = { ...TRACK, timestamp: '2026-03-10T11:00:00Z' };
  await send(track);
  await send({ ...track, sentAt: '2026-03-10T11:59:59Z' });
  await send({ ...track, timestamp: '2026-03-10T11:00:01Z' });
  expect(await storedEvents()).toHaveLength(2);
});

test.each([
  [
    'its timestamp, which wins over all other times',
    { timestamp: '2026-03-01T10:00:00+02:00', sentAt: '2026-03-09T00:00:00Z' },
    '2026-03-01T08:00:00.000Z',
  ],
  [
    'the corrected time of a device whose clock is two hours late',
    { originalTimestamp: '2026-03-10T09:00:00Z', sentAt: '2026-03-10T10:00:00Z' },
    '2026-03-10T11:00:00.000Z',
  ],
  [
    'the time of the device, if there is no sentAt',
    { originalTimestamp: '2026-03-10T09:00:00Z' },
    '2026-03-10T09:00:00.000Z',
  ],
  ['its receipt, if it has no time', {}, '2026-03-10T12:00:00.000Z'],
  ['its receipt, if its timestamp is in the future', { timestamp: '2036-03-10T12:00:00Z' }, '2026-03-10T12:00:00.000Z'],
])('the time of an event is %s', async (_what, times, instant) => {
  await send({ ...TRACK, ...times });
  expect((await storedEvents()).map((event) => event.at.toISOString())).toEqual([instant]);
});

test.each([
  ['an e-mail address in its traits', { traits: { email: ' Pat@Acme.example ' } }, { email_key: 'pat@acme.example' }],
  [
    'an e-mail address in its properties',
    { properties: { email: 'pat@acme.example' } },
    { email_key: 'pat@acme.example' },
  ],
  [
    'an e-mail address in its context',
    { context: { traits: { email: 'pat@acme.example' } } },
    { email_key: 'pat@acme.example' },
  ],
  ['a user ID that is an e-mail address', { userId: 'pat@acme.example' }, { email_key: 'pat@acme.example' }],
  [
    'an external ID',
    { context: { externalIds: [{ type: 'salesforce', id: '003A' }] } },
    { crm: 'salesforce', record_id: '003A' },
  ],
  [
    'an external ID in the format of RudderStack',
    { context: { externalId: [{ type: 'hubspot', id: 7 }] } },
    { crm: 'hubspot', record_id: '7' },
  ],
  ['a record ID in its properties', { properties: { hubspot_id: 123 } }, { crm: 'hubspot', record_id: '123' }],
  ['a record ID in its traits', { traits: { salesforce_id: '00Q1' } }, { crm: 'salesforce', record_id: '00Q1' }],
  [
    'nothing but its user, if its address and record ID are invalid',
    { properties: { email: 'pat', hubspot_id: '1; drop' } },
    { email_key: null, crm: null, record_id: null },
  ],
])('the person of an event is found by %s', async (_what, content, expected) => {
  await send({ type: 'track', event: 'Clicked', anonymousId: 'a1', ...content });
  expect(await storedEvents()).toMatchObject([expected]);
});

test('group, alias and identify without an address are acknowledged and not stored', async () => {
  const batch = [
    { type: 'group', groupId: 'g', userId: 'u1' },
    { type: 'alias', previousId: 'a', userId: 'u1' },
    { type: 'identify', userId: 'u1', traits: { plan: 'free' } },
  ];
  expect(await send({ batch })).toEqual({ status: 200, body: { success: true } });
  await server().expectNothingStored();
});

test('only mapped fields are stored, and user IDs only as hashes', async () => {
  const page = { url: 'https://acme.example/pricing?plan=team', title: 'Pricing', search: 'secret' };
  const traits = { email: 'pat@acme.example', phone: 'secret' };
  await send({
    batch: [
      { type: 'page', anonymousId: 'secret', messageId: 'p', properties: page, context: { ip: 'secret' } },
      { type: 'identify', userId: 'secret', anonymousId: 'secret', traits },
    ],
  });
  const [event] = await storedEvents();
  expect(event).toMatchObject({
    type: 'page_view',
    attributes: { url: page.url, path: '/pricing', title: 'Pricing', referrer: null },
  });
  expect(await identities()).toMatchObject([{ email_key: 'pat@acme.example' }, { email_key: 'pat@acme.example' }]);
  expect(JSON.stringify([event, await identities()])).not.toContain('secret');
});

test('the curl examples of docs/events.md are accepted', async () => {
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
  expect((await storedEvents()).map(({ type }) => type).toSorted()).toEqual([
    'page_view',
    'page_view',
    'product_use',
    'trial_started',
  ]);
  expect(await identities()).toHaveLength(2);
});
