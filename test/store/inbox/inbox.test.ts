// The inbox and what becomes of it: marks, their order, and their quiet time.
import { sql, type Transaction } from 'kysely';
import { describe, expect, test } from 'vitest';
import { PRIORITY, type Priority } from '../../../src/domain/priority.ts';
import { saveActivities } from '../../../src/store/activities/activities.ts';
import {
  deleteInboxEvents,
  type InboxEvent,
  inboxBacklog,
  insertInboxEvents,
  peekInbox,
  purgeEventKeys,
} from '../../../src/store/inbox/inbox.ts';
import { markDue } from '../../../src/store/leads/mark-due.ts';
import { type DueLead, type ScoredLead, scoreDueLeads } from '../../../src/store/leads/score-due-leads.ts';
import { claimOutbox } from '../../../src/store/outbox/outbox.ts';
import { markDirtyByCompany } from '../../../src/store/records/mark-dirty.ts';
import { drainRecordEvents } from '../../../src/store/records/mark-dirty-from-inbox.ts';
import { saveFetchedRecords } from '../../../src/store/records/save-fetched.ts';
import { claimDirty, nextDebounceEnd, saveSnapshots } from '../../../src/store/records/save-snapshots.ts';
import { markStreamAvailable, savePage, streamState } from '../../../src/store/sync/streams.ts';
import type { Tables } from '../../../src/store/tables/tables.ts';
import { activity, allMatched, at, CRM, freshStore, ref, STORES, snapshot } from '../fresh-store.ts';

const DAY = 86_400;
const QUIET_MS = 5_000;

let number = 0;
function event(id: string, changes: Partial<InboxEvent> = {}): InboxEvent {
  number += 1;
  return {
    ...{ key: `key-${number}`, account: '145', kind: 'record', object: 'contacts', id },
    ...{ priority: PRIORITY.change, occurredAt: at().getTime() + number, ...changes },
  };
}
const imports = (count: number) =>
  Array.from({ length: count }, (_, index) => event(`import-${index}`, { priority: PRIORITY.import }));

