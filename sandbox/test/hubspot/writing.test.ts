// Batch updates of contacts: stored values and rejected ones.
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
beforeEach(() => sandbox.advanceClock(20_000));

const update = (inputs: unknown) => sandbox.call('POST', '/crm/objects/2026-03/contacts/batch/update', { inputs });
const write = (properties: object, at = 0) => update([{ id: sandbox.id(at), properties }]);
const storedProperties = async (at = 0) =>
  (await sandbox.control('GET', `/contacts/${sandbox.id(at)}`)).body.properties;

test('a batch update returns the written values, the modification time and the e-mail domain', async () => {
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
  expect(await storedProperties()).toMatchObject({ grade: 'A', points: '71.5', lastmodifieddate: now });
});

test('writing an equal value changes the modification time', async () => {
  await write({ grade: 'B' }, 1);
  const before = (await storedProperties(1)).lastmodifieddate;
  sandbox.advanceClock(1);
  await write({ grade: 'B' }, 1);
  expect(Date.parse((await storedProperties(1)).lastmodifieddate) - Date.parse(before)).toBe(1);
});

test('writing "" clears a value, which is null afterwards', async () => {
  await write({ points: '3' }, 2);
  await write({ points: '' }, 2);
  const { body } = await sandbox.call('GET', `/crm/objects/2026-03/contacts/${sandbox.id(2)}?properties=points`);
  expect(body.properties.points).toBeNull();
});

describe('the whole batch update is a 400 that names the property, but no record, because of', () => {
  test.each([
    ['an unknown property', { no_such_thing: 'x' }, 'PROPERTY_DOESNT_EXIST'],
    ['a read-only property', { lastmodifieddate: '1' }, 'READ_ONLY_VALUE'],
    ['an unknown option', { grade: 'C' }, 'INVALID_OPTION'],
    ['an option in the wrong case', { grade: 'a' }, 'INVALID_OPTION'],
    ['an invalid date', { scored_at: 'today' }, 'INVALID_LONG'],
    ['a day with a time', { birthday: '1767225600001' }, 'INVALID_DATE'],
    ['an invalid number', { points: '12 points' }, 'INVALID_DOUBLE'],
    ['white space around a number', { points: ' 12' }, 'LEADING_TRAILING_WHITESPACE'],
    ['an invisible character behind an option', { grade: 'A\u200b' }, 'LEADING_TRAILING_WHITESPACE'],
    ['a bad e-mail address', { email: 'no-address' }, 'INVALID_EMAIL'],
    ['text over 65,536 characters', { reason: 'x'.repeat(65_537) }, 'PROPERTY_VALUE_TOO_LONG'],
    ['a property named like a member of Object.prototype', { constructor: 'x' }, 'PROPERTY_DOESNT_EXIST'],
  ])('%s', async (_name, bad, code) => {
    const before = await storedProperties(3);
    const { status, body } = await update([
      { id: sandbox.id(3), properties: { points: '50' } },
      { id: sandbox.id(4), properties: bad },
    ]);
    expect(status).toBe(400);
    expect(body).toMatchObject({ status: 'error', category: 'VALIDATION_ERROR', correlationId: expect.any(String) });
    const [lead, list] = [body.message.slice(0, 32), JSON.parse(body.message.slice(32))];
    expect(lead).toBe('Property values were not valid: ');
    expect(list[0]).toMatchObject({ isValid: false, error: code, name: Object.keys(bad)[0] });
    const [name] = Object.keys(bad);
    expect(body.errors).toEqual([{ message: list[0].message, code, context: { propertyName: [name] } }]);
    expect(JSON.stringify(body)).not.toContain(sandbox.id(4));
    expect(await storedProperties(3)).toEqual(before);
  });
});

test('text of exactly 65,536 characters is accepted', async () => {
  expect((await write({ reason: 'x'.repeat(65_536) }, 5)).status).toBe(200);
});

test.each([
  ['a number', 12],
  ['null', null],
  ['a boolean', true],
])('a batch update rejects %s as a value, since only text is accepted', async (_name, value) => {
  const { status, body } = await write({ points: value });
  expect(status).toBe(400);
  expect(body.message).toMatch(/^Invalid input JSON/);
});

test('a batch update accepts 100 inputs, and rejects 101, a duplicate and an empty list', async () => {
  const inputs = Array.from({ length: 101 }, (_, at) => ({ id: sandbox.id(at), properties: { points: '1' } }));
  expect((await update(inputs)).status).toBe(400);
  expect((await update(inputs.slice(0, 100))).status).toBe(200);
  expect((await update([inputs[0], inputs[0]])).body.message).toMatch(/^Duplicate IDs found in batch input/);
  expect((await update([])).status).toBe(400);
  expect((await update(undefined)).status).toBe(400);
});

test('a batch update reports missing IDs in a 207, and in a 404 if all are missing', async () => {
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

test('a write to a merged ID updates the primary contact and returns its ID', async () => {
  await sandbox.control('POST', '/merge', { primaryId: sandbox.id(120), mergedId: sandbox.id(121) });
  const { body } = await write({ points: '42' }, 121);
  expect(body.results[0].id).toBe(sandbox.id(120));
  expect((await storedProperties(120)).points).toBe('42');
});

test("a body that is not valid JSON gets HubSpot's 400", async () => {
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
