// Streams while Salesforce refuses some of their queries or returns items that cannot be read: the
// rest is read, what failed is named, and it is read as soon as Salesforce allows it.
import { afterEach, describe, expect, test } from 'vitest';
import { createActivityStreams } from '../../../../connectors/salesforce/streams/activity-streams.ts';
import type { SeedActivity } from '../../../../sandbox/dataset/dataset.ts';
import { peopleWithDeals } from '../../../../sandbox/test/salesforce/sandbox-under-test.ts';
import type { ChangePage, Cursor, FailedPart, StreamPart } from '../../../../src/crm/connector.ts';
import { type ConnectedOrg, connectedOrg, failure, requestLog, SIGNAL } from '../salesforce-fixture.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const opened: ConnectedOrg[] = [];
afterEach(async () => {
  for (const { org } of opened.splice(0)) await org.close();
});

/** An org with one call for each of the last `days` days. */
async function orgWithCalls(days: number): Promise<ConnectedOrg> {
  const at = Date.parse('2026-03-09T15:30:00Z');
  const calls = Array.from({ length: days }, (_, day): SeedActivity => {
    return { person: `p${day % 3}`, type: 'call', at: at - day * DAY, attributes: { outcome: 'Connected' } };
  });
  const connected = await connectedOrg({ dataset: peopleWithDeals(3, [], calls) });
  opened.push(connected);
  return connected;
}

interface Reading {
  readonly stream?: string;
  readonly cursor?: Cursor | null;
  readonly due?: readonly StreamPart[];
}

async function read({ parts }: ConnectedOrg, { stream = 'tasks', cursor = null, due = [] }: Reading = {}) {
  const reader = createActivityStreams(parts).find((each) => each.stream.id === stream);
  const pages: ChangePage[] = [];
  const setAside = { due, isSkipped: () => false };
  for await (const page of reader?.read(cursor, SIGNAL, setAside) ?? []) pages.push(page);
  return {
    activities: pages.flatMap((page) => page.activities.map(({ id }) => id)),
    outcomes: pages.flatMap((page) => page.outcomes),
    failed: pages.flatMap((page) => page.failed ?? []),
    recovered: pages.flatMap((page) => page.recovered ?? []),
    complete: pages.flatMap((page) => page.complete?.activities ?? []),
    isFullSync: pages[0]?.isFullSync,
    cursor: pages.at(-1)?.cursor ?? cursor,
  };
}

/** Whether the nightly listing of the stream says which items exist. */
async function comparedAtNight({ parts, org }: ConnectedOrg, stream: string): Promise<boolean> {
  const reader = createActivityStreams(parts).find((each) => each.stream.id === stream);
  const since = new Date(org.now());
  const known = { findKnown: async () => new Map(), listKnownIds: async function* () {} };
  const request = { position: null, since, horizon: since, ...known };
  for await (const page of reader?.reconcile?.(request, SIGNAL) ?? []) if (page.compared !== undefined) return true;
  return false;
}

/** The cursor after the full sync and the first poll, ten minutes later. */
async function cursorAfterAll(connected: ConnectedOrg): Promise<Cursor | null> {
  const first = await read(connected);
  connected.org.advanceClock(10 * 60_000);
  return (await read(connected, { cursor: first.cursor })).cursor;
}

function partOf({ kind, id }: FailedPart): StreamPart {
  return { kind, id };
}

async function addCall({ org }: ConnectedOrg, at: number): Promise<string> {
  const values = { Type: 'Call', WhoId: org.lead(0), Status: 'Completed', ActivityDate: '2026-03-09' };
  const { body } = await org.control('POST', '/records/Task', { values, at: new Date(at).toISOString() });
  return body.id;
}

const AT_TASKS = { path: '/query.*FROM%20Task%20|/query.*FROM\\+Task\\+' };