describe.each(STORES)('the inbox ($name)', (setup) => {
  const store = freshStore(setup);

  const put = (events: readonly InboxEvent[], now = at()) => insertInboxEvents(store.db, CRM, events, now);
  const mark = (now = at(), { limit = 10_000, own = '145' as string | null } = {}) =>
    drainRecordEvents(store.db, { crm: CRM, own, limit, now, debounceMs: QUIET_MS });
  /** One event of that record comes and is marked. */
  async function told(id: string, now: Date, priority: Priority = PRIORITY.change): Promise<void> {
    await put([event(id, { priority })], now);
    await mark(now);
  }
  const claim = (now: Date, limit = 100) =>
    claimDirty(store.db, { crm: CRM, by: 'refresh', limit, now, until: new Date(now.getTime() + 60_000) });
  async function claimed(now: Date, limit?: number): Promise<readonly string[]> {
    return (await claim(now, limit)).map(({ id }) => id).toSorted();
  }
  /** Read, as it was asked for and answered then. */
  async function read(ids: readonly string[], now: Date, marks: Awaited<ReturnType<typeof claim>> = []): Promise<void> {
    const options = { crm: CRM, now, askedAt: now, claimed: marks, debounceMs: QUIET_MS };
    await saveFetchedRecords(
      store.db,
      ids.map((id) => snapshot(id)),
      options,
    );
    await allMatched(store);
  }
  const look = (kind: 'item' | 'erasure', { limit = 9, own = '145' as string | null, except = [] as string[] } = {}) =>
    peekInbox(store.db, { crm: CRM, own, kind, limit, except });
  async function left(): Promise<readonly string[]> {
    return (await store.db.selectFrom('inbox').select('ids').orderBy('seq').execute()).flatMap(({ ids }) => ids);
  }

  describe('an event', () => {
    test('counts once, however often it comes, also after it was taken', async () => {
      const once = event('a');
      expect(await put([once, once])).toBe(1);
      expect(await mark()).toEqual({ looked: 1, marked: 1, foreign: 0 });
      expect(await put([once, event('b')])).toBe(1);
      expect(await mark(at(1))).toEqual({ looked: 1, marked: 1, foreign: 0 });
      expect(await claimed(at(2))).toEqual(['a', 'b']);
    });

    test('of somebody who is marked already is looked at, and marks nobody anew', async () => {
      await put([event('a'), event('a'), event('b')]);
      expect(await mark()).toMatchObject({ looked: 2, marked: 2 });
      await put([event('a'), event('a', { priority: PRIORITY.import })], at(1));
      expect(await mark(at(1))).toMatchObject({ looked: 2, marked: 0 });
      expect(await left()).toEqual([]);
    });

    test('of another account is dropped; where nobody can tell whose ours are, it counts', async () => {
      await put([event('a'), event('b', { account: '146' })]);
      expect(await mark()).toEqual({ looked: 2, marked: 1, foreign: 1 });
      expect(await claimed(at(1))).toEqual(['a']);
      expect(await left()).toEqual([]);
      await put([event('b', { account: '146' })]);
      expect(await mark(at(2), { own: null })).toMatchObject({ marked: 1, foreign: 0 });
    });

    test('is known until it cannot come again, and waits however long that takes', async () => {
      const [old, recent] = [event('a'), event('b')];
      await put([old], at(-4 * DAY));
      await put([recent], at());
      expect(await purgeEventKeys(store.db, at())).toBe(1);
      expect(await inboxBacklog(store.db, [CRM])).toEqual({ waiting: 2, oldestAt: at(-4 * DAY) });
      await mark();
      expect(await put([old, recent], at(1))).toBe(1);
      expect(await left()).toEqual(['a']);
    });

    test('keeps nothing of whom it named but what waits', async () => {
      await put([event('4711-of-pat')]);
      await mark();
      for (const table of ['inbox', 'processed_event_keys'] as const) {
        expect(JSON.stringify(await store.db.selectFrom(table).selectAll().execute())).not.toContain('4711');
      }
    });

    test('of a storm lies in few rows, of which each is taken whole', async () => {
      await put(Array.from({ length: 1_000 }, (_, n) => event(`a-${n % 400}`)));
      await put(Array.from({ length: 300 }, (_, n) => event(`b-${n}`, { priority: PRIORITY.import })));
      expect(await store.db.selectFrom('inbox').select('id_count').orderBy('seq').execute()).toEqual([
        { id_count: 400 },
        { id_count: 300 },
      ]);
      expect(await mark(at(), { limit: 50 })).toEqual({ looked: 400, marked: 400, foreign: 0 });
      expect(await mark(at(), { limit: 50 })).toEqual({ looked: 300, marked: 300, foreign: 0 });
      expect(await mark(at(), { limit: 50 })).toEqual({ looked: 0, marked: 0, foreign: 0 });
    });

    test('that names an item, or somebody erased, waits for whoever can read it', async () => {
      await put([event('m', { kind: 'item', object: 'meetings' }), event('e', { kind: 'erasure' })]);
      expect(await mark()).toMatchObject({ looked: 0 });
      expect(await look('item')).toMatchObject({ looked: 1, ours: [{ id: 'm' }] });
      expect(await look('erasure')).toMatchObject({ looked: 1, ours: [{ id: 'e' }] });
      expect(await inboxBacklog(store.db, [CRM])).toMatchObject({ waiting: 2 });
      await deleteInboxEvents(store.db, (await look('item')).ours);
      expect(await look('item')).toEqual({ looked: 0, ours: [], foreign: 0 });
      expect(await inboxBacklog(store.db, [CRM])).toMatchObject({ waiting: 1 });
    });

    test('that names an item of another account is dropped; where nobody can tell whose ours are, it counts', async () => {
      const item = { kind: 'item', object: 'meetings' } as const;
      await put([event('ours', item), event('theirs', { ...item, account: '146' })]);
      expect(await look('item', { own: null })).toMatchObject({ foreign: 0, ours: [{ id: 'ours' }, { id: 'theirs' }] });
      expect(await look('item')).toMatchObject({ looked: 2, foreign: 1, ours: [{ id: 'ours' }] });
      expect(await left()).toEqual(['ours']);
      expect(await look('item', { own: null })).toMatchObject({ looked: 1, ours: [{ id: 'ours' }] });
    });

    test('of a stream that cannot be read now hides none of another', async () => {
      const many = Array.from({ length: 20 }, (_, n) => event(`form-${n}`, { kind: 'item', object: 'forms' }));
      await put([...many, event('m', { kind: 'item', object: 'meetings' })]);
      expect(await look('item', { except: ['forms'] })).toMatchObject({ looked: 1, ours: [{ id: 'm' }] });
    });
  });

  describe('what somebody did just now overtakes an import of 1,000', () => {
    const urgent = { priority: PRIORITY.activity };

    test('in the inbox, and when records are read', async () => {
      await put([...imports(1_000), event('change'), event('hot', urgent)]);
      await put([event('item', { kind: 'item', object: 'calls', priority: PRIORITY.import })]);
      await put([event('call', { kind: 'item', object: 'calls', ...urgent })]);
      expect((await look('item', { limit: 1 })).ours).toMatchObject([{ id: 'call' }]);
      await mark(at(), { limit: 2 });
      expect(await claimed(at(1), 10)).toEqual(['change', 'hot']);
      await mark(at(2));
      // Of those that wait already, one does something.
      await told('import-987', at(3), PRIORITY.activity);
      const ids = (await claimed(at(3), 3)).filter((id) => id.startsWith('import'));
      expect(ids).toEqual(['import-987']);
    });

    test('when leads are scored, and when results are written', async () => {
      await put(imports(1_000));
      await mark();
      const marks = await claim(at(1), 1_000);
      await read(
        marks.map(({ id }) => id),
        at(2),
        marks,
      );
      await store.db.insertInto('models').values({ hash: 'm', name: 'model', text: '', since: at() }).execute();
      const stream = { crm: CRM, stream: 'events', fullSyncRunId: null, priority: PRIORITY.activity, now: at(3) };
      const demo = [activity('import-987', 'demo')];
      await store.db.transaction().execute((tx) => saveActivities(tx, demo, stream));
      const scored: DueLead[] = [];
      const score = (leads: readonly DueLead[]) => {
        scored.push(...leads);
        return leads.map((lead) => toScored(lead));
      };
      const chunk = { limit: 800, now: at(4), inputsHash: 'basis', crms: [CRM], maxPerHour: 60 };
      expect(await scoreDueLeads(store.db, chunk, score)).toMatchObject({ taken: 800, urgent: 1 });
      expect(scored[0]).toMatchObject({ priority: PRIORITY.activity, records: [{ id: 'import-987' }] });
      const write = { crm: CRM, object: 'contacts', by: 'write', limit: 1, now: at(5), until: at(60) };
      expect(await claimOutbox(store.db, write)).toMatchObject([{ id: 'import-987', priority: PRIORITY.activity }]);
    });
  });

  describe('a record that was read a moment ago', () => {
    test('waits until its quiet time is over', async () => {
      await read(['a'], at());
      await told('a', at(2));
      expect(await claimed(at(4))).toEqual([]);
      expect(await nextDebounceEnd(store.db, CRM, at(4))).toEqual(at(5));
      expect(await claimed(at(5))).toEqual(['a']);
    });

    test('waits six times as long for an import, and no longer once something else wants it', async () => {
      await read(['a', 'b', 'c'], at());
      for (const id of ['a', 'b', 'c']) await told(id, at(1), PRIORITY.import);
      expect(await nextDebounceEnd(store.db, CRM, at(1))).toEqual(at(30));
      await told('b', at(2), PRIORITY.activity);
      await told('c', at(6), PRIORITY.change);
      expect(await claimed(at(4))).toEqual(['c']);
      expect(await claimed(at(5))).toEqual(['b', 'c']);
      expect(await claimed(at(30))).toEqual(['a', 'b', 'c']);
    });

    test('and is wanted soon waits no longer when an import names it, too', async () => {
      await read(['a'], at());
      await told('a', at(1), PRIORITY.activity);
      await told('a', at(2), PRIORITY.import);
      expect(await claimed(at(5))).toEqual(['a']);
    });

    test('may be read at once when it was read long ago, or never', async () => {
      await read(['a'], at(-60));
      await told('a', at());
      await told('new', at());
      expect(await claimed(at())).toEqual(['a', 'new']);
    });
  });

  describe('a company that was named', () => {
    const of = (companies: readonly string[], now: Date) =>
      markDirtyByCompany(store.db, { crm: CRM, companies, priority: PRIORITY.change }, { now, debounceMs: QUIET_MS });
    async function employees(company: string, ids: readonly string[]): Promise<void> {
      const options = { crm: CRM, now: at(-60), askedAt: at(-60) };
      await saveFetchedRecords(
        store.db,
        ids.map((id) => snapshot(id, { companyId: company })),
        options,
      );
    }

    test('has those read again who were read with it, however many they are, and nobody else', async () => {
      const many = Array.from({ length: 4_500 }, (_, n) => `of-acme-${n}`);
      await employees('acme', many);
      await employees('initech', ['of-initech']);
      await read(['of-nobody'], at(-60));
      await of(['acme', 'unknown'], at());
      expect((await claim(at(), 5_000)).length).toBe(4_500);
      await of(['initech'], at(1));
      expect((await claim(at(1), 5_000)).map(({ id }) => id)).toContain('of-initech');
    });

    test('has nobody read again who is gone', async () => {
      await employees('acme', ['a', 'b']);
      const gone = [{ kind: 'gone' as const, ref: ref('a'), erased: false }];
      await saveFetchedRecords(store.db, gone, { crm: CRM, now: at(-30), askedAt: at(-30) });
      await of(['acme'], at());
      expect(await claimed(at())).toEqual(['b']);
    });
  });

  describe('a mark that is made while the record is being read', () => {
    // The second: within the millisecond of the first.
    test.each([3, 0])('is not answered by that read (%s s after the first)', async (after) => {
      await told('a', at());
      const marks = await claim(at());
      await told('a', at(after));
      await read(['a'], at(4), marks);
      expect(await claimed(at(4))).toEqual([]);
      expect(await claimed(at(9))).toEqual(['a']);
    });

    test('stays when the record turns out to be gone: it may say that it was restored', async () => {
      await read(['a'], at(-60));
      await told('a', at());
      const marks = await claim(at(1));
      await told('a', at(2));
      const gone = [{ kind: 'gone' as const, ref: ref('a'), erased: false }];
      await saveFetchedRecords(store.db, gone, { crm: CRM, now: at(3), askedAt: at(1), claimed: marks });
      const again = await claim(at(60));
      expect(again.map(({ id }) => id)).toEqual(['a']);
      await saveFetchedRecords(store.db, gone, { crm: CRM, now: at(61), askedAt: at(60), claimed: again });
      expect(await claimed(at(120))).toEqual([]);
    });

    test('stays, with the record, when an answer from before says that it is gone', async () => {
      await read(['a'], at());
      await told('a', at(10));
      const marks = await claim(at(11));
      await read(['a'], at(13));
      const gone = [{ kind: 'gone' as const, ref: ref('a'), erased: false }];
      await saveFetchedRecords(store.db, gone, { crm: CRM, now: at(14), askedAt: at(12), claimed: marks });
      expect(await store.db.selectFrom('records').select('state').execute()).toEqual([{ state: 'live' }]);
      expect(await claimed(at(60))).toEqual(['a']);
      await saveFetchedRecords(store.db, [{ ...gone[0]!, erased: true }], { crm: CRM, now: at(61), askedAt: at(12) });
      expect(await store.db.selectFrom('records').select('state').execute()).toEqual([{ state: 'gone' }]);
    });

    test('is not lost when somebody else reads the record in between', async () => {
      await told('a', at());
      const marks = await claim(at(1));
      // A page that was asked for before that.
      const page = { crm: CRM, now: at(2), askedAt: at(0.5) };
      await store.db.transaction().execute((tx) => saveSnapshots(tx, [snapshot('a')], page));
      await told('a', at(3));
      await read(['a'], at(4), marks);
      expect(await claimed(at(60))).toEqual(['a']);
    });
  });

  describe('a lead that is scored for changes 60 times within an hour', () => {
    const chunk = (now: Date) => ({ limit: 100, now, inputsHash: 'basis', crms: [CRM], maxPerHour: 60 });
    async function changedAndScored(ids: readonly string[], now: Date) {
      const rows = await store.db.selectFrom('records').select('lead_id').where('id', 'in', ids).execute();
      const leads = rows.map(({ lead_id }) => lead_id);
      await markDue(store.db, leads, 'changed', now);
      return scoreDueLeads(store.db, chunk(now), (due) => due.map((lead) => toScored(lead)));
    }
    const listed = () => store.db.selectFrom('record_errors').select(['record_id', 'code', 'stage']).execute();

    test('rests until the hour is over and is listed, while others go on; then it is scored and the entry gone', async () => {
      await read(['loop', 'calm'], at());
      await store.db.insertInto('models').values({ hash: 'm', name: 'model', text: '', since: at() }).execute();
      await changedAndScored(['calm'], at());
      for (let time = 1; time < 60; time++) {
        expect(await changedAndScored(['loop'], at(time))).toEqual({ taken: 1, urgent: 0, stopped: 0 });
      }
      expect(await listed()).toEqual([]);
      expect(await changedAndScored(['loop', 'calm'], at(61))).toEqual({ taken: 2, urgent: 0, stopped: 1 });
      expect(await listed()).toEqual([{ record_id: 'loop', code: 'SCORED_TOO_OFTEN', stage: 'score' }]);
      // Changes meanwhile change nothing of that.
      expect(await changedAndScored(['loop'], at(600))).toEqual({ taken: 0, urgent: 0, stopped: 0 });
      const rest = (now: Date) => scoreDueLeads(store.db, chunk(now), (due) => due.map((lead) => toScored(lead)));
      expect(await rest(at(3_599))).toMatchObject({ taken: 0 });
      expect(await rest(at(3_600))).toEqual({ taken: 1, urgent: 0, stopped: 0 });
      expect(await listed()).toEqual([]);
    });

    test('is scored for what it does all the same', async () => {
      await read(['loop'], at());
      await store.db.insertInto('models').values({ hash: 'm', name: 'model', text: '', since: at() }).execute();
      await sql`update leadgrade.leads set rescore_window_started_at = ${at()}, rescore_window_count = 60, due_at = null, due_reason = null`.execute(
        store.db,
      );
      expect(await changedAndScored(['loop'], at(10))).toMatchObject({ stopped: 1 });
      const stream = { crm: CRM, stream: 'events', fullSyncRunId: null, priority: PRIORITY.activity, now: at(20) };
      await store.db.transaction().execute((tx) => saveActivities(tx, [activity('loop', 'demo')], stream));
      const scored = await scoreDueLeads(store.db, chunk(at(20)), (due) => due.map((lead) => toScored(lead)));
      expect(scored).toEqual({ taken: 1, urgent: 1, stopped: 0 });
    });
  });
});

