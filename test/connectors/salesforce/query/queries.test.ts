// Queries: the fields that are requested depending on their visibility, rows by many IDs, and the
// maximum length of the URL.
import { describe, expect, test } from 'vitest';
import type { SalesforceParts } from '../../../../connectors/salesforce/parts.ts';
import { countRows, PAGE_ROWS, readRows } from '../../../../connectors/salesforce/query/query.ts';
import { readByIds } from '../../../../connectors/salesforce/query/read-by-ids.ts';
import { all, compare, id, oneOfTexts, text } from '../../../../connectors/salesforce/query/soql.ts';
import { idOf } from '../../../../sandbox/salesforce/ids.ts';
import { people } from '../../../../sandbox/test/hubspot/sandbox-under-test.ts';
import { peopleWithDeals } from '../../../../sandbox/test/salesforce/sandbox-under-test.ts';
import { connectedOrg, failure, requestLog, SIGNAL } from '../salesforce-fixture.ts';

function read(parts: SalesforceParts, fields: readonly string[], from = 'Lead') {
  return readRows(parts, { what: 'reading', from, fields, orderBy: ['Id'], limit: 10 }, SIGNAL);
}

describe('a field', () => {
  test('a field that this user cannot see is left out of the query', async () => {
    const { parts } = await connectedOrg({ hiddenFields: ['Lead.Title'] });
    const { rows } = await read(parts, ['Title', 'LastName', 'NoSuchThing__c']);
    expect(Object.keys(rows[0]?.values ?? {}).toSorted()).toEqual(['Id', 'LastName']);
  });

  test("a field name in any case is resolved to Salesforce's spelling", async () => {
    const { parts } = await connectedOrg();
    const visible = await parts.schema.visiblePaths('Lead', ['lastname', 'LASTNAME', 'Id'], SIGNAL);
    expect(visible).toEqual(['LastName', 'Id']);
  });

  test('a field of a parent is resolved, also of one that is one of several objects', async () => {
    const { parts } = await connectedOrg();
    const paths = [
      'Account.Industry',
      'Account.Owner.Name',
      'account.name',
      'Account.Nothing',
      'Missing.Name',
      'Account.',
    ];
    expect(await parts.schema.visiblePaths('Contact', paths, SIGNAL)).toEqual([
      'Account.Industry',
      'Account.Owner.Name',
      'Account.Name',
    ]);
    expect(await parts.schema.visiblePaths('Task', ['Who.Name', 'Who.Company', 'Subject'], SIGNAL)).toEqual([
      'Who.Name',
      'Subject',
    ]);
  });

  test('a field of a missing parent is null, and the other fields of the row are read', async () => {
    const { org, parts } = await connectedOrg({ dataset: peopleWithDeals(2, [0, 1]) });
    const contact = org.contact(0);
    await org.control('PATCH', `/records/Contact/${contact}`, { values: { AccountId: null } });
    const { rows } = await read(parts, ['LastName', 'Account.Name'], 'Contact');
    const row = rows.find((each) => each.id === contact);
    expect(row?.values['Account.Name'] ?? null).toBeNull();
    expect(rows.find((each) => each.id !== contact)?.values['Account.Name']).toEqual(expect.any(String));
  });

  test('a field that was hidden after it was described is omitted, and the other fields are read', async () => {
    const { org, parts } = await connectedOrg();
    await read(parts, ['Title', 'LastName']);
    await org.control('PUT', '/hidden-fields', ['Lead.Title']);
    await org.control('POST', '/reset-log');
    const { rows } = await read(parts, ['Title', 'LastName']);
    expect(Object.keys(rows[0]?.values ?? {}).toSorted()).toEqual(['Id', 'LastName']);
    expect(await requestLog(org)).toEqual(['GET /query', 'GET /sobjects/Lead/describe', 'GET /query']);
  });

  test('a parent field that was hidden after it was described is omitted, and the other fields are read', async () => {
    const { org, parts } = await connectedOrg({ dataset: peopleWithDeals(1, [0]) });
    await read(parts, ['Account.Industry', 'LastName'], 'Contact');
    await org.control('PUT', '/hidden-fields', ['Account.Industry']);
    const { rows } = await read(parts, ['Account.Industry', 'LastName'], 'Contact');
    expect(Object.keys(rows[0]?.values ?? {}).toSorted()).toEqual(['Id', 'LastName']);
  });

  test('a field that is made visible is read 30 minutes later', async () => {
    const { org, parts } = await connectedOrg({ hiddenFields: ['Lead.Title'] });
    await read(parts, ['Title']);
    await org.control('PUT', '/hidden-fields', []);
    org.advanceClock(30 * 60_000);
    expect((await read(parts, ['Title'])).rows[0]?.values).toHaveProperty('Title');
  });

  test('a hidden field in a condition is an error whose fix is field-level security', async () => {
    const { org, parts } = await connectedOrg({ hiddenFields: ['Lead.Title'] });
    const where = compare('Title', '=', text('VP'));
    const error = await failure(readRows(parts, { what: 'reading', from: 'Lead', fields: [], where }, SIGNAL));
    expect(error).toMatchObject({
      kind: 'forbidden',
      code: 'INVALID_FIELD',
      fix: expect.stringContaining('field-level'),
    });
    expect((await requestLog(org)).filter((call) => call === 'GET /query').length).toBeLessThanOrEqual(3);
  });
});

