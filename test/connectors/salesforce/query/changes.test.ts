// What changed since a cursor: nothing is lost and little comes twice, whatever the clock, the number of records of one instant,
// and the moment at which a transaction becomes visible.
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  type ChangedRows,
  type ChangesCursor,
  changesCursorSchema,
  changesFrom,
  readChanges,
} from '../../../../connectors/salesforce/query/changes.ts';
import { personStream } from '../../../../connectors/salesforce/streams/person-stream.ts';
import type { SalesforceParts } from '../../../../connectors/salesforce/streams/stream.ts';
import { people } from '../../../../sandbox/test/hubspot/sandbox-under-test.ts';
import type { TestOrg } from '../../../../sandbox/test/salesforce/sandbox-under-test.ts';
import { asked, type ConnectedOrg, connectedOrg, failure, pagesOf, partsFor, SIGNAL } from '../salesforce-fixture.ts';

const LEADS = { id: 'leads', object: 'Lead', fields: ['LastName'] };
const MINUTE = 60_000;

const opened: ConnectedOrg[] = [];
afterEach(async () => {
  for (const { org } of opened.splice(0)) await org.close();
});

async function open(...options: Parameters<typeof connectedOrg>): Promise<ConnectedOrg> {
  const connected = await connectedOrg(...options);
  opened.push(connected);
  return connected;
}

/** A poll to its end. The cursor goes through JSON, as in the database. */
async function poll(parts: SalesforceParts, cursor: ChangesCursor) {
  const pages: ChangedRows[] = [];
  for await (const page of readChanges(parts, LEADS, cursor, SIGNAL)) pages.push(page);
  const last = pages.at(-1)?.cursor ?? cursor;
  return { pages, ids: pages.flatMap(({ rows }) => rows.map(({ id }) => id)), cursor: stored(last) };
}

function stored(cursor: unknown): ChangesCursor {
  return changesCursorSchema.parse(JSON.parse(JSON.stringify(cursor)));
}

/** Behind everything that the data set holds. */
async function settled(org: TestOrg, parts: SalesforceParts): Promise<ChangesCursor> {
  org.pass(10 * MINUTE);
  const { cursor } = await poll(parts, changesFrom(org.now()));
  return cursor;
}

function edit(org: TestOrg, number: number, at?: number) {
  const stamp = at === undefined ? {} : { at: new Date(at).toISOString() };
  return org.control('PATCH', `/records/Lead/${org.lead(number)}`, { values: { LastName: `n${org.now()}` }, ...stamp });
}

/** All at one instant. */
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

test('a change in the second of the one before is seen, though both carry that second', async () => {
  const { org, parts } = await open();
  const start = await settled(org, parts);
  const change = (name: string) => org.control('PATCH', `/records/Lead/${org.lead(0)}`, { values: { LastName: name } });
  await change('First');
  const first = await poll(parts, start);
  await change('Second');
  const second = await poll(parts, first.cursor);
  expect([first.ids, second.ids, (await poll(parts, second.cursor)).ids]).toEqual([[org.lead(0)], [org.lead(0)], []]);
});

test('a change is seen once, with a deletion as one', async () => {
  const { org, parts } = await open();
  let cursor = await settled(org, parts);
  await edit(org, 0);
  await org.control('DELETE', `/records/Lead/${org.lead(1)}`);
  const first = await poll(parts, cursor);
  expect(first.ids.toSorted()).toEqual([org.lead(0), org.lead(1)].toSorted());
  expect(first.pages[0]?.rows.map(({ values }) => values.IsDeleted).toSorted()).toEqual([false, true]);
  ({ cursor } = first);
  for (let minute = 0; minute < 10; minute += 1) {
    org.pass(MINUTE);
    const next = await poll(parts, cursor);
    expect(next.ids).toEqual([]);
    ({ cursor } = next);
  }
});

