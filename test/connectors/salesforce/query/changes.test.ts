// Reading the changes since a cursor loses no change and repeats few, whatever the clock, the
// number of records with one instant, and the delay until a transaction becomes visible.
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { SalesforceParts } from '../../../../connectors/salesforce/parts.ts';
import {
  type ChangedRows,
  type ChangesCursor,
  changesCursorSchema,
  changesFrom,
  readChanges,
} from '../../../../connectors/salesforce/query/changes.ts';
import { personStream } from '../../../../connectors/salesforce/streams/person-stream.ts';
import { people } from '../../../../sandbox/test/hubspot/sandbox-under-test.ts';
import type { TestOrg } from '../../../../sandbox/test/salesforce/sandbox-under-test.ts';
import { connectedOrg, failure, pagesOf, partsFor, requestLog, SIGNAL } from '../salesforce-fixture.ts';

const LEADS = { id: 'leads', object: 'Lead', fields: ['LastName'] };
const MINUTE = 60_000;

/** Reads one poll to its end. The cursor is converted to JSON and back, as by the database. */
async function poll(parts: SalesforceParts, cursor: ChangesCursor) {
  const pages: ChangedRows[] = [];
  for await (const page of readChanges(parts, LEADS, cursor, SIGNAL)) pages.push(page);
  const last = pages.at(-1)?.cursor ?? cursor;
  return { pages, ids: pages.flatMap(({ rows }) => rows.map(({ id }) => id)), cursor: stored(last) };
}

function stored(cursor: unknown): ChangesCursor {
  return changesCursorSchema.parse(JSON.parse(JSON.stringify(cursor)));
}

/** A cursor after every change of the data set. */
async function cursorAfterAll(org: TestOrg, parts: SalesforceParts): Promise<ChangesCursor> {
  org.advanceClock(10 * MINUTE);
  const { cursor } = await poll(parts, changesFrom(org.now()));
  return cursor;
}

function edit(org: TestOrg, leadNumber: number, at?: number) {
  const stamp = at === undefined ? {} : { at: new Date(at).toISOString() };
  return org.control('PATCH', `/records/Lead/${org.lead(leadNumber)}`, {
    values: { LastName: `n${org.now()}` },
    ...stamp,
  });
}