// On the embedded database transactions follow each other.
describe.each(STORES.filter(({ name }) => name !== 'embedded'))('two at once ($name)', (setup) => {
  const store = freshStore(setup);
  const waitForEachOther = async (...works: readonly (() => Promise<unknown>)[]) => {
    const ended = await Promise.allSettled(works.map((work) => work()));
    return ended.filter(({ status }) => status === 'rejected');
  };

  test('who bring the same events in another order do not wait for each other', async () => {
    const events = imports(10_000);
    const both = [events, events.toReversed()].map((each) => () => insertInboxEvents(store.db, CRM, each, at()));
    expect(await waitForEachOther(...both)).toEqual([]);
  });

  test('who mark and who read the same new records beside known ones do not wait for each other', async () => {
    const known = Array.from({ length: 300 }, (_, index) => `known-${index}`);
    const read = { crm: CRM, now: at(), askedAt: at() };
    const inOne = (work: (tx: Transaction<Tables>) => Promise<unknown>) => store.db.transaction().execute(work);
    const snapshots = (ids: readonly string[]) => ids.map((id) => snapshot(id));
    await inOne((tx) => saveSnapshots(tx, snapshots(known), read));
    for (let round = 0; round < 5; round++) {
      const ids = [...known, ...Array.from({ length: 300 }, (_, index) => `new-${round}-${index}`)];
      await insertInboxEvents(
        store.db,
        CRM,
        ids.toReversed().map((id) => event(id)),
        at(round),
      );
      const mark = () =>
        drainRecordEvents(store.db, { crm: CRM, own: null, limit: 10_000, now: at(round), debounceMs: QUIET_MS });
      const page = {
        leads: [],
        activities: [],
        gone: [],
        outcomes: [],
        cursor: {},
        whole: false,
        dirty: ids.map((id) => ({ ref: ref(id) })),
      };
      const key = { crm: CRM, stream: 'contacts' };
      await markStreamAvailable(store.db, key, at(round));
      const from = (await streamState(store.db, key))!;
      const pull = () =>
        savePage(store.db, page, { ...key, from, fullSyncRunId: null, now: at(round), askedAt: at(round) });
      expect(await waitForEachOther(mark, pull, mark)).toEqual([]);
    }
  });
});

function toScored(lead: DueLead): ScoredLead {
  const scores = { grade: 'A' as const, coverage: 1, fit_score: 1, behavior_score: 1, total: 2, status: 'hot' };
  const rest = { previous_status: null, cell: null, thresholds: null, contributions: [], gates: [] };
  return {
    leadId: lead.id,
    result: { as_of: at().toISOString(), model_hash: 'm', cause: lead.cause, ...scores, ...rest },
    ...{ unscored: false, nextChangeAt: null },
    records: lead.records.map(({ crm, object, id }) => ({ crm, object, id, kind: 'write', patch: { status: 'hot' } })),
  };
}
