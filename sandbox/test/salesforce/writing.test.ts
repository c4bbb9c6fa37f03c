// Writing records: one outcome per record, and all errors of a real org.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { peopleWithDeals, startTestOrg, type TestOrg } from './sandbox-under-test.ts';

let org: TestOrg;
beforeAll(async () => {
  org = await startTestOrg({ dataset: peopleWithDeals(250, [0]) });
});
afterAll(() => org.close());
beforeEach(async () => {
  await org.control('PUT', '/locks', []);
  await org.control('PUT', '/validation-rules', []);
});

const update = (records: object[], allOrNone = false) =>
  org.call('PATCH', '/composite/sobjects', { allOrNone, records });
const lead = (number: number, values: object = { Title: 'CTO' }) => ({
  attributes: { type: 'Lead' },
  id: org.lead(number),
  ...values,
});
const title = async (number: number) =>
  (await org.control('GET', `/records/Lead/${org.lead(number)}`)).body.values.Title;

test('a collection update returns outcomes in the order of the request, failures without an ID, and changes modification times', async () => {
  org.advanceClock(5_500);
  await org.control('PUT', '/validation-rules', [
    { object: 'Lead', ids: [org.lead(3)], message: 'No.', field: 'Title' },
  ]);
  const { status, body } = await update([lead(4), lead(3), lead(2, { Title: null })]);
  expect([status, body]).toEqual([
    200,
    [
      { id: org.lead(4), success: true, errors: [] },
      {
        success: false,
        errors: [{ statusCode: 'FIELD_CUSTOM_VALIDATION_EXCEPTION', message: 'No.', fields: ['Title'] }],
      },
      { id: org.lead(2), success: true, errors: [] },
    ],
  ]);
  const { values } = (await org.control('GET', `/records/Lead/${org.lead(4)}`)).body;
  expect(values).toMatchObject({ Title: 'CTO', SystemModstamp: '2026-03-10T12:00:05.000Z' });
  expect(values.LastModifiedById).not.toBe(values.CreatedById);
});

test('a collection update with allOrNone rolls all records back if one fails', async () => {
  await update([lead(5, { Title: 'before' })]);
  const { body } = await update([lead(5), lead(0)], true);
  expect(body.map(({ errors }: { errors: { statusCode: string }[] }) => errors[0]?.statusCode)).toEqual([
    ...['ALL_OR_NONE_OPERATION_ROLLED_BACK', 'CANNOT_UPDATE_CONVERTED_LEAD'],
  ]);
  expect(await title(5)).toBe('before');
});

test('a locked row fails the set number of times, and other rows do not fail', async () => {
  await org.control('PUT', '/locks', [{ id: org.lead(6).slice(0, 15), times: 2 }]);
  const codes = [];
  for (let n = 0; n < 3; n++)
    codes.push((await update([lead(6), lead(7)])).body.map((each: { success: boolean }) => each.success));
  expect(codes).toEqual([
    [false, true],
    [false, true],
    [true, true],
  ]);
});

describe('the update of a record', () => {
  const first = async (record: object) => (await update([record])).body[0].errors[0];
  beforeAll(async () => {
    await org.control('DELETE', `/records/Lead/${org.lead(8)}`);
    await org.control('POST', '/merge', { masterId: org.lead(10), mergedId: org.lead(9) });
  });

  test.each([
    ['that was converted', () => lead(0), 'CANNOT_UPDATE_CONVERTED_LEAD', 'cannot reference converted lead', []],
    ['that was deleted', () => lead(8), 'ENTITY_IS_DELETED', 'entity is deleted', []],
    ['that was merged into another', () => lead(9), 'ENTITY_IS_DELETED', 'entity is deleted', []],
    [
      'that does not exist',
      () => ({ ...lead(1), id: '00Qzz0000000001AAA'.slice(0, 15) }),
      'INVALID_CROSS_REFERENCE_KEY',
      'invalid cross reference id',
      [],
    ],
    [
      'of another type',
      () => ({ ...lead(1), id: org.contact(0) }),
      'MALFORMED_ID',
      /^Lead ID: id value of incorrect type: 003/,
      ['Id'],
    ],
    [
      'with text above the maximum length',
      () => lead(1, { Title: 'x'.repeat(129) }),
      'STRING_TOO_LONG',
      /^Title: data value too large: x+ \(max length=128\)$/,
      ['Title'],
    ],
    [
      'with an invalid e-mail address',
      () => lead(1, { Email: 'a@b' }),
      'INVALID_EMAIL_ADDRESS',
      'Email: invalid email address: a@b',
      ['Email'],
    ],
    [
      'with a number out of range',
      () => lead(1, { NumberOfEmployees: 100_000_000 }),
      'NUMBER_OUTSIDE_VALID_RANGE',
      /^Employees: value outside of valid range/,
      ['NumberOfEmployees'],
    ],
    [
      'with a read-only field',
      () => lead(1, { IsConverted: true }),
      'INVALID_FIELD_FOR_INSERT_UPDATE',
      /^Unable to create\/update fields: IsConverted\. Please check/,
      ['IsConverted'],
    ],
    [
      'with an empty required field',
      () => lead(1, { LastName: '' }),
      'REQUIRED_FIELD_MISSING',
      'Required fields are missing: [LastName]',
      ['LastName'],
    ],
    [
      'whose owner is a lead',
      () => lead(1, { OwnerId: org.lead(2) }),
      'INVALID_CROSS_REFERENCE_KEY',
      'invalid cross reference id',
      ['OwnerId'],
    ],
  ])('%s is rejected', async (_name, record, statusCode, message, fields) => {
    const matching = typeof message === 'string' ? message : expect.stringMatching(message);
    expect(await first(record())).toEqual({ statusCode, message: matching, fields });
  });

  test('twice in one call fails both times', async () => {
    const { body } = await update([lead(1), lead(2), lead(1)]);
    expect(body.map(({ success }: { success: boolean }) => success)).toEqual([false, true, false]);
  });

  test('accepts any value of an unrestricted picklist, and trims text', async () => {
    await update([lead(1, { Rating: 'Lukewarm', Title: '  CTO\n' })]);
    expect((await org.control('GET', `/records/Lead/${org.lead(1)}`)).body.values).toMatchObject({
      Rating: 'Lukewarm',
      Title: 'CTO',
    });
  });
});

