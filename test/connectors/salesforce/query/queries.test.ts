// Which fields a query asks for, as the user sees more or fewer of them; rows by many ids; addresses that stay short enough.
import { afterEach, describe, expect, test } from 'vitest';
import { countRows, PAGE_ROWS, readByIds, readRows } from '../../../../connectors/salesforce/query/query.ts';
import { all, compare, id, oneOfTexts, text } from '../../../../connectors/salesforce/query/soql.ts';
import type { SalesforceParts } from '../../../../connectors/salesforce/streams/stream.ts';
import { idOf } from '../../../../sandbox/salesforce/ids.ts';
import { people } from '../../../../sandbox/test/hubspot/sandbox-under-test.ts';
import { peopleWithDeals } from '../../../../sandbox/test/salesforce/sandbox-under-test.ts';
import { asked, type ConnectedOrg, connectedOrg, failure, SIGNAL } from '../salesforce-fixture.ts';

const opened: ConnectedOrg[] = [];
afterEach(async () => {
  for (const { org } of opened.splice(0)) await org.close();
});

async function open(...options: Parameters<typeof connectedOrg>): Promise<ConnectedOrg> {
  const connected = await connectedOrg(...options);
  opened.push(connected);
  return connected;
}

function read(parts: SalesforceParts, fields: readonly string[], from = 'Lead') {
  return readRows(parts, { what: 'reading', from, fields, orderBy: ['Id'], limit: 10 }, SIGNAL);
}

describe('a field', () => {
  test('that this user does not see is left out of the query', async () => {
    const { parts } = await open({ hiddenFields: ['Lead.Title'] });
    const { rows } = await read(parts, ['Title', 'LastName', 'NoSuchThing__c']);
    expect(Object.keys(rows[0]?.values ?? {}).toSorted()).toEqual(['Id', 'LastName']);
  });

  test('is spelled in any case, and comes back as Salesforce spells it', async () => {
    const { parts } = await open();
    const visible = await parts.schema.visible('Lead', ['lastname', 'LASTNAME', 'Id'], SIGNAL);
    expect(visible).toEqual(['LastName', 'Id']);
  });

  test('of a parent is found by its relation, and only where there is one parent', async () => {
    const { parts } = await open();
    const paths = [
      'Account.Industry',
      'Account.Owner.Name',
      'account.name',
      'Account.Nothing',
      'Nobody.Name',
      'Account.',
    ];
    expect(await parts.schema.visible('Contact', paths, SIGNAL)).toEqual([
      'Account.Industry',
      'Account.Owner.Name',
      'Account.Name',
    ]);
    expect(await parts.schema.visible('Task', ['Who.Name', 'Subject'], SIGNAL)).toEqual(['Subject']);
  });

  test('of a parent that is not there is null, with the others of the row', async () => {
    const { org, parts } = await open({ dataset: peopleWithDeals(2, [0, 1]) });
    const contact = org.contact(0);
    await org.control('PATCH', `/records/Contact/${contact}`, { values: { AccountId: null } });
    const { rows } = await read(parts, ['LastName', 'Account.Name'], 'Contact');
    const row = rows.find((each) => each.id === contact);
    expect(row?.values['Account.Name'] ?? null).toBeNull();
    expect(rows.find((each) => each.id !== contact)?.values['Account.Name']).toEqual(expect.any(String));
  });

  test('that was hidden since it was described costs that field alone', async () => {
    const { org, parts } = await open();
    await read(parts, ['Title', 'LastName']);
    await org.control('PUT', '/hidden-fields', ['Lead.Title']);
    await org.control('POST', '/reset-log');
    const { rows } = await read(parts, ['Title', 'LastName']);
    expect(Object.keys(rows[0]?.values ?? {}).toSorted()).toEqual(['Id', 'LastName']);
    expect(await asked(org)).toEqual(['GET /query', 'GET /sobjects/Lead/describe', 'GET /query']);
  });

  test('of a parent, too', async () => {
    const { org, parts } = await open({ dataset: peopleWithDeals(1, [0]) });
    await read(parts, ['Account.Industry', 'LastName'], 'Contact');
    await org.control('PUT', '/hidden-fields', ['Account.Industry']);
    const { rows } = await read(parts, ['Account.Industry', 'LastName'], 'Contact');
    expect(Object.keys(rows[0]?.values ?? {}).toSorted()).toEqual(['Id', 'LastName']);
  });

  test('that is shown again is read again, half an hour later at most', async () => {
    const { org, parts } = await open({ hiddenFields: ['Lead.Title'] });
    await read(parts, ['Title']);
    await org.control('PUT', '/hidden-fields', []);
    org.pass(30 * 60_000);
    expect((await read(parts, ['Title'])).rows[0]?.values).toHaveProperty('Title');
  });

  test('that a query cannot do without is told, and how to get it', async () => {
    const { org, parts } = await open({ hiddenFields: ['Lead.Title'] });
    const where = compare('Title', '=', text('VP'));
    const error = await failure(readRows(parts, { what: 'reading', from: 'Lead', fields: [], where }, SIGNAL));
    expect(error).toMatchObject({
      kind: 'forbidden',
      code: 'INVALID_FIELD',
      fix: expect.stringContaining('field-level'),
    });
    expect((await asked(org)).filter((call) => call === 'GET /query').length).toBeLessThanOrEqual(3);
  });
});

