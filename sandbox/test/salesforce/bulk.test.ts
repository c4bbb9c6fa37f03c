// Bulk API 2.0: job states, paged results, failed rows and failed jobs.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { peopleWithDeals, startTestOrg, type TestOrg } from './sandbox-under-test.ts';

let org: TestOrg;
beforeAll(async () => {
  org = await startTestOrg({ dataset: peopleWithDeals(30, [0]) });
});
afterAll(() => org.close());

const created = async (path: string, body: object) => (await org.call('POST', path, body)).body.id as string;
const state = async (path: string) => (await org.call('GET', path)).body.state;

test('a query job completes after some polls, and locators lead through its pages', async () => {
  const query = 'SELECT Id, Name, Account.Name, SystemModstamp, IsDeleted FROM Contact';
  const id = await created('/jobs/query', {
    operation: 'query',
    query: 'SELECT Id, LastName, Title FROM Lead ORDER BY Id',
  });
  const results = (more: string) => org.call('GET', `/jobs/query/${id}/results?maxRecords=20${more}`);
  expect((await results('')).status).toBe(400);
  expect([await state(`/jobs/query/${id}`), await state(`/jobs/query/${id}`)]).toEqual(['InProgress', 'JobComplete']);
  const first = await results('');
  expect(first.headers.get('sforce-numberofrecords')).toBe('20');
  expect(first.body.split('\n').slice(0, 3)).toEqual([
    '"Id","LastName","Title"',
    `"${org.lead(0)}","Number0","VP Marketing"`,
    `"${org.lead(1)}","Number1",""`,
  ]);
  const second = await results(`&locator=${first.headers.get('sforce-locator')}`);
  expect([second.headers.get('sforce-locator'), second.headers.get('sforce-numberofrecords')]).toEqual(['null', '10']);
  expect(second.body.split('\n')).toHaveLength(12);
  const token = (await org.login()).body.access_token;
  const other = await org.send('GET', `/services/data/v65.0/jobs/query/${id}/results`, undefined, {
    authorization: `Bearer ${token}`,
  });
  expect(other.status).toBe(409);
  const contacts = await created('/jobs/query', { operation: 'query', query });
  await state(`/jobs/query/${contacts}`);
  await state(`/jobs/query/${contacts}`);
  const { body } = await org.call('GET', `/jobs/query/${contacts}/results`);
  expect(body).toBe(
    `"Id","Name","Account.Name","SystemModstamp","IsDeleted"\n"${org.contact(0)}","Pat Number0","Acme","2026-01-15T00:00:00.000Z","false"\n`,
  );
});

test.each(['SELECT COUNT() FROM Lead', 'SELECT Id FROM Lead OFFSET 5', 'SELECT Nope FROM Lead', 'nonsense'])(
  'a query job for %s is rejected',
  async (query) => {
    expect((await org.call('POST', '/jobs/query', { operation: 'query', query })).status).toBe(400);
  },
);

test('a waiting query job can be deleted, a running one cannot, and an aborted one has no results', async () => {
  const query = { operation: 'query', query: 'SELECT Id FROM Lead' };
  const path = `/jobs/query/${await created('/jobs/query', query)}`;
  expect(await state(path)).toBe('InProgress');
  expect((await org.call('DELETE', path)).status).toBe(400);
  expect((await org.call('PATCH', path, { state: 'Aborted' })).body.state).toBe('Aborted');
  expect([await state(path), (await org.call('GET', `${path}/results`)).status]).toEqual(['Aborted', 400]);
  expect([(await org.call('DELETE', path)).status, (await org.call('GET', path)).status]).toEqual([204, 404]);
  const waiting = `/jobs/query/${await created('/jobs/query', query)}`;
  expect((await org.call('DELETE', waiting)).status).toBe(204);
});

async function ingest(csv: string, more: object = {}): Promise<string> {
  const id = await created('/jobs/ingest', { object: 'Lead', operation: 'update', lineEnding: 'LF', ...more });
  expect((await org.call('PUT', `/jobs/ingest/${id}/batches`, csv)).status).toBe(201);
  await org.call('PATCH', `/jobs/ingest/${id}`, { state: 'UploadComplete' });
  return `/jobs/ingest/${id}`;
}

