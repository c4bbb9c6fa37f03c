// The contract of src/crm/connector.ts, tested for every connector against its CRM's sandbox.
import { readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { connectorIds } from '../../../connectors/registry.ts';
import type {
  CrmConnector,
  Cursor,
  RecordRef,
  ScorePatch,
  SetupCheck,
  WriteResult,
} from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { SCORE_FIELDS, type ScoreFieldValues } from '../../../src/domain/score-fields.ts';
import { type CrmUnderTest, fixtureOf, isSame, openCrm, TARGET } from './crm-under-test.ts';

const CRMS = await connectorIds();
const MINUTE = 60_000;

const VALUES: ScoreFieldValues = {
  fit_grade: 'A',
  fit_score: 87,
  behavior_score: -42,
  total_score: 45,
  status: 'hot',
  explanation: 'VP of marketing (+20)\nViewed "pricing" <twice> & more: 李, Ünal, 🚀',
  scored_at: '2026-03-10T11:59:58.000Z',
  model: 'default@3 (abc123)',
};
const CLEARED: ScoreFieldValues = Object.fromEntries(SCORE_FIELDS.map((field) => [field, null]));

function throughJson(cursor: Cursor): Cursor {
  return JSON.parse(JSON.stringify(cursor));
}

function refKey({ object, id }: RecordRef): string {
  return `${object}/${id}`;
}

function refKeys(refs: readonly RecordRef[]): string[] {
  return refs.map(refKey).toSorted();
}

async function failure(promise: Promise<unknown>): Promise<ConnectorError> {
  const error: unknown = await promise.then(() => null).catch((reason: unknown) => reason);
  if (!(error instanceof ConnectorError)) throw new Error(`expected a ConnectorError, got ${String(error)}`);
  return error;
}

/** The error of a write: thrown for the whole batch, or equal for each record. */
async function writeFailure(results: Promise<readonly WriteResult[]>): Promise<ConnectorError> {
  const failed = results.then((all) => {
    const errors = all.flatMap((result) => (result.kind === 'failed' ? [result.error] : []));
    if (errors.length !== all.length || errors[0] === undefined) throw new Error('a record was written');
    throw errors[0];
  });
  return await failure(failed);
}

function expectProblemsWithFixes(checks: readonly SetupCheck[]): void {
  const problems = checks.filter(({ level }) => level === 'problem');
  expect(problems.length).toBeGreaterThan(0);
  for (const problem of problems) expect(problem.fix).toMatch(/\w/);
}

test('every connector has a conformance fixture, and every fixture has a connector', async () => {
  expect(CRMS.length).toBeGreaterThan(1);
  for (const crm of CRMS) await fixtureOf(crm);
  const files = await readdir(import.meta.dirname);
  const otherFiles = ['connectors.long.test.ts', 'crm-under-test.ts', 'fixture.ts'];
  expect(files.filter((file) => !otherFiles.includes(file)).toSorted()).toEqual(CRMS.map((crm) => `${crm}.ts`));
});

describe.each(CRMS)('the %s connector:', (crm) => {
  const fixture = fixtureOf(crm);

  const open = (options: Parameters<typeof openCrm>[1] = {}) => openCrm(crm, options);

  async function openSetUp(options: Parameters<typeof openCrm>[1] = {}): Promise<CrmUnderTest> {
    const underTest = await open(options);
    await underTest.setUp();
    return underTest;
  }

  const patch = (ref: RecordRef, values: ScoreFieldValues = VALUES): ScorePatch => ({ ref, values });

  test('its streams have different IDs, its batch sizes are positive, and opening it makes no call', async () => {
    const { connector } = await open();
    expect(connector.id).toBe(crm);
    const ids = connector.streams.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(connector.mappedFields.length).toBeGreaterThan(0);
    for (const size of [connector.batch.read, connector.batch.write, connector.batch.links, connector.maxTextLength]) {
      expect(size).toBeGreaterThan(0);
    }
    expect(connector.apiCallCount()).toBe(0);
  });

  describe('a full sync', () => {
    test('lists every record once over several pages, and ends with a page that is not part of it', async () => {
      const { severalPages: people } = await fixture;
      const underTest = await open({ people });
      const pages = await underTest.sync(underTest.connector, null);
      const fullSync = pages.filter((page) => page.isFullSync);
      expect(fullSync.length).toBeGreaterThan(2);
      expect(pages.slice(0, fullSync.length)).toEqual(fullSync);
      expect(pages.length).toBeGreaterThan(fullSync.length);
      expect(refKeys(pages.flatMap(({ leads }) => leads.map(({ ref }) => ref)))).toEqual(
        refKeys(underTest.sandbox.people),
      );
    });

    test('continues after any page in another process, without losing a record and with at most one page repeated', async () => {
      const { severalPages: people } = await fixture;
      const underTest = await open({ people });
      const pages = await underTest.sync(underTest.connector, null);
      const largestPage = Math.max(...pages.map(({ leads }) => leads.length));
      const before = new Set<string>();
      for (const { leads, cursor, isFullSync } of pages) {
        for (const { ref } of leads) before.add(refKey(ref));
        if (!isFullSync) break;
        const rest = await underTest.sync(underTest.connect(), throughJson(cursor));
        const after = rest.flatMap((page) => page.leads.map(({ ref }) => refKey(ref)));
        expect(new Set([...before, ...after]).size).toBe(people);
        expect(before.size + after.length).toBeLessThanOrEqual(people + largestPage);
      }
    });

    test('does not hide a record that is changed or created while it runs', async () => {
      const { severalPages: people } = await fixture;
      const underTest = await open({ people });
      const { connector, records, signal, sandbox } = underTest;
      const seen = new Set<string>();
      let cursor: Cursor | null = null;
      let added: RecordRef | null = null;
      const [first] = sandbox.people;
      for await (const page of connector.listChanges(records, null, signal)) {
        if (added === null && first !== undefined) {
          underTest.advanceClock(10_000);
          await sandbox.rename(first, 'Changed');
          added = await sandbox.add('Newcomer');
        }
        for (const { ref } of page.leads) if (added !== null && isSame(ref, added)) seen.add(refKey(ref));
        cursor = throughJson(page.cursor);
      }
      underTest.advanceClock(MINUTE);
      for (const { ref } of (await underTest.poll(cursor ?? {})).dirty) seen.add(refKey(ref));
      expect([...seen]).toEqual(
        expect.arrayContaining([first, added].map((ref) => refKey(ref ?? { object: '', id: '' }))),
      );
    });
  });

  describe('a poll', () => {
    /** A cursor after which all existing records were read. */
    async function settledCursor(underTest: CrmUnderTest): Promise<Cursor> {
      let cursor = throughJson((await underTest.sync(underTest.connector, null)).at(-1)?.cursor ?? {});
      for (let poll = 0; poll < 3; poll += 1) {
        underTest.advanceClock(10 * MINUTE);
        cursor = throughJson((await underTest.poll(cursor)).cursor);
      }
      return cursor;
    }

    test('returns a changed and a new record once each, and a read returns the changed fields', async () => {
      const underTest = await open();
      let cursor = await settledCursor(underTest);
      const [changed] = underTest.sandbox.people;
      if (changed === undefined) throw new Error('the sandbox has too few people');
      await underTest.sandbox.rename(changed, 'Renamed');
      const added = await underTest.sandbox.add('Newcomer');
      const dirty: string[] = [];
      for (let poll = 0; poll < 12; poll += 1) {
        underTest.advanceClock(MINUTE);
        const polled = await underTest.poll(cursor);
        dirty.push(...polled.dirty.map(({ ref }) => refKey(ref)));
        cursor = throughJson(polled.cursor);
      }
      expect(dirty.toSorted()).toEqual(refKeys([changed, added]));
      expect(await underTest.fetchLead(changed)).toMatchObject({
        kind: 'lead',
        fields: { 'contact.last_name': 'Renamed' },
      });
    });

    test('without changes costs at most two calls and returns no record', async () => {
      const underTest = await open();
      const cursor = await settledCursor(underTest);
      const before = underTest.connector.apiCallCount();
      const { dirty } = await underTest.poll(cursor);
      expect(dirty).toEqual([]);
      expect(underTest.connector.apiCallCount() - before).toBeLessThanOrEqual(2);
    });

    test('returns for our own write the values that a read returns, so no record is read again', async () => {
      const underTest = await openSetUp();
      const cursor = await settledCursor(underTest);
      const [ref] = underTest.sandbox.people;
      if (ref === undefined) throw new Error('the sandbox has too few people');
      underTest.advanceClock(MINUTE);
      await underTest.connector.writeScores([patch(ref)], underTest.signal);
      underTest.advanceClock(MINUTE);
      const read = await underTest.fetchLead(ref);
      if (read?.kind !== 'lead') throw new Error('expected a lead');
      const { dirty } = await underTest.poll(cursor);
      for (const record of dirty) {
        expect(record.ref).toEqual(ref);
        expect(record.current?.crmValues).toEqual(read.crmValues);
        expect(read.fields).toMatchObject(record.current?.fields ?? { 'no.fields': true });
      }
    });
  });

  describe('a failure', () => {
    const OPERATIONS: readonly (readonly [
      name: string,
      act: (crm: CrmUnderTest, connector: CrmConnector) => Promise<ConnectorError>,
    ])[] = [
      ['syncing', (underTest, connector) => failure(underTest.sync(connector, null))],
      ['fetching', ({ sandbox, signal }, connector) => failure(connector.fetchLeads(sandbox.people, signal))],
      ['listing', ({ signal }, connector) => failure(connector.listAllRecords?.(null, signal) ?? Promise.resolve())],
      [
        'writing',
        ({ sandbox, signal }, connector) =>
          writeFailure(
            connector.writeScores(
              sandbox.people.map((ref) => patch(ref)),
              signal,
            ),
          ),
      ],
      ['describing the account', ({ signal }, connector) => failure(connector.describeAccount(signal))],
    ];

    describe.each(OPERATIONS)('while %s', (_name, act) => {
      test.each([
        ['a refused token', 'auth', 'auth'],
        ['a missing permission', 'forbidden', 'forbidden'],
      ] as const)('by %s has its own error kind and no personal data', async (_, refused, kind) => {
        const underTest = await openSetUp();
        const action = (await fixture).refusal(refused, 'Refused for jane.doe@example.com');
        await underTest.injectFault(action);
        const error = await act(underTest, underTest.connect());
        expect(error).toMatchObject({ kind, crm, code: expect.stringMatching(/\w/), fix: expect.stringMatching(/\w/) });
        expect(error.message).not.toContain('jane');
      });

      test('by a rate limit has the wait that the CRM requests', async () => {
        const underTest = await openSetUp();
        await underTest.injectFault({ status: 429, body: {}, headers: { 'retry-after': '77' } });
        const error = await act(underTest, underTest.connect());
        expect(error).toMatchObject({ kind: 'rate-limited', crm, retryAfterMs: 77_000 });
      });

      test.each([
        ['a server error', { status: 503, body: '<html>jane.doe@example.com</html>' }],
        ['a hanging response', { hangAfterHeaders: true }],
        ['a broken connection', { reset: true }],
        ['a truncated response', { status: 200, body: '{"results":[{"id"' }],
      ])('by %s is retried, then ends with a retry error', async (_, action) => {
        const underTest = await openSetUp();
        await underTest.injectFault(action);
        const connector = underTest.connect({ timeoutMs: 200 });
        const error = await act(underTest, connector);
        expect(error).toMatchObject({ kind: 'retry', crm, code: expect.stringMatching(/\w/) });
        expect(error.message).not.toContain('jane');
        expect(connector.apiCallCount()).toBeGreaterThan(1);
      });
    });

    test('that ends within the attempts causes no error', async () => {
      const underTest = await open();
      await underTest.injectFault({ status: 502, body: 'busy' }, 2);
      expect(await underTest.connector.fetchLeads(underTest.sandbox.people, underTest.signal)).toHaveLength(3);
    });

    test('in the middle of a full sync leaves a cursor from which it continues', async () => {
      const { severalPages: people } = await fixture;
      const underTest = await open({ people });
      const seen = new Set<string>();
      let cursor: Cursor | null = null;
      const interruptedSync = async () => {
        for await (const page of underTest.connector.listChanges(underTest.records, null, underTest.signal)) {
          for (const { ref } of page.leads) seen.add(refKey(ref));
          cursor = throughJson(page.cursor);
          await underTest.injectFault({ status: 503, body: '' });
        }
      };
      expect((await failure(interruptedSync())).kind).toBe('retry');
      await underTest.clearFaults();
      for (const { leads } of await underTest.sync(underTest.connect(), cursor))
        for (const { ref } of leads) seen.add(refKey(ref));
      expect(seen.size).toBe(people);
    });
  });

  describe('a write', () => {
    test('stores all fields in the CRM, a read returns them, and null clears a field', async () => {
      const underTest = await openSetUp();
      const [ref, other] = underTest.sandbox.people;
      if (ref === undefined || other === undefined) throw new Error('the sandbox has too few people');
      expect(await underTest.connector.writeScores([patch(ref)], underTest.signal)).toMatchObject([
        { kind: 'written', ref },
      ]);
      expect(await underTest.crmValues(ref)).toEqual(VALUES);
      expect(await underTest.fetchLead(ref)).toMatchObject({ kind: 'lead', crmValues: VALUES });
      expect(await underTest.crmValues(other)).toEqual(CLEARED);
      await underTest.connector.writeScores([patch(ref, CLEARED)], underTest.signal);
      expect(await underTest.crmValues(ref)).toEqual(CLEARED);
      expect(await underTest.fetchLead(ref)).toMatchObject({ kind: 'lead', crmValues: CLEARED });
    });

    test('of the same values twice succeeds twice', async () => {
      const underTest = await openSetUp();
      const patches = underTest.sandbox.people.map((ref) => patch(ref));
      for (let time = 0; time < 2; time += 1) {
        const results = await underTest.connector.writeScores(patches, underTest.signal);
        expect(results.map(({ kind }) => kind)).toEqual(['written', 'written', 'written']);
      }
      for (const ref of underTest.sandbox.people) expect(await underTest.crmValues(ref)).toEqual(VALUES);
    });

    test('whose response was lost succeeds when it is retried', async () => {
      const underTest = await openSetUp();
      const patches = underTest.sandbox.people.map((ref) => patch(ref));
      await underTest.injectFault({ applyThenReset: true }, 1);
      expect(await underTest.connector.writeScores(patches, underTest.signal)).toHaveLength(3);
      for (const ref of underTest.sandbox.people) expect(await underTest.crmValues(ref)).toEqual(VALUES);
    });

    test('of a full batch has one result per record', async () => {
      const { connector, sandbox, signal, setUp, crmValues } = await open({
        people: (await open()).connector.batch.write,
      });
      await setUp();
      const results = await connector.writeScores(
        sandbox.people.map((ref) => patch(ref)),
        signal,
      );
      expect(refKeys(results.map(({ ref }) => ref))).toEqual(refKeys(sandbox.people));
      expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(['written']));
      expect(await crmValues(sandbox.people.at(-1) ?? { object: '', id: '' })).toEqual(VALUES);
    });

    test('with one refused record fails for that record only, and the others are written', async () => {
      const underTest = await openSetUp({ people: 7 });
      const { people } = underTest.sandbox;
      const [, , refused] = people;
      if (refused === undefined) throw new Error('the sandbox has too few people');
      await underTest.sandbox.refuseWriteOf(refused);
      const results = await underTest.connector.writeScores(
        people.map((ref) => patch(ref)),
        underTest.signal,
      );
      expect(results).toHaveLength(7);
      const failed = results.flatMap((result) => (result.kind === 'failed' ? [result] : []));
      expect(failed).toMatchObject([
        { ref: refused, error: { kind: 'invalid', crm, reason: expect.stringContaining('A rule says no.') } },
      ]);
      for (const ref of people) expect(await underTest.crmValues(ref)).toEqual(isSame(ref, refused) ? CLEARED : VALUES);
    });

    test('to missing fields ends with a configuration error and its fix', async () => {
      const underTest = await open();
      const error = await writeFailure(
        underTest.connector.writeScores(
          underTest.sandbox.people.map((ref) => patch(ref)),
          underTest.signal,
        ),
      );
      expect(error).toMatchObject({ kind: 'configuration', crm, fix: expect.stringContaining('leadgrade') });
    });
  });

  describe('a deleted or merged record', () => {
    async function openWithDeletedAndMerged() {
      const underTest = await openSetUp({ people: 5 });
      const [winner, loser, gone, ,] = underTest.sandbox.people;
      if (winner === undefined || loser === undefined || gone === undefined)
        throw new Error('the sandbox has too few people');
      await underTest.sandbox.merge(winner, loser);
      await underTest.sandbox.remove(gone);
      return { underTest, winner, loser, gone };
    }

    test('is reported as such by a read', async () => {
      const { underTest, winner, loser, gone } = await openWithDeletedAndMerged();
      const fetched = await underTest.connector.fetchLeads(underTest.sandbox.people, underTest.signal);
      const byKey = new Map(fetched.map((lead) => [refKey(lead.ref), lead]));
      expect(byKey.size).toBe(fetched.length);
      expect(byKey.get(refKey(loser))).toEqual({ kind: 'merged', ref: loser, into: winner });
      expect(byKey.get(refKey(gone))).toEqual({ kind: 'gone', ref: gone, erased: false });
      expect(fetched.filter(({ kind }) => kind === 'lead')).toHaveLength(3);
    });

    test('is reported as such by a write, and the other records are written', async () => {
      const { underTest, winner, loser, gone } = await openWithDeletedAndMerged();
      const rest = underTest.sandbox.people.filter((ref) => !isSame(ref, loser) && !isSame(ref, gone));
      const results = await underTest.connector.writeScores(
        underTest.sandbox.people.map((ref) => patch(ref)),
        underTest.signal,
      );
      const byKey = new Map(results.map((result) => [refKey(result.ref), result]));
      expect(byKey.size).toBe(5);
      expect(byKey.get(refKey(loser))).toEqual({ kind: 'merged', ref: loser, into: winner });
      expect(byKey.get(refKey(gone))).toEqual({ kind: 'gone', ref: gone });
      for (const ref of rest) {
        expect(byKey.get(refKey(ref))?.kind).toBe('written');
        expect(await underTest.crmValues(ref)).toEqual(VALUES);
      }
    });

    test('is missing in the list of all records', async () => {
      const { underTest, loser, gone } = await openWithDeletedAndMerged();
      const { refs } = await underTest.listAll();
      const rest = underTest.sandbox.people.filter((ref) => !isSame(ref, loser) && !isSame(ref, gone));
      expect(refKeys(refs)).toEqual(refKeys(rest));
    });

    test('is reported as gone by a read, even if it was never synced', async () => {
      const underTest = await open();
      const never = await underTest.sandbox.add('Never');
      await underTest.sandbox.remove(never);
      expect(await underTest.fetchLead(never)).toMatchObject({ kind: 'gone' });
    });
  });

  test('the list of all records has each existing record once, over several pages', async () => {
    const { severalPages: people } = await fixture;
    const underTest = await open({ people });
    const { refs, pages } = await underTest.listAll();
    expect(pages).toBeGreaterThan(2);
    expect(refKeys(refs)).toEqual(refKeys(underTest.sandbox.people));
  });

  describe('setup', () => {
    test('creates missing fields once, and then doctor finds no problem', async () => {
      const underTest = await open();
      const before = await underTest.connector.checkSetup(TARGET, underTest.signal);
      const problems = before.filter(({ level }) => level === 'problem');
      expect(problems.length).toBeGreaterThan(0);
      for (const problem of problems)
        expect(problem).toMatchObject({ fixableBySetup: true, fix: expect.stringMatching(/\w/) });
      const first = await underTest.setUp();
      expect(first).toContain('created');
      expect(new Set(await underTest.setUp())).toEqual(new Set(['exists']));
      const after = await underTest.connector.checkSetup(TARGET, underTest.signal);
      expect(after.filter(({ level }) => level === 'problem')).toEqual([]);
    });

    test('in a dry run lists its steps and creates nothing', async () => {
      const underTest = await open();
      const dry = async () => {
        const states: string[] = [];
        for await (const { state } of underTest.connector.applySetup(TARGET, { dryRun: true }, underTest.signal))
          states.push(state);
        return states;
      };
      const first = await dry();
      expect(first).toContain('would-create');
      expect(first).not.toContain('created');
      expect(await dry()).toEqual(first);
    });

    test.each([
      ['with server errors', { status: 503, body: '' }],
      ['that never responds', { hangAfterHeaders: true }],
      ['that responds with an HTML page', { status: 200, body: '<html></html>' }],
      ['that responds 404', { status: 404, body: {} }],
    ])('is checked by doctor, which reports a CRM %s as a problem with a fix', async (_, action) => {
      const underTest = await open();
      await underTest.injectFault(action);
      const connector = underTest.connect({ timeoutMs: 100, retries: 0 });
      const checks = await connector.checkSetup(TARGET, underTest.signal);
      expectProblemsWithFixes(checks);
    });

    test('is checked by doctor, which reports a refused token as a problem with a fix', async () => {
      const underTest = await open();
      await underTest.injectFault((await fixture).refusal('auth', 'Refused'));
      const checks = await underTest.connect().checkSetup(TARGET, underTest.signal);
      expectProblemsWithFixes(checks);
    });
  });

  test('a forbidden stream is reported as unavailable with a reason and a fix, and all other streams are available', async () => {
    const { hiddenStream } = await fixture;
    const unavailableIn = async ({ connector, signal }: CrmUnderTest) =>
      (await connector.probeStreams(signal)).filter(({ unavailable }) => unavailable !== null);
    expect(await unavailableIn(await open())).toEqual([]);
    const restricted = await open({ hidden: true });
    expect(await unavailableIn(restricted)).toEqual([
      { stream: hiddenStream, unavailable: { reason: expect.stringMatching(/\w/), fix: expect.stringMatching(/\w/) } },
    ]);
    const stream = restricted.connector.streams.find(({ id }) => id === hiddenStream);
    if (stream === undefined) throw new Error(`the connector has no stream ${hiddenStream}`);
    const read = async () => {
      for await (const _ of restricted.connector.listChanges(stream, null, restricted.signal)) break;
    };
    expect(await failure(read())).toMatchObject({ kind: 'forbidden', crm });
  });

  test('every stream is read to its end, and its cursors are unchanged by JSON', async () => {
    const underTest = await open();
    for (const stream of underTest.connector.streams) {
      let cursor: Cursor | null = null;
      for await (const page of underTest.connector.listChanges(stream, null, underTest.signal)) {
        expect(throughJson(page.cursor)).toEqual(page.cursor);
        cursor = throughJson(page.cursor);
      }
      if (cursor === null) continue;
      underTest.advanceClock(MINUTE);
      for await (const page of underTest.connect().listChanges(stream, cursor, underTest.signal)) {
        expect(throughJson(page.cursor)).toEqual(page.cursor);
      }
    }
  });

  test('the account has a name with its ID, and is the same in another process', async () => {
    const underTest = await open();
    const account = await underTest.connector.describeAccount(underTest.signal);
    expect(account.id).toMatch(/\w/);
    expect(account.name).toContain(account.id);
    expect(await underTest.connect().describeAccount(underTest.signal)).toEqual(account);
  });

  test('the call count equals the number of calls that the CRM received', async () => {
    const underTest = await openSetUp();
    await underTest.injectFault({ status: 502, body: '' }, 1);
    await underTest.connector.fetchLeads(underTest.sandbox.people, underTest.signal);
    await underTest.connector.writeScores(
      underTest.sandbox.people.map((ref) => patch(ref)),
      underTest.signal,
    );
    expect(underTest.connector.apiCallCount()).toBe(await underTest.receivedCalls());
    expect(underTest.connector.apiCallCount()).toBeGreaterThan(3);
  });

  test('an abort ends a call at once with the reason of the signal', { timeout: 20_000 }, async () => {
    const underTest = await open();
    await underTest.injectFault({ hangAfterHeaders: true });
    const connector = underTest.connect({ timeoutMs: 60_000 });
    const stop = new AbortController();
    const reason = new Error('shutting down');
    setTimeout(() => stop.abort(reason), 100);
    const started = performance.now();
    await expect(connector.fetchLeads(underTest.sandbox.people, stop.signal)).rejects.toBe(reason);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('closing the connector ends the calls in progress', { timeout: 20_000 }, async () => {
    const underTest = await open();
    await underTest.injectFault({ hangAfterHeaders: true });
    const connector = underTest.connect({ timeoutMs: 60_000 });
    setTimeout(() => void connector.close(), 100);
    const started = performance.now();
    await expect(connector.fetchLeads(underTest.sandbox.people, underTest.signal)).rejects.toThrow(/closed/);
    await expect(connector.describeAccount(underTest.signal)).rejects.toThrow(/closed/);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