test.each([
  [
    'a text for a number',
    { NumberOfEmployees: '5' },
    'JSON_PARSER_ERROR',
    /^Cannot deserialize instance of int from VALUE_STRING value 5/,
  ],
  [
    'a number for a text',
    { Title: 5 },
    'JSON_PARSER_ERROR',
    /^Cannot deserialize instance of string from VALUE_NUMBER_INT value 5/,
  ],
  ['null for a checkbox', { HasOptedOutOfEmail: null }, 'JSON_PARSER_ERROR', /boolean/],
  ['an invalid instant', { EmailBouncedDate: 'yesterday' }, 'JSON_PARSER_ERROR', /datetime/],
])('%s rejects the whole collection update before any record is written', async (_name, values, errorCode, message) => {
  await update([lead(11, { Title: 'before' })]);
  const { status, body } = await update([lead(11), lead(12, values)]);
  expect([status, body]).toEqual([400, [{ errorCode, message: expect.stringMatching(message) }]]);
  expect(await title(11)).toBe('before');
});

test('an unknown field is the error of its record alone', async () => {
  const { status, body } = await update([lead(11, { Title: 'after' }), lead(12, { Nonsense__c: 1 })]);
  const message = "No such column 'Nonsense__c' on sobject of type Lead";
  expect([status, body[0].success, body[1].errors]).toEqual([
    200,
    true,
    [{ statusCode: 'INVALID_FIELD', message, fields: [] }],
  ]);
  expect(await title(11)).toBe('after');
});

test('a collection update rejects 201 records, and eleven changes of type', async () => {
  const many = Array.from({ length: 201 }, (_, n) => lead(n + 20));
  expect((await update(many)).body).toEqual([
    {
      errorCode: 'EXCEEDED_ID_LIMIT',
      message: 'record limit reached. cannot submit more than 200 records into this call',
    },
  ]);
  const contact = { attributes: { type: 'Contact' }, id: org.contact(0), Title: 'x' };
  const mixed = Array.from({ length: 11 }, (_, n) => (n % 2 === 0 ? lead(n + 20) : contact));
  expect((await update(mixed)).status).toBe(400);
  const sent = await update(many.slice(0, 200));
  expect(sent.body.every(({ success }: { success: boolean }) => success)).toBe(true);
});

test('the log entry of a collection update has its writes', async () => {
  await org.control('POST', '/reset-log');
  await update([lead(13)]);
  const entry = JSON.parse((await org.control('GET', '/log')).body);
  expect(entry).toMatchObject({
    method: 'PATCH',
    status: 200,
    writes: [{ id: org.lead(13), properties: { Title: 'CTO' } }],
  });
});

test("a body that is not valid JSON gets Salesforce's 400", async () => {
  const token = (await org.login()).body.access_token;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await org.send('PATCH', '/services/data/v66.0/composite/sobjects', '{"records":', headers);
  expect([response.status, response.body[0].errorCode]).toEqual([400, 'JSON_PARSER_ERROR']);
});

test('a body above 25 MB is rejected', { timeout: 30_000 }, async () => {
  const { status, body } = await update([lead(13, { Title: 'x'.repeat(26_300_000) })]);
  expect([status, body[0].errorCode]).toEqual([400, 'EXCEEDED_MAX_SIZE_REQUEST']);
});

test('a write whose response is lost is applied', async () => {
  await org.control('PUT', '/faults', [{ match: { method: 'patch' }, action: { applyThenReset: true } }]);
  await expect(update([lead(17, { Title: 'applied' })])).rejects.toThrow('fetch failed');
  await org.control('PUT', '/faults', [{ match: { nth: 1 }, action: { status: 503 } }]);
  expect([(await update([lead(17)])).status, await title(17)]).toEqual([503, 'applied']);
});