test('an upload is written row by row, and failed rows are listed with their error, in an arbitrary order', async () => {
  const rows = [
    [org.lead(1), 'CTO', '5', ''],
    [org.lead(2), '#N/A', '', 'true'],
    [org.lead(0), 'x', '', ''],
    [org.lead(3), 'x', 'many', ''],
    ['', 'x', '', ''],
    [org.lead(4), '"a ""b"",\nc"', '', ''],
  ];
  const path = await ingest(
    `Id,Title,NumberOfEmployees,HasOptedOutOfEmail\n${rows.map((row) => row.join()).join('\n')}\n`,
  );
  expect([await state(path), await state(path)]).toEqual(['InProgress', 'JobComplete']);
  expect((await org.call('GET', path)).body).toMatchObject({
    numberRecordsProcessed: 6,
    numberRecordsFailed: 3,
    apiVersion: 66,
  });
  const good = (await org.call('GET', `${path}/successfulResults`)).body;
  expect(good).toBe(
    [
      '"sf__Id","sf__Created","Id","Title","NumberOfEmployees","HasOptedOutOfEmail"',
      `"${org.lead(4)}","false","${org.lead(4)}","a ""b"",\nc","",""`,
      `"${org.lead(2)}","false","${org.lead(2)}","#N/A","","true"`,
      `"${org.lead(1)}","false","${org.lead(1)}","CTO","5",""`,
      '',
    ].join('\n'),
  );
  const bad = (await org.call('GET', `${path}/failedResults`)).body.split('\n');
  expect(bad[1]).toContain('MISSING_ARGUMENT');
  expect(bad[2]).toContain('INVALID_TYPE_ON_FIELD_IN_RECORD');
  expect(bad[3]).toBe(
    `"${org.lead(0)}","CANNOT_UPDATE_CONVERTED_LEAD:cannot reference converted lead:--","${org.lead(0)}","x","",""`,
  );
  const { records } = (
    await org.query('SELECT Title, NumberOfEmployees, HasOptedOutOfEmail FROM Lead ORDER BY Id LIMIT 4 OFFSET 1')
  ).body;
  expect(records).toMatchObject([
    { Title: 'CTO', NumberOfEmployees: 5, HasOptedOutOfEmail: false },
    { Title: null, NumberOfEmployees: 250, HasOptedOutOfEmail: true },
    { Title: null },
    { Title: 'a "b",\nc' },
  ]);
});

test('an aborted ingest job keeps its writes and lists the unprocessed rows', async () => {
  await org.control('PUT', '/bulk', { rowsPerPoll: 2 });
  const path = await ingest(`Id,Phone\n${[5, 6, 7].map((n) => `${org.lead(n)},1`).join('\n')}`);
  expect([await state(path), await state(path)]).toEqual(['InProgress', 'InProgress']);
  expect((await org.call('GET', `${path}/unprocessedrecords`)).status).toBe(400);
  await org.call('PATCH', path, { state: 'Aborted' });
  expect((await org.call('GET', `${path}/unprocessedrecords`)).body).toBe(`"Id","Phone"\n"${org.lead(7)}","1"\n`);
  expect(await org.column("SELECT LastName FROM Lead WHERE Phone = '1'", 'LastName')).toEqual(['Number5', 'Number6']);
  await org.control('PUT', '/bulk', { rowsPerPoll: 100_000 });
});

test.each([
  ['an unknown column', 'Id,Nope__c\nx,1', {}, 'InvalidBatch : Field name not found : Nope__c'],
  ['a byte order mark', '\ufeffId,Phone\nx,1', {}, /Field name not found/],
  [
    'line endings of CRLF instead of LF',
    'Id,Phone\r\nx,1\r\n',
    {},
    /LineEnding is invalid on user data\. Current LineEnding setting is LF/,
  ],
  ['line endings of LF instead of CRLF', 'Id,Phone\nx,1\n', { lineEnding: 'CRLF' }, /setting is CRLF/],
])('an ingest job with %s fails as a whole', async (_name, csv, more, message) => {
  const path = await ingest(csv, more);
  const { body } = await org.call('GET', path);
  expect(body).toMatchObject({
    state: 'Failed',
    errorMessage: typeof message === 'string' ? message : expect.stringMatching(message),
  });
});

test('an ingest job accepts one upload before it is closed, and only the operation update', async () => {
  const id = await created('/jobs/ingest', { object: 'Lead', operation: 'update' });
  expect((await org.call('PATCH', `/jobs/ingest/${id}`, { state: 'UploadComplete' })).status).toBe(400);
  expect((await org.call('DELETE', `/jobs/ingest/${id}`)).status).toBe(400);
  await org.call('PUT', `/jobs/ingest/${id}/batches`, 'Id,Phone\n');
  expect((await org.call('PUT', `/jobs/ingest/${id}/batches`, 'Id,Phone\n')).status).toBe(400);
  expect((await org.call('POST', '/jobs/ingest', { object: 'Lead', operation: 'insert' })).status).toBe(400);
  expect((await org.call('POST', '/jobs/ingest', { object: 'Nope', operation: 'update' })).body[0].errorCode).toBe(
    'INVALIDENTITY',
  );
  expect((await org.call('GET', '/jobs/ingest')).body.records.at(-1)).toMatchObject({ id, state: 'Open' });
  expect((await org.control('GET', '/jobs')).body.length).toBeGreaterThan(5);
});