test('an idle poll is one call, and soon leaves the cursor alone', async () => {
  const { org, parts } = await open();
  let cursor = await settled(org, parts);
  await edit(org, 0);
  for (let minute = 0; minute < 5; minute += 1) {
    ({ cursor } = await poll(parts, cursor));
    org.pass(MINUTE);
  }
  await org.control('POST', '/reset-log');
  expect((await poll(parts, cursor)).pages).toEqual([]);
  expect(await asked(org)).toEqual(['GET /queryAll']);
});

test('a record that changes again is seen again', async () => {
  const { org, parts } = await open();
  let cursor = await settled(org, parts);
  for (let round = 0; round < 4; round += 1) {
    org.pass(20_000);
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
  ])('is seen by polls %s', async (_, every) => {
    const { org, parts } = await open({ dataset: people(5) });
    let cursor = await settled(org, parts);
    // Both were changed at one time, but the second one's transaction took 170 seconds.
    const began = org.now();
    org.pass(60_000);
    await edit(org, 0);
    const seen: string[] = [];
    const pollNow = async () => {
      const next = await poll(parts, cursor);
      seen.push(...next.ids);
      ({ cursor } = next);
    };
    await pollNow();
    org.pass(110_000);
    await edit(org, 1, began);
    org.pass(every - 110_000 > 0 ? every - 110_000 : 10_000);
    await pollNow();
    for (let more = 0; more < 3; more += 1) {
      org.pass(every);
      await pollNow();
    }
    expect(seen.toSorted()).toEqual([org.lead(0), org.lead(1)].toSorted());
  });

  test('is seen after an idle time, when newer changes were seen long ago', async () => {
    const { org, parts } = await open({ dataset: people(5) });
    let cursor = await settled(org, parts);
    await edit(org, 0);
    ({ cursor } = await poll(parts, cursor));
    const began = org.now() - 100_000;
    org.pass(60_000);
    await edit(org, 1, began);
    org.pass(60 * MINUTE);
    expect((await poll(parts, cursor)).ids).toEqual([org.lead(1)]);
  });

  test('is seen by the poll after one that was broken off', async () => {
    const { org, parts } = await open({ dataset: people(4_100) });
    const start = await settled(org, parts);
    await editAll(org, range(0, 4_050));
    let broken: ChangesCursor | null = null;
    for await (const page of readChanges(parts, LEADS, start, SIGNAL)) {
      broken = stored(page.cursor);
      break;
    }
    const began = org.now() - 60_000;
    org.pass(60_000);
    await edit(org, 4_060, began);
    org.pass(60 * MINUTE);
    const rest = await poll(parts, broken ?? start);
    const next = await poll(parts, rest.cursor);
    expect([...rest.ids, ...next.ids]).toContain(org.lead(4_060));
  });
});