test('a query of an unknown object is an error whose fix names the object', async () => {
  const { parts } = await connectedOrg();
  expect(await parts.schema.describe('NoSuchThing__c', SIGNAL)).toBeNull();
  const error = await failure(read(parts, ['Name'], 'NoSuchThing__c'));
  expect(error).toMatchObject({ kind: 'forbidden', code: 'OBJECT_NOT_VISIBLE' });
  expect(error.fix).toContain('NoSuchThing__c');
});

test('ten concurrent queries share one describe call', async () => {
  const { org, parts } = await connectedOrg();
  await org.control('POST', '/reset-log');
  await Promise.all(Array.from({ length: 10 }, () => read(parts, ['LastName'])));
  expect((await requestLog(org)).filter((call) => call.endsWith('/describe'))).toHaveLength(1);
});

test('a page that Salesforce returns with fewer rows than requested is followed by another page', async () => {
  const { parts } = await connectedOrg({ dataset: people(700) });
  const query = { what: 'reading', from: 'Lead', fields: ['Description'], orderBy: ['Id'], limit: PAGE_ROWS };
  const first = await readRows(parts, query, SIGNAL);
  expect([first.rows.length, first.hasMore]).toEqual([500, true]);
  const behind = compare('Id', '>', id(first.rows.at(-1)?.id ?? ''));
  const rest = await readRows(parts, { ...query, where: behind }, SIGNAL);
  expect([rest.rows.length, rest.hasMore]).toEqual([200, false]);
});

describe('rows by IDs', () => {
  test('each of 1,500 rows is read once, no URL is longer than 8,000 bytes, and an ID without a row is omitted', async () => {
    const { org, parts } = await connectedOrg({ dataset: people(1_500) });
    const ids = Array.from({ length: 1_500 }, (_, number) => org.lead(number));
    await org.control('POST', '/reset-log');
    const names = oneOfTexts(
      'Status',
      Array.from({ length: 60 }, (_, at) => `some 'status' number ${at}`).concat(
        'Open - Not Contacted',
        'Working - Contacted',
      ),
    );
    const query = {
      what: 'reading',
      from: 'Lead',
      fields: ['LastName', 'Status'],
      where: all(names, compare('IsDeleted', '=', false)),
    };
    const requested = [...ids, ...ids.slice(0, 700), idOf('00Q', 999_999)];
    const { rows } = await readByIds(parts, { ...query, ids: requested }, SIGNAL);
    expect(rows.map((row) => row.id).toSorted()).toEqual(
      (
        await org.query(`SELECT Id FROM Lead WHERE Status IN ('Open - Not Contacted','Working - Contacted')`)
      ).body.records
        .map(({ Id }: { Id: string }) => Id)
        .toSorted(),
    );
    const log: string = (await org.control('GET', '/log')).body;
    const queries = log.split('\n').filter((line) => line.includes('"path":"/services/data/v66.0/query"'));
    const lengths = queries
      .map((line) => JSON.parse(line))
      .filter(({ query: q }) => q.includes('LastName'))
      .map(({ query: q, path }) => q.length + path.length);
    expect(rows.length).toBeGreaterThan(100);
    expect(Math.max(...lengths)).toBeLessThan(8_000);
    expect(lengths.length).toBeLessThan(15);
  });

  test('all rows that reference one ID by another field are read', async () => {
    const { org, parts } = await connectedOrg();
    const account = await org.control('POST', '/records/Account', { values: { Name: 'Large' } });
    for (let number = 0; number < 30; number += 1) {
      await org.control('POST', '/records/Contact', { values: { LastName: `c${number}`, AccountId: account.body.id } });
    }
    const query = {
      what: 'reading',
      from: 'Contact',
      fields: ['LastName'],
      idField: 'AccountId',
      ids: [account.body.id],
    };
    expect((await readByIds(parts, query, SIGNAL)).rows).toHaveLength(30);
  });
});

describe('a name that looks like SOQL', () => {
  const NAME = "x' OR Id != '";

  test.each([NAME, 'back\\slash', "O'Brien\\", 'line\nend', '"quoted" {x} 100%_'])(
    'a condition with the name %j matches only the record of that name',
    async (name) => {
      const { org, parts } = await connectedOrg();
      const made = await org.control('POST', '/records/Campaign', { values: { Name: name } });
      await org.control('POST', '/records/Campaign', { values: { Name: 'another' } });
      const where = oneOfTexts('Name', [name]);
      const { rows } = await readRows(parts, { what: 'reading', from: 'Campaign', fields: ['Name'], where }, SIGNAL);
      expect(rows.map(({ id: found, values }) => [found, values.Name])).toEqual([[made.body.id, name]]);
      expect(await countRows(parts, { from: 'Campaign', where: compare('Name', '=', text(name)) }, SIGNAL)).toBe(1);
    },
  );
});
