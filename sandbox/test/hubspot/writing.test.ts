// Batch updates: what is written, and everything that is refused.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { people, startTestSandbox, type TestSandbox } from './sandbox-under-test.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox({ dataset: people(130), searchLagMs: 0 });
  const grade = ['A', 'B'].map((value, displayOrder) => ({ label: value, value, displayOrder, hidden: false }));
  const group = { groupName: 'contactinformation' };
  const define = (body: object) => sandbox.call('POST', '/crm/properties/2026-03/contacts', { ...group, ...body });
  await define({ name: 'grade', label: 'Grade', type: 'enumeration', fieldType: 'select', options: grade });
  await define({ name: 'points', label: 'Points', type: 'number', fieldType: 'number' });
  await define({ name: 'scored_at', label: 'Scored', type: 'datetime', fieldType: 'date' });
  await define({ name: 'birthday', label: 'Birthday', type: 'date', fieldType: 'date' });
  await define({ name: 'reason', label: 'Reason', type: 'string', fieldType: 'textarea' });
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.pass(20_000));

const update = (inputs: unknown) => sandbox.call('POST', '/crm/objects/2026-03/contacts/batch/update', { inputs });
const write = (properties: object, at = 0) => update([{ id: sandbox.id(at), properties }]);
const held = async (at = 0) => (await sandbox.control('GET', `/contacts/${sandbox.id(at)}`)).body.properties;

test('answers with what was sent, the modification time and the e-mail domain', async () => {
  const now = (await sandbox.control('GET', '/clock')).body.now;
  const { status, body } = await write({ grade: 'A', points: '71.5', scored_at: '1767225600000', reason: '' });
  expect(status).toBe(200);
  expect(body.results[0].properties).toEqual({
    grade: 'A',
    points: '71.5',
    scored_at: '2026-01-01T00:00:00.000Z',
    reason: '',
    lastmodifieddate: now,
    hs_email_domain: 'acme.example',
  });
  expect(await held()).toMatchObject({ grade: 'A', points: '71.5', lastmodifieddate: now });
});

test('a write of an equal value moves the modification time too', async () => {
  await write({ grade: 'B' }, 1);
  const before = (await held(1)).lastmodifieddate;
  sandbox.pass(1);
  await write({ grade: 'B' }, 1);
  expect(Date.parse((await held(1)).lastmodifieddate) - Date.parse(before)).toBe(1);
});

test('"" clears a value, which is null from then on', async () => {
  await write({ points: '3' }, 2);
  await write({ points: '' }, 2);
  const { body } = await sandbox.call('GET', `/crm/objects/2026-03/contacts/${sandbox.id(2)}?properties=points`);
  expect(body.properties.points).toBeNull();
});

describe('one bad value refuses the whole batch with a 400 that names the property, not the record', () => {
  test.each([
    ['an unknown property', { no_such_thing: 'x' }, 'PROPERTY_DOESNT_EXIST'],
    ['a read-only property', { lastmodifieddate: '1' }, 'READ_ONLY_VALUE'],
    ['an option that is not there', { grade: 'C' }, 'INVALID_OPTION'],
    ['an option in another case', { grade: 'a' }, 'INVALID_OPTION'],
    ['a date that is none', { scored_at: 'today' }, 'INVALID_LONG'],
    ['a day with a time', { birthday: '1767225600001' }, 'INVALID_DATE'],
    ['a number that is none', { points: '12 points' }, 'INVALID_DOUBLE'],
    ['white space around a number', { points: ' 12' }, 'LEADING_TRAILING_WHITESPACE'],
    ['an invisible character behind an option', { grade: 'A\u200b' }, 'LEADING_TRAILING_WHITESPACE'],
    ['a bad e-mail address', { email: 'nobody' }, 'INVALID_EMAIL'],
    ['text over 65,536 characters', { reason: 'x'.repeat(65_537) }, 'PROPERTY_VALUE_TOO_LONG'],
    ['a property named like one of every object', { constructor: 'x' }, 'PROPERTY_DOESNT_EXIST'],
  ])('%s', async (_name, bad, code) => {
    const before = await held(3);
    const { status, body } = await update([
      { id: sandbox.id(3), properties: { points: '50' } },
      { id: sandbox.id(4), properties: bad },
    ]);
    expect(status).toBe(400);
    expect(body).toMatchObject({ status: 'error', category: 'VALIDATION_ERROR', correlationId: expect.any(String) });
    const [lead, list] = [body.message.slice(0, 32), JSON.parse(body.message.slice(32))];
    expect(lead).toBe('Property values were not valid: ');
    expect(list[0]).toMatchObject({ isValid: false, error: code, name: Object.keys(bad)[0] });
    expect(JSON.stringify(body)).not.toContain(sandbox.id(4));
    expect(await held(3)).toEqual(before);
  });
});

test('text of exactly 65,536 characters is taken', async () => {
  expect((await write({ reason: 'x'.repeat(65_536) }, 5)).status).toBe(200);
});

test.each([
  ['a number', 12],
  ['null', null],
  ['a boolean', true],
])('refuses %s as a value: only text is taken', async (_name, value) => {
  const { status, body } = await write({ points: value });
  expect(status).toBe(400);
  expect(body.message).toMatch(/^Invalid input JSON/);
});

test('takes 100 inputs, not 101, none of them twice, and not an empty list', async () => {
  const inputs = Array.from({ length: 101 }, (_, at) => ({ id: sandbox.id(at), properties: { points: '1' } }));
  expect((await update(inputs)).status).toBe(400);
  expect((await update(inputs.slice(0, 100))).status).toBe(200);
  expect((await update([inputs[0], inputs[0]])).body.message).toMatch(/^Duplicate IDs found in batch input/);
  expect((await update([])).status).toBe(400);
  expect((await update(undefined)).status).toBe(400);
});

test('missing ids come in a 207 beside what was written, and in a 404 when there is nothing else', async () => {
  const partly = await update([
    { id: sandbox.id(6), properties: { points: '9' } },
    { id: '77', properties: { points: '9' } },
  ]);
  expect(partly.status).toBe(207);
  expect(partly.body).toMatchObject({
    numErrors: 1,
    errors: [{ category: 'OBJECT_NOT_FOUND', context: { ids: ['77'] } }],
  });
  expect(partly.body.results).toMatchObject([{ id: sandbox.id(6) }]);
  const none = await update([{ id: '77', properties: { points: '9' } }]);
  expect(none.status).toBe(404);
  expect(none.body).toMatchObject({ category: 'OBJECT_NOT_FOUND', context: { ids: ['77'] } });
});

test('a write to a merged id lands on the merged record, under its id', async () => {
  await sandbox.control('POST', '/merge', { primaryId: sandbox.id(120), mergedId: sandbox.id(121) });
  const { body } = await write({ points: '42' }, 121);
  expect(body.results[0].id).toBe(sandbox.id(120));
  expect((await held(120)).points).toBe('42');
});

test('a body that is no JSON is refused in the form of HubSpot', async () => {
  const response = await fetch(`${sandbox.url}/crm/objects/2026-03/contacts/batch/update`, {
    method: 'POST',
    headers: { authorization: `Bearer ${sandbox.accessToken}`, 'content-type': 'application/json' },
    body: '{"inputs": [',
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    status: 'error',
    message: expect.stringMatching(/^Invalid input JSON/),
  });
});