describe('a query that is too large', () => {
  test.each(['OPERATION_TOO_LARGE', 'QUERY_TIMEOUT'])(
    'the first sync of tasks reads all of them in shorter periods after %s',
    async (code) => {
      const connected = await orgWithCalls(60);
      await connected.org.control('PUT', '/automation', { queries: [{ object: 'Task', maxRecords: 7, code }] });
      const { activities, failed, isFullSync } = await read(connected);
      expect([new Set(activities).size, failed, isFullSync]).toEqual([60, [], true]);
    },
  );

  test('the minute of one task that always fails is set aside, the others are read, and it recovers', async () => {
    const connected = await orgWithCalls(3);
    const { org } = connected;
    const cursor = await cursorAfterAll(connected);
    const now = org.now();
    org.advanceClock(2 * HOUR);
    const early = await addCall(connected, now + HOUR / 2);
    const [first, second] = [await addCall(connected, now + HOUR), await addCall(connected, now + HOUR + 1_000)];
    const late = await addCall(connected, now + 1.5 * HOUR);
    await org.control('PUT', '/automation', { queries: [{ object: 'Task', maxRecords: 1, code: 'QUERY_TIMEOUT' }] });
    const polled = await read(connected, { cursor });
    expect(polled.activities.toSorted()).toEqual([`task:${early}`, `task:${late}`].toSorted());
    expect(polled.failed).toMatchObject([
      {
        kind: 'period',
        id: expect.stringMatching(/^Task 2026-03-10T\S+Z\/2026-03-10T\S+Z$/),
        failure: { code: 'QUERY_TIMEOUT', fix: expect.stringContaining('View All') },
      },
    ]);
    const due = polled.failed.map(partOf);
    // It fails again: it stays set aside, and the stream goes on.
    const again = await read(connected, { cursor: polled.cursor, due });
    expect([again.failed.map(partOf), again.recovered]).toEqual([due, []]);
    await org.control('PUT', '/automation', {});
    const after = await read(connected, { cursor: again.cursor, due });
    expect(after.activities).toEqual(expect.arrayContaining([`task:${first}`, `task:${second}`]));
    expect([after.failed, after.recovered]).toEqual([[], due]);
  });

  test('tasks whose every query fails are an error of the stream with its fix, after few calls', async () => {
    const connected = await orgWithCalls(3);
    const { org } = connected;
    const cursor = await cursorAfterAll(connected);
    await org.control('POST', '/reset-log');
    const body = [{ errorCode: 'OPERATION_TOO_LARGE', message: "exceeded 100000 distinct who/what's" }];
    await org.control('PUT', '/faults', [{ match: AT_TASKS, action: { status: 400, body } }]);
    const error = await failure(read(connected, { cursor }));
    expect(error).toMatchObject({ code: 'OPERATION_TOO_LARGE', fix: expect.stringContaining('View All Data') });
    expect((await requestLog(org)).length).toBeLessThan(15);
  });

  test('an org that is down is not asked for shorter periods', async () => {
    const connected = await orgWithCalls(3);
    const { org } = connected;
    const cursor = await cursorAfterAll(connected);
    await org.control('POST', '/reset-log');
    await org.control('PUT', '/faults', [{ match: AT_TASKS, action: { status: 503, body: '' } }]);
    expect(await failure(read(connected, { cursor }))).toMatchObject({ kind: 'retry', code: 'HTTP_503' });
    expect((await requestLog(org)).length).toBeLessThan(4);
  });
});

