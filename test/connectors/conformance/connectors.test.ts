// What src/crm/connector.ts promises, held by every folder beside it, over that CRM's sandbox.
import { readdir } from 'node:fs/promises';
import { afterEach, describe, expect, test } from 'vitest';
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

const opened: CrmUnderTest[] = [];
afterEach(async () => {
  for (const crm of opened.splice(0)) await crm.close();
});

function stored(cursor: Cursor): Cursor {
  return JSON.parse(JSON.stringify(cursor));
}

function keyOf({ object, id }: RecordRef): string {
  return `${object}/${id}`;
}

function keys(refs: readonly RecordRef[]): string[] {
  return refs.map(keyOf).toSorted();
}

async function failure(promise: Promise<unknown>): Promise<ConnectorError> {
  const error: unknown = await promise.then(() => null).catch((reason: unknown) => reason);
  if (!(error instanceof ConnectorError)) throw new Error(`expected a ConnectorError, got ${String(error)}`);
  return error;
}

/** Refused as a whole, or each record for itself with the same. */
async function writeFailure(outcomes: Promise<readonly WriteResult[]>): Promise<ConnectorError> {
  const failed = outcomes.then((all) => {
    const errors = all.flatMap((each) => (each.kind === 'failed' ? [each.error] : []));
    if (errors.length !== all.length || errors[0] === undefined) throw new Error('something was written');
    throw errors[0];
  });
  return await failure(failed);
}

function expectProblemsWithFixes(checks: readonly SetupCheck[]): void {
  const problems = checks.filter(({ level }) => level === 'problem');
  expect(problems.length).toBeGreaterThan(0);
  for (const problem of problems) expect(problem.fix).toMatch(/\w/);
}

test('every connector has a fixture, and every fixture a connector', async () => {
  expect(CRMS.length).toBeGreaterThan(1);
  for (const crm of CRMS) await fixtureOf(crm);
  const files = await readdir(import.meta.dirname);
  const others = ['connectors.test.ts', 'crm-under-test.ts', 'fixture.ts'];
  expect(files.filter((file) => !others.includes(file)).toSorted()).toEqual(CRMS.map((crm) => `${crm}.ts`));
});