/** Edits all of them at one instant. */
async function editAll(org: TestOrg, numbers: readonly number[]) {
  for (let start = 0; start < numbers.length; start += 200) {
    const records = numbers.slice(start, start + 200).map((number) => {
      return { attributes: { type: 'Lead' }, id: org.lead(number), LastName: `n${org.now()}` };
    });
    const answer = await org.call('PATCH', '/composite/sobjects', { allOrNone: false, records });
    expect(z.array(z.object({ success: z.literal(true) })).safeParse(answer.body).success).toBe(true);
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

test('two changes of a record within one second are read by two polls', async () => {
  const { org, parts } = await connectedOrg();
  const start = await cursorAfterAll(org, parts);
  const change = (name: string) => org.control('PATCH', `/records/Lead/${org.lead(0)}`, { values: { LastName: name } });
  await change('First');
  const first = await poll(parts, start);
  await change('Second');
  const second = await poll(parts, first.cursor);
  expect([first.ids, second.ids, (await poll(parts, second.cursor)).ids]).toEqual([[org.lead(0)], [org.lead(0)], []]);
});

test('an edit and a deletion are each read exactly once', async () => {
  const { org, parts } = await connectedOrg();
  let cursor = await cursorAfterAll(org, parts);
  await edit(org, 0);
  await org.control('DELETE', `/records/Lead/${org.lead(1)}`);
  const first = await poll(parts, cursor);
  expect(first.ids.toSorted()).toEqual([org.lead(0), org.lead(1)].toSorted());
  expect(first.pages[0]?.rows.map(({ values }) => values.IsDeleted).toSorted()).toEqual([false, true]);
  ({ cursor } = first);
  for (let minute = 0; minute < 10; minute += 1) {
    org.advanceClock(MINUTE);
    const next = await poll(parts, cursor);
    expect(next.ids).toEqual([]);
    ({ cursor } = next);
  }
});

test('an idle poll makes one call, and after five minutes no longer changes the cursor', async () => {
  const { org, parts } = await connectedOrg();
  let cursor = await cursorAfterAll(org, parts);
  await edit(org, 0);
  for (let minute = 0; minute < 5; minute += 1) {
    ({ cursor } = await poll(parts, cursor));
    org.advanceClock(MINUTE);
  }
  await org.control('POST', '/reset-log');
  expect((await poll(parts, cursor)).pages).toEqual([]);
  expect(await requestLog(org)).toEqual(['GET /queryAll']);
});

test('each change of a record within the overlap is read', async () => {
  const { org, parts } = await connectedOrg();
  let cursor = await cursorAfterAll(org, parts);
  for (let edits = 0; edits < 4; edits += 1) {
    org.advanceClock(20_000);
    await edit(org, 0);
    const next = await poll(parts, cursor);
    expect(next.ids).toEqual([org.lead(0)]);
    ({ cursor } = next);
  }
});

describe('a transaction that becomes visible late', () => {
  test.each([
    ['every minute', MINUTE],
    ['every five minutes', 5 * MINUTE],
    ['once a day', 24 * 60 * MINUTE],
  ])('a transaction that becomes visible after 170 s is read by polls %s', async (_, every) => {
    const { org, parts } = await connectedOrg({ dataset: people(5) });
    let cursor = await cursorAfterAll(org, parts);
    // Both changes have the same instant, but the transaction of the second one took 170 seconds.
    const began = org.now();
    org.advanceClock(60_000);
    await edit(org, 0);
    const readIds: string[] = [];
    const pollNow = async () => {
      const next = await poll(parts, cursor);
      readIds.push(...next.ids);
      ({ cursor } = next);
    };
    await pollNow();
    org.advanceClock(110_000);
    await edit(org, 1, began);
    org.advanceClock(every - 110_000 > 0 ? every - 110_000 : 10_000);
    await pollNow();
    for (let more = 0; more < 3; more += 1) {
      org.advanceClock(every);
      await pollNow();
    }
    expect(readIds.toSorted()).toEqual([org.lead(0), org.lead(1)].toSorted());
  });

  test('a late transaction is read after an idle hour, although newer changes were read before', async () => {
    const { org, parts } = await connectedOrg({ dataset: people(5) });
    let cursor = await cursorAfterAll(org, parts);
    await edit(org, 0);
    ({ cursor } = await poll(parts, cursor));
    const began = org.now() - 100_000;
    org.advanceClock(60_000);
    await edit(org, 1, began);
    org.advanceClock(60 * MINUTE);
    expect((await poll(parts, cursor)).ids).toEqual([org.lead(1)]);
  });

  test('a late transaction is read after a poll was interrupted and resumed', async () => {
    const { org, parts } = await connectedOrg({ dataset: people(4_100) });
    const start = await cursorAfterAll(org, parts);
    await editAll(org, range(0, 4_050));
    let broken: ChangesCursor | null = null;
    for await (const page of readChanges(parts, LEADS, start, SIGNAL)) {
      broken = stored(page.cursor);
      break;
    }
    const began = org.now() - 60_000;
    org.advanceClock(60_000);
    await edit(org, 4_060, began);
    org.advanceClock(60 * MINUTE);
    const rest = await poll(parts, broken ?? start);
    const next = await poll(parts, rest.cursor);
    expect([...rest.ids, ...next.ids]).toContain(org.lead(4_060));
  });
});

describe('4,500 records with one instant', () => {
  test('4,500 changes with one instant are read by pages, each once, and later polls are idle', async () => {
    const { org, parts } = await connectedOrg({ dataset: people(4_500) });
    let cursor = await cursorAfterAll(org, parts);
    await editAll(org, range(0, 4_500));
    const first = await poll(parts, cursor);
    expect(first.pages.map(({ rows }) => rows.length)).toEqual([2_000, 2_000, 500]);
    expect(new Set(first.ids).size).toBe(4_500);
    ({ cursor } = first);
    // Changes whose keys do not fit into the cursor may be read again until the overlap has passed.
    for (let minute = 0; minute < 5; minute += 1) {
      org.advanceClock(MINUTE);
      ({ cursor } = await poll(parts, cursor));
    }
    await org.control('POST', '/reset-log');
    expect((await poll(parts, cursor)).pages).toEqual([]);
    expect(await requestLog(org)).toEqual(['GET /queryAll']);
    expect(JSON.stringify(cursor).length).toBeLessThan(100_000);
  });

  test('a poll of 4,500 changes with one instant that is resumed after any page loses and repeats none', async () => {
    const { org, parts } = await connectedOrg({ dataset: people(4_500) });
    const start = await cursorAfterAll(org, parts);
    await editAll(org, range(0, 4_500));
    const { pages } = await poll(parts, start);
    for (const [at, page] of pages.slice(0, -1).entries()) {
      const before = pages.slice(0, at + 1).flatMap(({ rows }) => rows.map(({ id }) => id));
      const rest = await poll(partsFor(org), stored(page.cursor));
      expect(new Set([...before, ...rest.ids]).size).toBe(4_500);
      expect(before.length + rest.ids.length).toBe(4_500);
    }
  });

  test('a record that changes during a poll of several pages is read with its new values', async () => {
    const { org, parts } = await connectedOrg({ dataset: people(4_500) });
    const start = await cursorAfterAll(org, parts);
    await editAll(org, range(0, 4_500));
    const readValues = new Map<string, unknown>();
    let cursor: ChangesCursor = start;
    for await (const page of readChanges(parts, LEADS, start, SIGNAL)) {
      for (const { id, values } of page.rows) readValues.set(id, values.LastName);
      if (cursor === start) {
        org.advanceClock(5_000);
        await editAll(org, [0, 4_499]);
      }
      cursor = stored(page.cursor);
    }
    for (const row of (await poll(parts, cursor)).pages.flatMap(({ rows }) => rows))
      readValues.set(row.id, row.values.LastName);
    expect(readValues.size).toBe(4_500);
    expect([readValues.get(org.lead(0)), readValues.get(org.lead(4_499))]).toEqual(Array(2).fill(`n${org.now()}`));
  });
});

test('a poll ends although records keep changing, and the next poll reads those changes', async () => {
  const { org, parts } = await connectedOrg({ dataset: people(2_100) });
  const start = await cursorAfterAll(org, parts);
  await editAll(org, range(0, 2_050));
  let pages = 0;
  let cursor: ChangesCursor = start;
  for await (const page of readChanges(parts, LEADS, start, SIGNAL)) {
    cursor = stored(page.cursor);
    pages += 1;
    // As in an org where records change constantly.
    if (pages > 10) break;
    org.advanceClock(2_000);
    await editAll(org, range(0, 2_050));
  }
  expect(pages).toBeLessThanOrEqual(2);
  expect(new Set((await poll(parts, cursor)).ids).size).toBe(2_050);
});

describe('with a wrong clock of our own', () => {
  test.each([-10 * MINUTE, 10 * MINUTE])('a clock that is %i ms ahead hides no change', async (aheadMs) => {
    const { org } = await connectedOrg({ dataset: people(5) });
    const parts = partsFor(org, { aheadMs });
    let cursor = await cursorAfterAll(org, parts);
    for (const number of [0, 1, 2]) {
      org.advanceClock(5 * MINUTE);
      await edit(org, number);
      const next = await poll(partsFor(org, { aheadMs }), cursor);
      expect(next.ids).toEqual([org.lead(number)]);
      ({ cursor } = next);
    }
  });

  test.each([-10 * MINUTE, 10 * MINUTE])(
    'a clock that is %i ms ahead hides no change during the full sync, even if each page is read by another process',
    async (aheadMs) => {
      const { org } = await connectedOrg({ dataset: people(2_100) });
      org.advanceClock(60 * MINUTE);
      const [first] = await pagesOf(personStream(partsFor(org, { aheadMs }), 'Lead'), null);
      org.advanceClock(MINUTE);
      await edit(org, 0);
      // Each step uses the parts of another process.
      let cursor = first?.cursor ?? null;
      const dirty: string[] = [];
      for (let step = 0; step < 4; step += 1) {
        for await (const page of personStream(partsFor(org, { aheadMs }), 'Lead').read(cursor, SIGNAL)) {
          dirty.push(...page.dirty.map(({ ref }) => ref.id));
          cursor = page.cursor;
          break;
        }
      }
      expect(dirty).toContain(org.lead(0));
    },
  );
});

test('a record without SystemModstamp is read again by its ID, and the other records are read', async () => {
  const { org, parts } = await connectedOrg();
  const cursor = await cursorAfterAll(org, parts);
  const SystemModstamp = '2026-03-10T12:09:00.000+0000';
  const records = [
    { Id: org.lead(0), SystemModstamp: null },
    { Id: org.lead(1), SystemModstamp, Title: 'CTO' },
  ];
  const body = { totalSize: 2, done: true, records };
  await org.control('PUT', '/faults', [{ match: { path: '/queryAll' }, action: { status: 200, body } }]);
  const dirty = (await pagesOf(personStream(parts, 'Lead'), cursor)).flatMap((page) => page.dirty);
  expect(dirty.map(({ ref }) => ref.id).toSorted()).toEqual([org.lead(0), org.lead(1)].toSorted());
});

test('a cursor that another stream or version wrote is an error whose fix is a backfill', async () => {
  const { parts } = await connectedOrg();
  const error = await failure(pagesOf(personStream(parts, 'Lead'), { phase: 'search', last: 0 }));
  expect(error).toMatchObject({ kind: 'invalid', code: 'CURSOR', fix: expect.stringContaining('backfill') });
});