test('an object that is not there is told, with the permission set that shows it', async () => {
  const { parts } = await open();
  expect(await parts.schema.object('NoSuchThing__c', SIGNAL)).toBeNull();
  const error = await failure(read(parts, ['Name'], 'NoSuchThing__c'));
  expect(error).toMatchObject({ kind: 'forbidden', code: 'OBJECT_NOT_VISIBLE' });
  expect(error.fix).toContain('NoSuchThing__c');
});

test('an object is described once, for many that ask at once', async () => {
  const { org, parts } = await open();
  await org.control('POST', '/reset-log');
  await Promise.all(Array.from({ length: 10 }, () => read(parts, ['LastName'])));
  expect((await asked(org)).filter((call) => call.endsWith('/describe'))).toHaveLength(1);
});

test('a page that Salesforce cuts shorter than asked is known not to be the last', async () => {
  const { parts } = await open({ dataset: people(700) });
  const query = { what: 'reading', from: 'Lead', fields: ['Description'], orderBy: ['Id'], limit: PAGE_ROWS };
  const first = await readRows(parts, query, SIGNAL);
  expect([first.rows.length, first.more]).toEqual([500, true]);
  const behind = compare('Id', '>', id(first.rows.at(-1)?.id ?? ''));
  const rest = await readRows(parts, { ...query, where: behind }, SIGNAL);
  expect([rest.rows.length, rest.more]).toEqual([200, false]);
});

describe('rows by ids', () => {
  test('come once each, in queries whose address is short enough; those that are not there are left out', async () => {
    const { org, parts } = await open({ dataset: people(1_500) });
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
    const wanted = [...ids, ...ids.slice(0, 700), idOf('00Q', 999_999)];
    const rows = await readByIds(parts, { ...query, ids: wanted }, SIGNAL);
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

  test('by another field come all', async () => {
    const { org, parts } = await open();
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
    expect(await readByIds(parts, query, SIGNAL)).toHaveLength(30);
  });
});

describe('a name that looks like SOQL', () => {
  const NAME = "x' OR Id != '";

  test.each([NAME, 'back\\slash', "O'Brien\\", 'line\nend', '"quoted" {x} 100%_'])(
    '%j finds its own record and no other',
    async (name) => {
      const { org, parts } = await open();
      const made = await org.control('POST', '/records/Campaign', { values: { Name: name } });
      await org.control('POST', '/records/Campaign', { values: { Name: 'another' } });
      const where = oneOfTexts('Name', [name]);
      const { rows } = await readRows(parts, { what: 'reading', from: 'Campaign', fields: ['Name'], where }, SIGNAL);
      expect(rows.map(({ id: found, values }) => [found, values.Name])).toEqual([[made.body.id, name]]);
      expect(await countRows(parts, { from: 'Campaign', where: compare('Name', '=', text(name)) }, SIGNAL)).toBe(1);
    },
  );
});