describe.each(CRMS)('%s', (crm) => {
  const fixture = fixtureOf(crm);

  async function open(options: Parameters<typeof openCrm>[1] = {}): Promise<CrmUnderTest> {
    const found = await openCrm(crm, options);
    opened.push(found);
    return found;
  }

  async function openSetUp(options: Parameters<typeof openCrm>[1] = {}): Promise<CrmUnderTest> {
    const found = await open(options);
    await found.setUp();
    return found;
  }

  const patch = (ref: RecordRef, values: ScoreFieldValues = VALUES): ScorePatch => ({ ref, values });

  test('is as its interface says', async () => {
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

  describe('the first pull', () => {
    test('lists everybody once, over several pages, and says when it is over', async () => {
      const { severalPages: people } = await fixture;
      const found = await open({ people });
      const pages = await found.pull(found.connector, null);
      const whole = pages.filter((page) => page.whole);
      expect(whole.length).toBeGreaterThan(2);
      expect(pages.slice(0, whole.length)).toEqual(whole);
      expect(pages.length).toBeGreaterThan(whole.length);
      expect(keys(pages.flatMap(({ leads }) => leads.map(({ ref }) => ref)))).toEqual(keys(found.sandbox.people));
    });

    test('goes on behind any page in another process, with nothing lost and a page at most shown twice', async () => {
      const { severalPages: people } = await fixture;
      const found = await open({ people });
      const pages = await found.pull(found.connector, null);
      const most = Math.max(...pages.map(({ leads }) => leads.length));
      const before = new Set<string>();
      for (const { leads, cursor, whole } of pages) {
        for (const { ref } of leads) before.add(keyOf(ref));
        if (!whole) break;
        const rest = await found.pull(found.connect(), stored(cursor));
        const after = rest.flatMap((page) => page.leads.map(({ ref }) => keyOf(ref)));
        expect(new Set([...before, ...after]).size).toBe(people);
        expect(before.size + after.length).toBeLessThanOrEqual(people + most);
      }
    });

    test('hides nothing that changes meanwhile, and nobody who comes', async () => {
      const { severalPages: people } = await fixture;
      const found = await open({ people });
      const { connector, records, signal, sandbox } = found;
      const seen = new Set<string>();
      let cursor: Cursor | null = null;
      let added: RecordRef | null = null;
      const [first] = sandbox.people;
      for await (const page of connector.listChanges(records, null, signal)) {
        if (added === null && first !== undefined) {
          found.pass(10_000);
          await sandbox.rename(first, 'Changed');
          added = await sandbox.add('Newcomer');
        }
        for (const { ref } of page.leads) if (added !== null && isSame(ref, added)) seen.add(keyOf(ref));
        cursor = stored(page.cursor);
      }
      found.pass(MINUTE);
      for (const { ref } of (await found.poll(cursor ?? {})).dirty) seen.add(keyOf(ref));
      expect([...seen]).toEqual(
        expect.arrayContaining([first, added].map((ref) => keyOf(ref ?? { object: '', id: '' }))),
      );
    });
  });

  describe('a change', () => {
    /** Behind everything that was there. */
    async function settled(found: CrmUnderTest): Promise<Cursor> {
      let cursor = stored((await found.pull(found.connector, null)).at(-1)?.cursor ?? {});
      for (let round = 0; round < 3; round += 1) {
        found.pass(10 * MINUTE);
        cursor = stored((await found.poll(cursor)).cursor);
      }
      return cursor;
    }

    test('is seen once, with what a read shows', async () => {
      const found = await open();
      let cursor = await settled(found);
      const [changed] = found.sandbox.people;
      if (changed === undefined) throw new Error('nobody');
      await found.sandbox.rename(changed, 'Renamed');
      const added = await found.sandbox.add('Newcomer');
      const dirty: string[] = [];
      for (let round = 0; round < 12; round += 1) {
        found.pass(MINUTE);
        const polled = await found.poll(cursor);
        dirty.push(...polled.dirty.map(({ ref }) => keyOf(ref)));
        cursor = stored(polled.cursor);
      }
      expect(dirty.toSorted()).toEqual(keys([changed, added]));
      expect(await found.fetched(changed)).toMatchObject({ kind: 'lead', fields: { 'contact.last_name': 'Renamed' } });
    });

    test('of nobody costs a call or two and shows nobody', async () => {
      const found = await open();
      const cursor = await settled(found);
      const before = found.connector.apiCallCount();
      const { dirty } = await found.poll(cursor);
      expect(dirty).toEqual([]);
      expect(found.connector.apiCallCount() - before).toBeLessThanOrEqual(2);
    });

    test('by our own write shows what was stored when it is read, so that nothing is read again', async () => {
      const found = await openSetUp();
      const cursor = await settled(found);
      const [ref] = found.sandbox.people;
      if (ref === undefined) throw new Error('nobody');
      found.pass(MINUTE);
      await found.connector.writeScores([patch(ref)], found.signal);
      found.pass(MINUTE);
      const read = await found.fetched(ref);
      if (read?.kind !== 'lead') throw new Error('expected a lead');
      const { dirty } = await found.poll(cursor);
      for (const each of dirty) {
        expect(each.ref).toEqual(ref);
        expect(each.seen?.crmValues).toEqual(read.crmValues);
        expect(read.fields).toMatchObject(each.seen?.fields ?? { 'nothing.seen': true });
      }
    });
  });

  describe('trouble', () => {
    const OPERATIONS: readonly (readonly [
      name: string,
      act: (crm: CrmUnderTest, connector: CrmConnector) => Promise<ConnectorError>,
    ])[] = [
      ['pulling', (found, connector) => failure(found.pull(connector, null))],
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
      ['naming the account', ({ signal }, connector) => failure(connector.describeAccount(signal))],
    ];

    describe.each(OPERATIONS)('while %s', (_name, act) => {
      test.each([
        ['a token that is refused', 'auth', 'auth'],
        ['what may not be done', 'forbidden', 'forbidden'],
      ] as const)('by %s is told as that, without personal data', async (_, refused, kind) => {
        const found = await openSetUp();
        const action = (await fixture).refusal(refused, 'Refused for jane.doe@example.com');
        await found.fault(action);
        const error = await act(found, found.connect());
        expect(error).toMatchObject({ kind, crm, code: expect.stringMatching(/\w/), fix: expect.stringMatching(/\w/) });
        expect(error.message).not.toContain('jane');
      });

      test('by a limit on calls waits as long as the CRM says', async () => {
        const found = await openSetUp();
        await found.fault({ status: 429, body: {}, headers: { 'retry-after': '77' } });
        const error = await act(found, found.connect());
        expect(error).toMatchObject({ kind: 'rate-limited', crm, retryAfterMs: 77_000 });
      });

      test.each([
        ['a server in trouble', { status: 503, body: '<html>jane.doe@example.com</html>' }],
        ['an answer that hangs', { hangAfterHeaders: true }],
        ['a connection that breaks', { reset: true }],
        ['an answer that is cut off', { status: 200, body: '{"results":[{"id"' }],
      ])('by %s is tried again, then left to the job', async (_, action) => {
        const found = await openSetUp();
        await found.fault(action);
        const connector = found.connect({ timeoutMs: 200 });
        const error = await act(found, connector);
        expect(error).toMatchObject({ kind: 'retry', crm, code: expect.stringMatching(/\w/) });
        expect(error.message).not.toContain('jane');
        expect(connector.apiCallCount()).toBeGreaterThan(1);
      });
    });

    test("that passes within the attempts is nobody's business", async () => {
      const found = await open();
      await found.fault({ status: 502, body: 'busy' }, 2);
      expect(await found.connector.fetchLeads(found.sandbox.people, found.signal)).toHaveLength(3);
    });

    test('in the middle of a pull leaves a cursor that goes on', async () => {
      const { severalPages: people } = await fixture;
      const found = await open({ people });
      const seen = new Set<string>();
      let cursor: Cursor | null = null;
      const broken = async () => {
        for await (const page of found.connector.listChanges(found.records, null, found.signal)) {
          for (const { ref } of page.leads) seen.add(keyOf(ref));
          cursor = stored(page.cursor);
          await found.fault({ status: 503, body: '' });
        }
      };
      expect((await failure(broken())).kind).toBe('retry');
      await found.mend();
      for (const { leads } of await found.pull(found.connect(), cursor))
        for (const { ref } of leads) seen.add(keyOf(ref));
      expect(seen.size).toBe(people);
    });
  });

  describe('a write', () => {
    test('is held by the CRM, all fields of it; a read shows the same, and null clears', async () => {
      const found = await openSetUp();
      const [ref, other] = found.sandbox.people;
      if (ref === undefined || other === undefined) throw new Error('nobody');
      expect(await found.connector.writeScores([patch(ref)], found.signal)).toMatchObject([{ kind: 'written', ref }]);
      expect(await found.holds(ref)).toEqual(VALUES);
      expect(await found.fetched(ref)).toMatchObject({ kind: 'lead', held: VALUES });
      expect(await found.holds(other)).toEqual(CLEARED);
      await found.connector.writeScores([patch(ref, CLEARED)], found.signal);
      expect(await found.holds(ref)).toEqual(CLEARED);
      expect(await found.fetched(ref)).toMatchObject({ kind: 'lead', held: CLEARED });
    });

    test('of the same twice does no harm', async () => {
      const found = await openSetUp();
      const patches = found.sandbox.people.map((ref) => patch(ref));
      for (let time = 0; time < 2; time += 1) {
        const outcomes = await found.connector.writeScores(patches, found.signal);
        expect(outcomes.map(({ kind }) => kind)).toEqual(['written', 'written', 'written']);
      }
      for (const ref of found.sandbox.people) expect(await found.holds(ref)).toEqual(VALUES);
    });

    test('that was done before its answer was lost is done', async () => {
      const found = await openSetUp();
      const patches = found.sandbox.people.map((ref) => patch(ref));
      await found.fault({ applyThenReset: true }, 1);
      expect(await found.connector.writeScores(patches, found.signal)).toHaveLength(3);
      for (const ref of found.sandbox.people) expect(await found.holds(ref)).toEqual(VALUES);
    });

    test('of as many as a batch takes has an outcome for each', async () => {
      const { connector, sandbox, signal, setUp, holds } = await open({ people: (await open()).connector.batch.write });
      await setUp();
      const outcomes = await connector.writeScores(
        sandbox.people.map((ref) => patch(ref)),
        signal,
      );
      expect(keys(outcomes.map(({ ref }) => ref))).toEqual(keys(sandbox.people));
      expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['written']));
      expect(await holds(sandbox.people.at(-1) ?? { object: '', id: '' })).toEqual(VALUES);
    });

    test('of a batch with one that is refused is told for that one; the others are written', async () => {
      const found = await openSetUp({ people: 7 });
      const { people } = found.sandbox;
      const [, , refused] = people;
      if (refused === undefined) throw new Error('nobody');
      await found.sandbox.refuseWriteOf(refused);
      const outcomes = await found.connector.writeScores(
        people.map((ref) => patch(ref)),
        found.signal,
      );
      expect(outcomes).toHaveLength(7);
      const failed = outcomes.flatMap((each) => (each.kind === 'failed' ? [each] : []));
      expect(failed).toMatchObject([
        { ref: refused, error: { kind: 'invalid', crm, message: expect.stringContaining('A rule says no.') } },
      ]);
      for (const ref of people) expect(await found.holds(ref)).toEqual(isSame(ref, refused) ? CLEARED : VALUES);
    });

    test('to fields that nobody set up stops the writer with what to do', async () => {
      const found = await open();
      const error = await writeFailure(
        found.connector.writeScores(
          found.sandbox.people.map((ref) => patch(ref)),
          found.signal,
        ),
      );
      expect(error).toMatchObject({ kind: 'configuration', crm, fix: expect.stringContaining('leadgrade') });
    });
  });

  describe('a record that is gone or merged', () => {
    async function withFates() {
      const found = await openSetUp({ people: 5 });
      const [winner, loser, gone, ,] = found.sandbox.people;
      if (winner === undefined || loser === undefined || gone === undefined) throw new Error('nobody');
      await found.sandbox.merge(winner, loser);
      await found.sandbox.remove(gone);
      return { found, winner, loser, gone };
    }

    test('is told as such by a read', async () => {
      const { found, winner, loser, gone } = await withFates();
      const fetched = await found.connector.fetchLeads(found.sandbox.people, found.signal);
      const byKey = new Map(fetched.map((each) => [keyOf(each.ref), each]));
      expect(byKey.size).toBe(fetched.length);
      expect(byKey.get(keyOf(loser))).toEqual({ kind: 'merged', ref: loser, into: winner });
      expect(byKey.get(keyOf(gone))).toEqual({ kind: 'gone', ref: gone, erased: false });
      expect(fetched.filter(({ kind }) => kind === 'lead')).toHaveLength(3);
    });

    test('is told as such by a write, and the others are written', async () => {
      const { found, winner, loser, gone } = await withFates();
      const rest = found.sandbox.people.filter((ref) => !isSame(ref, loser) && !isSame(ref, gone));
      const outcomes = await found.connector.writeScores(
        found.sandbox.people.map((ref) => patch(ref)),
        found.signal,
      );
      const byKey = new Map(outcomes.map((each) => [keyOf(each.ref), each]));
      expect(byKey.size).toBe(5);
      expect(byKey.get(keyOf(loser))).toEqual({ kind: 'merged', ref: loser, into: winner });
      expect(byKey.get(keyOf(gone))).toEqual({ kind: 'gone', ref: gone });
      for (const ref of rest) {
        expect(byKey.get(keyOf(ref))?.kind).toBe('written');
        expect(await found.holds(ref)).toEqual(VALUES);
      }
    });

    test('is not among those that are there', async () => {
      const { found, loser, gone } = await withFates();
      const { refs } = await found.present();
      const rest = found.sandbox.people.filter((ref) => !isSame(ref, loser) && !isSame(ref, gone));
      expect(keys(refs)).toEqual(keys(rest));
    });

    test('that never was is gone', async () => {
      const found = await open();
      const never = await found.sandbox.add('Never');
      await found.sandbox.remove(never);
      expect(await found.fetched(never)).toMatchObject({ kind: 'gone' });
    });
  });

  test('who is there is listed once each, page by page', async () => {
    const { severalPages: people } = await fixture;
    const found = await open({ people });
    const { refs, pages } = await found.present();
    expect(pages).toBeGreaterThan(2);
    expect(keys(refs)).toEqual(keys(found.sandbox.people));
  });

  describe('setup', () => {
    test('creates what is missing, once; then doctor finds no problem', async () => {
      const found = await open();
      const before = await found.connector.checkSetup(TARGET, found.signal);
      const problems = before.filter(({ level }) => level === 'problem');
      expect(problems.length).toBeGreaterThan(0);
      for (const problem of problems)
        expect(problem).toMatchObject({ bySetup: true, fix: expect.stringMatching(/\w/) });
      const first = await found.setUp();
      expect(first).toContain('created');
      expect(new Set(await found.setUp())).toEqual(new Set(['exists']));
      const after = await found.connector.checkSetup(TARGET, found.signal);
      expect(after.filter(({ level }) => level === 'problem')).toEqual([]);
    });

    test('that is tried dry says what it would do, and does nothing', async () => {
      const found = await open();
      const dry = async () => {
        const states: string[] = [];
        for await (const { state } of found.connector.applySetup(TARGET, { dryRun: true }, found.signal))
          states.push(state);
        return states;
      };
      const first = await dry();
      expect(first).toContain('would-create');
      expect(first).not.toContain('created');
      expect(await dry()).toEqual(first);
    });

    test.each([
      ['in trouble', { status: 503, body: '' }],
      ['that never answers', { hangAfterHeaders: true }],
      ['that answers with a page', { status: 200, body: '<html></html>' }],
      ['of another kind', { status: 404, body: {} }],
    ])('doctor finds a CRM %s to be a problem, and goes on', async (_, action) => {
      const found = await open();
      await found.fault(action);
      const connector = found.connect({ timeoutMs: 100, retries: 0 });
      const checks = await connector.checkSetup(TARGET, found.signal);
      expectProblemsWithFixes(checks);
    });

    test('doctor finds a token that is refused to be a problem', async () => {
      const found = await open();
      await found.fault((await fixture).refusal('auth', 'Refused'));
      const checks = await found.connect().checkSetup(TARGET, found.signal);
      expectProblemsWithFixes(checks);
    });
  });

  test('a stream that is not visible is told, with what opens it; the others are open', async () => {
    const { hiddenStream } = await fixture;
    const open_ = await open();
    expect(
      (await open_.connector.probeStreams(open_.signal)).filter(({ unavailable }) => unavailable !== null),
    ).toEqual([]);
    const closed = await open({ hidden: true });
    const denied = (await closed.connector.probeStreams(closed.signal)).filter((sight) => sight.unavailable !== null);
    expect(denied).toEqual([
      { stream: hiddenStream, denied: { reason: expect.stringMatching(/\w/), fix: expect.stringMatching(/\w/) } },
    ]);
    const stream = closed.connector.streams.find(({ id }) => id === hiddenStream);
    if (stream === undefined) throw new Error('no such stream');
    const read = async () => {
      for await (const _ of closed.connector.listChanges(stream, null, closed.signal)) break;
    };
    expect(await failure(read())).toMatchObject({ kind: 'forbidden', crm });
  });

  test('every stream is read to its end, and its cursors survive JSON', async () => {
    const found = await open();
    for (const stream of found.connector.streams) {
      let cursor: Cursor | null = null;
      for await (const page of found.connector.listChanges(stream, null, found.signal)) {
        expect(stored(page.cursor)).toEqual(page.cursor);
        cursor = stored(page.cursor);
      }
      if (cursor === null) continue;
      found.pass(MINUTE);
      for await (const page of found.connect().listChanges(stream, cursor, found.signal)) {
        expect(stored(page.cursor)).toEqual(page.cursor);
      }
    }
  });

  test('the account is named, and is the same for another process', async () => {
    const found = await open();
    const account = await found.connector.describeAccount(found.signal);
    expect(account.id).toMatch(/\w/);
    expect(account.name).toContain(account.id);
    expect(await found.connect().describeAccount(found.signal)).toEqual(account);
  });

  test('every call is counted', async () => {
    const found = await openSetUp();
    await found.fault({ status: 502, body: '' }, 1);
    await found.connector.fetchLeads(found.sandbox.people, found.signal);
    await found.connector.writeScores(
      found.sandbox.people.map((ref) => patch(ref)),
      found.signal,
    );
    expect(found.connector.apiCallCount()).toBe(await found.received());
    expect(found.connector.apiCallCount()).toBeGreaterThan(3);
  });

  test('an abort ends a call at once, with its reason', { timeout: 20_000 }, async () => {
    const found = await open();
    await found.fault({ hangAfterHeaders: true });
    const connector = found.connect({ timeoutMs: 60_000 });
    const stop = new AbortController();
    const reason = new Error('shutting down');
    setTimeout(() => stop.abort(reason), 100);
    const started = performance.now();
    await expect(connector.fetchLeads(found.sandbox.people, stop.signal)).rejects.toBe(reason);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('closing ends what is under way', { timeout: 20_000 }, async () => {
    const found = await open();
    await found.fault({ hangAfterHeaders: true });
    const connector = found.connect({ timeoutMs: 60_000 });
    setTimeout(() => void connector.close(), 100);
    const started = performance.now();
    await expect(connector.fetchLeads(found.sandbox.people, found.signal)).rejects.toThrow(/closed/);
    await expect(connector.describeAccount(found.signal)).rejects.toThrow(/closed/);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