describe('an item that cannot be read', () => {
  test('a task with an unexpected shape is set aside, the others are read, and it recovers', async () => {
    const connected = await orgWithCalls(3);
    const { org } = connected;
    const cursor = await cursorAfterAll(connected);
    const [odd, good] = [await addCall(connected, org.now()), await addCall(connected, org.now())];
    const common = {
      SystemModstamp: new Date(org.now()).toISOString(),
      IsDeleted: false,
      Type: 'Call',
      IsClosed: true,
      ActivityDate: '2026-03-09',
    };
    const records = [
      { ...common, Id: odd, WhoId: [org.lead(0)] },
      { ...common, Id: good, WhoId: org.lead(1) },
    ];
    const body = { totalSize: 2, done: true, records };
    await org.control('PUT', '/faults', [{ match: AT_TASKS, action: { status: 200, body } }]);
    const polled = await read(connected, { cursor });
    expect(polled.activities).toEqual([`task:${good}`]);
    expect(polled.complete).toEqual([`task:${good}`]);
    expect(polled.failed).toMatchObject([{ kind: 'task', id: odd, failure: { code: 'UNEXPECTED_RESPONSE' } }]);
    await org.control('PUT', '/faults', []);
    const due = polled.failed.map(partOf);
    const after = await read(connected, { cursor: polled.cursor, due });
    expect(after.activities).toContain(`task:${odd}`);
    expect([after.failed, after.recovered]).toEqual([[], due]);
  });

  test.each([500, 400])('an e-mail whose people answer %i is set aside, and the others are read', async (status) => {
    const at = Date.parse('2026-03-09T15:30:00Z');
    const replies = [0, 1, 2].map((person) => ({ person: `p${person}`, type: 'email_reply', at, attributes: {} }));
    const connected = await connectedOrg(
      { dataset: peopleWithDeals(3, [], replies) },
      { retryOptions: { retries: 1 } },
    );
    opened.push(connected);
    const { org } = connected;
    const [first] = await org.column('SELECT Id FROM EmailMessage ORDER BY Id');
    const fault = { match: { path: `EmailMessageRelation.*${String(first)}` }, action: { status, body: '' } };
    await org.control('PUT', '/faults', [fault]);
    const { activities, failed, cursor } = await read(connected, { stream: 'emails' });
    expect(activities).toHaveLength(2);
    expect(failed.map(partOf)).toEqual([{ kind: 'email', id: first }]);
    await org.control('PUT', '/faults', []);
    const due = failed.map(partOf);
    const after = await read(connected, { stream: 'emails', cursor, due });
    expect([after.activities, after.recovered]).toEqual([[`email:${String(first)}`], due]);
  });

  test('a task of the year 3026 is set aside with its field, the others are read, and it recovers when it is corrected', async () => {
    const connected = await orgWithCalls(3);
    const { org } = connected;
    const cursor = await cursorAfterAll(connected);
    const [odd, good] = [await addCall(connected, org.now()), await addCall(connected, org.now())];
    const task = (id: string, ActivityDate: string) => ({
      ...{ SystemModstamp: new Date(org.now()).toISOString(), IsDeleted: false, Type: 'Call', IsClosed: true },
      ...{ Id: id, WhoId: org.lead(0), ActivityDate },
    });
    const records = [task(odd, '3026-03-09'), task(good, '2026-03-09')];
    const body = { totalSize: 2, done: true, records };
    await org.control('PUT', '/faults', [{ match: AT_TASKS, action: { status: 200, body } }]);
    const polled = await read(connected, { cursor });
    expect([polled.activities, polled.complete]).toEqual([[`task:${good}`], [`task:${good}`]]);
    const undated = { code: 'BAD_DATE', message: expect.stringContaining('ActivityDate') };
    expect(polled.failed).toMatchObject([{ kind: 'task', id: odd, failure: undated }]);
    const due = polled.failed.map(partOf);
    const again = await read(connected, { cursor: polled.cursor, due });
    expect([again.failed.map(partOf)[0], again.recovered]).toEqual([due[0], []]);
    await org.control('PUT', '/faults', []);
    const after = await read(connected, { cursor: again.cursor, due });
    expect(after.activities).toContain(`task:${odd}`);
    expect([after.failed, after.recovered]).toEqual([[], due]);
  });

  test('an opportunity that was closed in the year 3026 is named, and is an outcome without that date', async () => {
    const connected = await connectedOrg({ dataset: peopleWithDeals(3, [0]) });
    opened.push(connected);
    const { org } = connected;
    const [id] = await org.column('SELECT Id FROM Opportunity');
    await org.control('PATCH', `/records/Opportunity/${String(id)}`, { values: { CloseDate: '3026-03-09' } });
    const { failed, outcomes } = await read(connected, { stream: 'opportunities' });
    expect(failed).toMatchObject([{ kind: 'opportunity', id, failure: { code: 'BAD_DATE' } }]);
    expect(outcomes).toMatchObject([{ state: 'won', closedAt: null }]);
    // The night has read it as well: opportunities that were purged are still found.
    expect(await comparedAtNight(connected, 'opportunities')).toBe(true);
  });

  test('an open opportunity that is expected to close in the year 2999 has no unreadable date', async () => {
    const connected = await connectedOrg({ dataset: peopleWithDeals(3, [0]) });
    opened.push(connected);
    const { org } = connected;
    const [id] = await org.column('SELECT Id FROM Opportunity');
    const values = { StageName: 'Prospecting', CloseDate: '2999-12-31' };
    await org.control('PATCH', `/records/Opportunity/${String(id)}`, { values });
    const { failed, outcomes } = await read(connected, { stream: 'opportunities' });
    expect([failed, outcomes]).toEqual([[], [expect.objectContaining({ state: 'open', closedAt: null })]]);
  });
});
