// Queries: results, pages, and everything that is an error.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { peopleWithDeals, startTestOrg, type TestOrg } from './sandbox-under-test.ts';

let org: TestOrg;
const at = Date.parse('2026-03-01T10:00:00Z');
const activities = [
  { person: 'p1', type: 'call', at, attributes: { seconds: 60 } },
  { person: 'p1', type: 'call', at: at - 400 * 86_400_000, attributes: {} },
  { person: 'p2', type: 'form_submission', at, attributes: { form: 'demo' } },
];
beforeAll(async () => {
  org = await startTestOrg({ dataset: peopleWithDeals(6, [0], activities) });
});
afterAll(() => org.close());

const numbers = async (where: string) => {
  const names = await org.column(`SELECT LastName FROM Lead WHERE ${where} ORDER BY LastName`, 'LastName');
  return names.map((name) => Number(String(name).slice(6)));
};

test('query rows have their type and URL, empty fields are null, and instants end in +0000', async () => {
  const { body } = await org.query(`SELECT Id, Name, Phone, SystemModstamp FROM Lead WHERE Id = '${org.lead(1)}'`);
  expect(body).toEqual({
    totalSize: 1,
    done: true,
    records: [
      {
        attributes: { type: 'Lead', url: `/services/data/v66.0/sobjects/Lead/${org.lead(1)}` },
        Id: org.lead(1),
        Name: 'Pat Number1',
        Phone: null,
        SystemModstamp: '2026-01-01T00:00:01.000+0000',
      },
    ],
  });
});

test.each([
  ["Email = 'P2@Acme.Example'", [2]],
  ["Email != 'p2@acme.example'", [0, 1, 3, 4, 5]],
  ["Email LIKE 'p_@ACME%' AND (NOT LastName LIKE '%3')", [0, 1, 2, 4, 5]],
  ["Title = null OR Title = 'x'", [1, 2, 3, 4, 5]],
  ["Title != 'VP Marketing'", [1, 2, 3, 4, 5]],
  ["Title = ''", [1, 2, 3, 4, 5]],
  ['NumberOfEmployees > 249.5', [0, 2, 4]],
  ['NumberOfEmployees < 1', []],
  ["LastName IN ('number1', 'Number5', 'x')", [1, 5]],
  ["LastName NOT IN ('Number1') AND (IsConverted = true OR LastName >= 'NUMBER4')", [0, 4, 5]],
  ['SystemModstamp >= 2026-01-01T00:00:03Z AND SystemModstamp < 2026-01-01T02:00:05%2B02:00', [3, 4]],
  ['NOT (IsConverted = false)', [0]],
  ['CreatedDate = LAST_N_DAYS:600 AND LastActivityDate > N_DAYS_AGO:10', [1]],
  ["Owner.Name = 'Alex Admin' AND ConvertedContact.LastName = 'Number0'", [0]],
  ["Id IN (SELECT LeadId FROM CampaignMember WHERE Campaign.Name = 'Form: demo')", [2]],
  ['Id NOT IN (SELECT WhoId FROM Task) AND IsConverted = false', [2, 3, 4, 5]],
])('a query finds the leads WHERE %s', async (where, found) => {
  expect(await numbers(where.replace('%2B', '+'))).toEqual(found);
});

test('a query accepts IDs of 15 characters, which are case-sensitive', async () => {
  const short = org.lead(1).slice(0, 15);
  expect(await org.column(`SELECT Id FROM Lead WHERE Id = '${short}'`)).toEqual([org.lead(1)]);
  const wrong = await org.query(`SELECT Id FROM Lead WHERE Id = '${org.lead(1).toLowerCase()}'`);
  expect(wrong.body[0].errorCode).toBe('INVALID_QUERY_FILTER_OPERATOR');
});

test('ORDER BY takes several keys, and empty values come first unless NULLS LAST is set', async () => {
  const by = (order: string) => org.column(`SELECT LastName FROM Lead ORDER BY ${order}`, 'LastName');
  expect((await by('Title NULLS LAST, LastName DESC')).map(String)).toEqual([
    'Number0',
    'Number5',
    'Number4',
    'Number3',
    'Number2',
    'Number1',
  ]);
  expect((await by('Title DESC, LastName')).at(-1)).toBe('Number0');
  expect(await by('LastName LIMIT 2 OFFSET 3')).toEqual(['Number3', 'Number4']);
});