describe('thousands of records of one instant', () => {
  test('come page by page, each once; then polls are idle', async () => {
    const { org, parts } = await open({ dataset: people(4_500) });
    let cursor = await settled(org, parts);
    await editAll(org, range(0, 4_500));
    const first = await poll(parts, cursor);
    expect(first.pages.map(({ rows }) => rows.length)).toEqual([2_000, 2_000, 500]);
    expect(new Set(first.ids).size).toBe(4_500);
    ({ cursor } = first);
    // What does not fit in the cursor may come again until it has settled.
    for (let minute = 0; minute < 5; minute += 1) {
      org.pass(MINUTE);
      ({ cursor } = await poll(parts, cursor));
    }
    await org.control('POST', '/reset-log');
    expect((await poll(parts, cursor)).pages).toEqual([]);
    expect(await asked(org)).toEqual(['GET /queryAll']);
    expect(JSON.stringify(cursor).length).toBeLessThan(100_000);
  });

  test('resuming behind any page loses nothing and repeats nothing', async () => {
    const { org, parts } = await open({ dataset: people(4_500) });
    const start = await settled(org, parts);
    await editAll(org, range(0, 4_500));
    const { pages } = await poll(parts, start);
    for (const [at, page] of pages.slice(0, -1).entries()) {
      const before = pages.slice(0, at + 1).flatMap(({ rows }) => rows.map(({ id }) => id));
      const rest = await poll(partsFor(org), stored(page.cursor));
      expect(new Set([...before, ...rest.ids]).size).toBe(4_500);
      expect(before.length + rest.ids.length).toBe(4_500);
    }
  });

  test('one that changes while it is paged over is seen as it became', async () => {
    const { org, parts } = await open({ dataset: people(4_500) });
    const start = await settled(org, parts);
    await editAll(org, range(0, 4_500));
    const seen = new Map<string, unknown>();
    let cursor: ChangesCursor = start;
    for await (const page of readChanges(parts, LEADS, start, SIGNAL)) {
      for (const { id, values } of page.rows) seen.set(id, values.LastName);
      if (cursor === start) {
        org.pass(5_000);
        await editAll(org, [0, 4_499]);
      }
      cursor = stored(page.cursor);
    }
    for (const row of (await poll(parts, cursor)).pages.flatMap(({ rows }) => rows))
      seen.set(row.id, row.values.LastName);
    expect(seen.size).toBe(4_500);
    expect([seen.get(org.lead(0)), seen.get(org.lead(4_499))]).toEqual(Array(2).fill(`n${org.now()}`));
  });
});

test('what changes while we read comes with the next poll', async () => {
  const { org, parts } = await open({ dataset: people(2_100) });
  const start = await settled(org, parts);
  await editAll(org, range(0, 2_050));
  let pages = 0;
  let cursor: ChangesCursor = start;
  for await (const page of readChanges(parts, LEADS, start, SIGNAL)) {
    cursor = stored(page.cursor);
    pages += 1;
    // As in an org that never rests.
    if (pages > 10) break;
    org.pass(2_000);
    await editAll(org, range(0, 2_050));
  }
  expect(pages).toBeLessThanOrEqual(2);
  expect(new Set((await poll(parts, cursor)).ids).size).toBe(2_050);
});

describe('a clock of ours that is wrong', () => {
  test.each([-10 * MINUTE, 10 * MINUTE])('by %i ms hides no change', async (aheadMs) => {
    const { org } = await open({ dataset: people(5) });
    const parts = partsFor(org, { aheadMs });
    let cursor = await settled(org, parts);
    for (const number of [0, 1, 2]) {
      org.pass(5 * MINUTE);
      await edit(org, number);
      const next = await poll(partsFor(org, { aheadMs }), cursor);
      expect(next.ids).toEqual([org.lead(number)]);
      ({ cursor } = next);
    }
  });

  test.each([-10 * MINUTE, 10 * MINUTE])(
    'by %i ms hides nothing that changed during the first pull, though the process ended in between',
    async (aheadMs) => {
      const { org } = await open({ dataset: people(2_100) });
      org.pass(60 * MINUTE);
      const [first] = await pagesOf(personStream(partsFor(org, { aheadMs }), 'Lead'), null);
      org.pass(MINUTE);
      await edit(org, 0);
      // Each step is one of a process of its own.
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

test('a record without SystemModstamp is no answer', async () => {
  const { org, parts } = await open();
  const cursor = await settled(org, parts);
  const body = { totalSize: 1, done: true, records: [{ Id: org.lead(0) }] };
  await org.control('PUT', '/faults', [{ match: { path: '/queryAll' }, action: { status: 200, body } }]);
  expect(await failure(poll(parts, cursor))).toMatchObject({ kind: 'invalid', code: 'UNEXPECTED_ANSWER' });
});

test('a cursor of another stream or version is told', async () => {
  const { parts } = await open();
  const error = await failure(pagesOf(personStream(parts, 'Lead'), { phase: 'search', last: 0 }));
  expect(error).toMatchObject({ kind: 'invalid', code: 'CURSOR', fix: expect.stringContaining('backfill') });
});