test('a row contains its parents, a polymorphic parent has the type Name, and a missing parent is null', async () => {
  const task = await org.query('SELECT Who.Name, Who.Type, What.Name FROM Task');
  expect(task.body.records).toEqual([
    {
      attributes: expect.anything(),
      Who: {
        attributes: { type: 'Name', url: expect.stringContaining(`/Lead/${org.lead(1)}`) },
        Name: 'Pat Number1',
        Type: 'Lead',
      },
      What: null,
    },
  ]);
  const contact = await org.query('SELECT Account.Name, Account.Owner.Email FROM Contact');
  expect(contact.body.records[0].Account).toMatchObject({ Name: 'Acme', Owner: { Email: 'admin@leadgrade.example' } });
});

test('COUNT() returns the number of records, and only queryAll includes archived ones', async () => {
  expect((await org.query('SELECT COUNT() FROM Task')).body).toEqual({ totalSize: 1, done: true, records: [] });
  expect((await org.query('SELECT COUNT() FROM Task', true)).body.totalSize).toBe(2);
});

const noSuch =
  "No such column 'Nonsense__c' on entity 'Lead'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.";

test('an unknown field is an error with its position in the query', async () => {
  expect(await org.query('SELECT Id, Nonsense__c FROM Lead')).toMatchObject({
    status: 400,
    body: [
      {
        errorCode: 'INVALID_FIELD',
        message: `\nSELECT Id, Nonsense__c FROM Lead\n           ^\nERROR at Row:1:Column:12\n${noSuch}`,
      },
    ],
  });
});

test.each([
  ['SELECT Id FROM Nonsense', 'INVALID_TYPE'],
  ['SELECT Id FROM CustomField', 'INVALID_TYPE'],
  ['SELECT Id FROM TaskRelation', 'INVALID_TYPE'],
  ['SELECT Id FROM Name', 'INVALID_TYPE'],
  ['SELECT Nonsense.Name FROM Lead', 'INVALID_FIELD'],
  ['SELECT Account.Nonsense FROM Contact', 'INVALID_FIELD'],
  ['SELECT Id, id FROM Lead', 'INVALID_FIELD'],
  ["SELECT Id FROM Lead WHERE Nonsense = 'x'", 'INVALID_FIELD'],
  ['SELECT Id FROM Lead ORDER BY Nonsense', 'INVALID_FIELD'],
  ["SELECT Id FROM Lead WHERE SystemModstamp > '2026-01-01T00:00:00Z'", 'INVALID_FIELD'],
  ['SELECT Id FROM Lead WHERE SystemModstamp > 2026-01-01', 'INVALID_FIELD'],
  ["SELECT Id FROM Lead WHERE NumberOfEmployees = '5'", 'INVALID_FIELD'],
  ['SELECT Id FROM Lead WHERE Email = 5', 'INVALID_FIELD'],
  ["SELECT Id FROM Lead WHERE IsConverted = 'true'", 'INVALID_FIELD'],
  ["SELECT Id FROM Lead WHERE Description = 'x'", 'INVALID_FIELD'],
  ['SELECT Id FROM Lead WHERE IsConverted > false', 'INVALID_QUERY_FILTER_OPERATOR'],
  ['SELECT Id FROM Lead WHERE Email > null', 'INVALID_QUERY_FILTER_OPERATOR'],
  ["SELECT Id FROM Lead WHERE Id LIKE '00Q%'", 'INVALID_QUERY_FILTER_OPERATOR'],
  ["SELECT Id FROM Lead WHERE Status INCLUDES ('x')", 'INVALID_QUERY_FILTER_OPERATOR'],
  ["SELECT Id FROM Lead WHERE Id = 'x'", 'INVALID_QUERY_FILTER_OPERATOR'],
  ['SELECT Id FROM Lead LIMIT 1 OFFSET 2001', 'NUMBER_OUTSIDE_VALID_RANGE'],
  ["SELECT Id FROM Lead WHERE Title = 'a' AND Email = 'b' OR Phone = 'c'", 'MALFORMED_QUERY'],
  ["SELECT Id FROM Lead WHERE NOT Title = 'a' AND Email = 'b'", 'MALFORMED_QUERY'],
  ["SELECT Id FROM Lead WHERE Title = 'a\\x'", 'MALFORMED_QUERY'],
  ["SELECT Id FROM Lead WHERE Title = 'a'b'", 'MALFORMED_QUERY'],
  [`SELECT Id FROM Lead WHERE Title = '${'x'.repeat(4001)}'`, 'MALFORMED_QUERY'],
  ['SELECT Id FROM Lead ORDER BY Description', 'MALFORMED_QUERY'],
  ['SELECT Id FRM Lead', 'MALFORMED_QUERY'],
  ['SELECT Id, FROM Lead', 'MALFORMED_QUERY'],
  ['SELECT Id FROM Lead WHERE', 'MALFORMED_QUERY'],
  ['SELECT Id FROM Lead WHERE Email IN ()', 'MALFORMED_QUERY'],
  ['SELECT Id FROM Lead WHERE Email = :address', 'MALFORMED_QUERY'],
  ['SELECT Status, COUNT(Id) FROM Lead GROUP BY Status', 'MALFORMED_QUERY'],
  ['SELECT COUNT(Id) FROM Lead', 'MALFORMED_QUERY'],
  ['SELECT FIELDS(ALL) FROM Lead LIMIT 5', 'MALFORMED_QUERY'],
  ['SELECT toLabel(Status) FROM Lead', 'MALFORMED_QUERY'],
  ['SELECT Id, (SELECT Id FROM Contacts) FROM Account', 'MALFORMED_QUERY'],
  ['SELECT TYPEOF What WHEN Account THEN Name END FROM Task', 'MALFORMED_QUERY'],
  ['SELECT Id FROM Lead WHERE CALENDAR_YEAR(CreatedDate) = 2026', 'MALFORMED_QUERY'],
  ['SELECT Id FROM Lead WHERE CreatedDate = THIS_FISCAL_YEAR', 'MALFORMED_QUERY'],
  ['SELECT Id FROM Lead USING SCOPE mine', 'MALFORMED_QUERY'],
  ['SELECT Id FROM Lead WITH SECURITY_ENFORCED', 'MALFORMED_QUERY'],
  ['SELECT Id FROM Lead FOR UPDATE', 'MALFORMED_QUERY'],
  ["SELECT l.Id FROM Lead l WHERE l.Email = 'a'", 'MALFORMED_QUERY'],
  ["SELECT Id FROM Lead WHERE Email = 'a' OR Id IN (SELECT LeadId FROM CampaignMember)", 'MALFORMED_QUERY'],
  ['SELECT Id FROM Lead WHERE Id IN (SELECT Id FROM Lead)', 'MALFORMED_QUERY'],
  ['SELECT Id FROM Lead WHERE Id IN (SELECT Status FROM CampaignMember)', 'MALFORMED_QUERY'],
  ['SELECT Id FROM Lead WHERE Id IN (SELECT LeadId FROM CampaignMember LIMIT 5)', 'MALFORMED_QUERY'],
])('the query %s is an error', async (soql, errorCode) => {
  const { status, body } = await org.query(soql);
  expect([status, body[0]?.errorCode, typeof body[0]?.message]).toEqual([400, errorCode, 'string']);
});

test('a query with a field that the user cannot see fails as a whole, and describe leaves the field out', async () => {
  await org.control('PUT', '/hidden-fields', ['Lead.HasOptedOutOfEmail']);
  expect((await org.query('SELECT Id, HasOptedOutOfEmail FROM Lead')).body[0].errorCode).toBe('INVALID_FIELD');
  const { body } = await org.call('GET', '/sobjects/Lead/describe');
  const names = body.fields.map(({ name }: { name: string }) => name);
  expect([names.includes('Email'), names.includes('HasOptedOutOfEmail')]).toEqual([true, false]);
  await org.control('PUT', '/hidden-fields', []);
});

describe('query pages', () => {
  let big: TestOrg;
  beforeAll(async () => {
    big = await startTestOrg({ dataset: peopleWithDeals(4_500, []) });
  });
  afterAll(() => big.close());
  const follow = (url: string) => big.call('GET', url.replace('/services/data/v66.0', ''));

  test('have at most 2,000 rows, or 500 with long text, and cover all records', async () => {
    const first = await big.query('SELECT Id FROM Lead ORDER BY Id');
    expect(first.body).toMatchObject({ totalSize: 4500, done: false });
    const second = await follow(first.body.nextRecordsUrl);
    const third = await follow(second.body.nextRecordsUrl);
    const rows = [first, second, third].flatMap(({ body }) => body.records.map(({ Id }: { Id: string }) => Id));
    expect([first.body.records.length, third.body.done, new Set(rows).size]).toEqual([2000, true, 4500]);
    expect(third.body.nextRecordsUrl).toBeUndefined();
    expect((await big.query('SELECT Id, Description FROM Lead')).body.records).toHaveLength(500);
  });

  test('have the requested batchSize, but at least 200 rows', async () => {
    const sized = (size: number) =>
      big.call('GET', '/query?q=SELECT+Id+FROM+Lead', undefined, { 'Sforce-Query-Options': `batchSize=${size}` });
    expect([(await sized(300)).body.records.length, (await sized(5)).body.records.length]).toEqual([300, 200]);
  });

  test('are limited to one with OFFSET', async () => {
    const { body } = await big.query('SELECT Id FROM Lead OFFSET 0');
    expect([body.totalSize, body.done]).toEqual([2000, true]);
  });

  test('are available for two days, and until ten other queries were started', async () => {
    const first = await big.query('SELECT Id FROM Lead');
    big.advanceClock(2 * 86_400_000);
    await follow('/limits');
    expect((await follow(first.body.nextRecordsUrl)).status).toBe(200);
    for (let n = 0; n < 10; n++) await big.query('SELECT Id FROM Lead');
    const { status, body } = await follow(first.body.nextRecordsUrl);
    expect([status, body[0].errorCode]).toEqual([400, 'INVALID_QUERY_LOCATOR']);
  });
});

test('an object that the user cannot see is missing from describe, queries, relationships and bulk jobs', async () => {
  const hidden = await startTestOrg({ dataset: peopleWithDeals(1, []), hiddenFields: ['Campaign'] });
  expect((await hidden.call('GET', '/sobjects/Campaign/describe')).status).toBe(404);
  const { sobjects } = (await hidden.call('GET', '/sobjects')).body;
  expect(sobjects.map(({ name }: { name: string }) => name)).not.toContain('Campaign');
  expect((await hidden.query('SELECT Id FROM Campaign')).body[0].errorCode).toBe('INVALID_TYPE');
  expect((await hidden.query('SELECT Campaign.Name FROM CampaignMember')).body[0].errorCode).toBe('INVALID_FIELD');
  const job = { operation: 'query', query: 'SELECT Id FROM Campaign' };
  expect((await hidden.call('POST', '/jobs/query', job)).status).toBe(400);
  await hidden.control('PUT', '/hidden-fields', []);
  expect((await hidden.query('SELECT Id FROM Campaign')).status).toBe(200);
});

test('with shared activities, TaskRelation lists all people of a task', async () => {
  const dataset = peopleWithDeals(2, [], activities.slice(0, 1));
  const shared = await startTestOrg({ dataset, sharedActivities: true });
  const [TaskId] = await shared.column('SELECT Id FROM Task');
  await shared.control('POST', '/records/TaskRelation', { values: { TaskId, RelationId: shared.lead(0) } });
  const soql = 'SELECT RelationId, Relation.Type FROM TaskRelation WHERE IsWhat = false ORDER BY Id';
  expect(await shared.column(soql, 'RelationId')).toEqual([shared.lead(1), shared.lead(0)]);
  const { fields } = (await shared.call('GET', '/sobjects/TaskRelation/describe')).body;
  expect(fields.some(({ updateable }: { updateable: boolean }) => updateable)).toBe(false);
});
