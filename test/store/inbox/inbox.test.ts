// From the inbox to dirty flags: deduplication, priority order and debounce windows.
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { PRIORITY, type Priority } from '../../../src/domain/priority.ts';
import { purgeEventKeys } from '../../../src/store/inbox/event-keys.ts';
import {
  deleteInboxEvents,
  type InboxEvent,
  inboxBacklog,
  insertInboxEvents,
  peekInbox,
} from '../../../src/store/inbox/inbox.ts';
import type { DueLead } from '../../../src/store/leads/due-leads.ts';
import { withLockedLeadIds } from '../../../src/store/leads/lock-leads.ts';
import { markDue } from '../../../src/store/leads/mark-due.ts';
import { scoreDueLeads } from '../../../src/store/leads/score-due-leads.ts';
import type { ScoredLead } from '../../../src/store/leads/scored-lead.ts';
import { claimOutbox } from '../../../src/store/outbox/outbox.ts';
import { claimDirty, nextDebounceEnd } from '../../../src/store/records/claim-dirty.ts';
import { drainRecordEvents } from '../../../src/store/records/mark-dirty-from-inbox.ts';
import { markDirtyByCompany } from '../../../src/store/records/mark-dirty-from-webhook.ts';
import { saveFetchedRecords } from '../../../src/store/records/save-fetched.ts';
import { savePage } from '../../../src/store/sync/save-page.ts';
import { markStreamAvailable } from '../../../src/store/sync/stream-availability.ts';
import { streamState } from '../../../src/store/sync/streams.ts';
import { BACKEND, describeOnPostgres, POSTGRES } from '../../support/backends.ts';
import {
  activity,
  allMatched,
  at,
  CRM,
  freshStore,
  NO_ACTIVITIES,
  ref,
  saveListed,
  saveRead,
  snapshot,
} from '../fresh-store.ts';
import { newResult } from '../new-result.ts';

const DAY = 86_400;
const DEBOUNCE_MS = 5_000;

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

describe(`the inbox (${BACKEND.name})`, () => {
  const setup = BACKEND;
  const store = freshStore(setup);

  const insert = (events: readonly InboxEvent[], now = at()) => insertInboxEvents(store.db, CRM, events, now);
  const drain = (now = at(), { limit = 10_000, own = '145' as string | null } = {}) =>
    drainRecordEvents(store.db, { crm: CRM, own, limit, now, debounceMs: DEBOUNCE_MS });
  /** An event names the record, and the record is marked dirty. */
  async function mark(id: string, now: Date, priority: Priority = PRIORITY.change): Promise<void> {
    await insert([event(id, { priority })], now);
    await drain(now);
  }
  const claim = (now: Date, limit = 100) =>
    claimDirty(store.db, { crm: CRM, by: 'refresh', limit, now, until: new Date(now.getTime() + 60_000) });
  async function claimed(now: Date, limit?: number): Promise<readonly string[]> {
    return (await claim(now, limit)).map(({ id }) => id).toSorted();
  }
  /** Reads records; the request and the response have the same instant. */
  async function read(
    ids: readonly string[],
    now: Date,
    claims: Awaited<ReturnType<typeof claim>> = [],
  ): Promise<void> {
    const options = { crm: CRM, now, askedAt: now, claimed: claims, debounceMs: DEBOUNCE_MS };
    await saveFetchedRecords(
      store.db,
      ids.map((id) => snapshot(id)),
      options,
    );
    await allMatched(store);
  }
  const peek = (kind: 'item' | 'erasure', { limit = 9, own = '145' as string | null, except = [] as string[] } = {}) =>
    peekInbox(store.db, { crm: CRM, own, kind, limit, now: at(), except });
  async function pendingIds(): Promise<readonly string[]> {
    return (await store.db.selectFrom('inbox').select('ids').orderBy('seq').execute()).flatMap(({ ids }) => ids);
  }

  describe('an event', () => {
    test('counts once, even if it is delivered again after it was processed', async () => {
      const once = event('a');
      expect(await insert([once, once])).toBe(1);
      expect(await drain()).toMatchObject({ total: 1, marked: 1, foreign: 0 });
      expect(await insert([once, event('b')])).toBe(1);
      expect(await drain(at(1))).toMatchObject({ total: 1, marked: 1, foreign: 0 });
      expect(await claimed(at(2))).toEqual(['a', 'b']);
    });

    test('that names a dirty record is processed and marks nothing', async () => {
      await insert([event('a'), event('a'), event('b')]);
      expect(await drain()).toMatchObject({ total: 2, marked: 2 });
      await insert([event('a'), event('a', { priority: PRIORITY.import })], at(1));
      expect(await drain(at(1))).toMatchObject({ total: 2, marked: 0 });
      expect(await pendingIds()).toEqual([]);
    });

    test('of another account is dropped, and counts if the own account is unknown', async () => {
      await insert([event('a'), event('b', { account: '146' })]);
      expect(await drain()).toMatchObject({ total: 2, marked: 1, foreign: 1 });
      expect(await claimed(at(1))).toEqual(['a']);
      expect(await pendingIds()).toEqual([]);
      await insert([event('b', { account: '146' })]);
      expect(await drain(at(2), { own: null })).toMatchObject({ marked: 1, foreign: 0 });
    });

    test('keeps its key until it cannot be delivered again, and stays pending longer than that', async () => {
      const [old, recent] = [event('a'), event('b')];
      await insert([old], at(-4 * DAY));
      await insert([recent], at());
      expect(await purgeEventKeys(store.db, at())).toBe(1);
      expect(await inboxBacklog(store.db, [CRM])).toEqual({ waiting: 2, oldestAt: at(-4 * DAY) });
      await drain();
      expect(await insert([old, recent], at(1))).toBe(1);
      expect(await pendingIds()).toEqual(['a']);
    });

    test('leaves no trace of the named id once it is processed', async () => {
      await insert([event('4711-of-pat')]);
      await drain();
      for (const table of ['inbox', 'processed_event_keys'] as const) {
        expect(JSON.stringify(await store.db.selectFrom(table).selectAll().execute())).not.toContain('4711');
      }
    });

    test('shares a row with the others of its request, and the row is processed as a whole', async () => {
      await insert(Array.from({ length: 1_000 }, (_, n) => event(`a-${n % 400}`)));
      await insert(Array.from({ length: 300 }, (_, n) => event(`b-${n}`, { priority: PRIORITY.import })));
      expect(await store.db.selectFrom('inbox').select('id_count').orderBy('seq').execute()).toEqual([
        { id_count: 400 },
        { id_count: 300 },
      ]);
      expect(await drain(at(), { limit: 50 })).toMatchObject({ total: 400, marked: 400, foreign: 0 });
      expect(await drain(at(), { limit: 50 })).toMatchObject({ total: 300, marked: 300, foreign: 0 });
      expect(await drain(at(), { limit: 50 })).toMatchObject({ total: 0, marked: 0, foreign: 0 });
    });

    test('that names an item or an erased record stays pending when record events are drained', async () => {
      await insert([event('m', { kind: 'item', object: 'meetings' }), event('e', { kind: 'erasure' })]);
      expect(await drain()).toMatchObject({ total: 0 });
      expect(await peek('item')).toMatchObject({ total: 1, ours: [{ id: 'm' }] });
      expect(await peek('erasure')).toMatchObject({ total: 1, ours: [{ id: 'e' }] });
      expect(await inboxBacklog(store.db, [CRM])).toMatchObject({ waiting: 2 });
      await deleteInboxEvents(store.db, (await peek('item')).ours);
      expect(await peek('item')).toEqual({ total: 0, ours: [], foreign: 0 });
      expect(await inboxBacklog(store.db, [CRM])).toMatchObject({ waiting: 1 });
    });

    test('that names an item of another account is dropped, and counts if the own account is unknown', async () => {
      const item = { kind: 'item', object: 'meetings' } as const;
      await insert([event('ours', item), event('theirs', { ...item, account: '146' })]);
      expect(await peek('item', { own: null })).toMatchObject({ foreign: 0, ours: [{ id: 'ours' }, { id: 'theirs' }] });
      expect(await peek('item')).toMatchObject({ total: 2, foreign: 1, ours: [{ id: 'ours' }] });
      expect(await pendingIds()).toEqual(['ours']);
      expect(await peek('item', { own: null })).toMatchObject({ total: 1, ours: [{ id: 'ours' }] });
    });

    test('of an excluded stream hides no event of another stream', async () => {
      const many = Array.from({ length: 20 }, (_, n) => event(`form-${n}`, { kind: 'item', object: 'forms' }));
      await insert([...many, event('m', { kind: 'item', object: 'meetings' })]);
      expect(await peek('item', { except: ['forms'] })).toMatchObject({ total: 1, ours: [{ id: 'm' }] });
    });
  });

  describe('a new activity overtakes an import of 1,000 records', () => {
    const urgent = { priority: PRIORITY.activity };

    test('in the inbox and in the claim of dirty records', async () => {
      await insert([...imports(1_000), event('change'), event('hot', urgent)]);
      await insert([event('item', { kind: 'item', object: 'calls', priority: PRIORITY.import })]);
      await insert([event('call', { kind: 'item', object: 'calls', ...urgent })]);
      expect((await peek('item', { limit: 1 })).ours).toMatchObject([{ id: 'call' }]);
      await drain(at(), { limit: 2 });
      expect(await claimed(at(1), 10)).toEqual(['change', 'hot']);
      await drain(at(2));
      // One of the waiting records has a new activity.
      await mark('import-987', at(3), PRIORITY.activity);
      const ids = (await claimed(at(3), 3)).filter((id) => id.startsWith('import'));
      expect(ids).toEqual(['import-987']);
    });

    test('in the scoring and in the outbox', async () => {
      await insert(imports(1_000));
      await drain();
      const claims = await claim(at(1), 1_000);
      await read(
        claims.map(({ id }) => id),
        at(2),
        claims,
      );
      await store.db
        .insertInto('models')
        .values({ hash: 'm', name: 'model', text: '', since: at(), last_used_at: at() })
        .execute();
      const stream = { crm: CRM, stream: 'events', fullSyncRunId: null, priority: PRIORITY.activity, now: at(3) };
      const demo = [activity('import-987', 'demo')];
      await saveListed(store, demo, stream);
      const scored: DueLead[] = [];
      const score = (leads: readonly DueLead[]) => {
        scored.push(...leads);
        return leads.map((lead) => toScored(lead));
      };
      const chunk = {
        limit: 800,
        now: at(4),
        inputsHash: 'inputs',
        modelHash: 'm',
        crms: [CRM],
        maxPerHour: 60,
        ...NO_ACTIVITIES,
      };
      expect(await scoreDueLeads(store.db, chunk, score)).toMatchObject({ claimed: 800, urgent: 1 });
      expect(scored[0]).toMatchObject({ priority: PRIORITY.activity, records: [{ id: 'import-987' }] });
      const write = { crm: CRM, object: 'contacts', by: 'write', limit: 1, now: at(5), until: at(60) };
      expect(await claimOutbox(store.db, write)).toMatchObject([{ id: 'import-987', priority: PRIORITY.activity }]);
    });
  });

  describe('a record that was read recently', () => {
    test('waits until its debounce window ends', async () => {
      await read(['a'], at());
      await mark('a', at(2));
      expect(await claimed(at(4))).toEqual([]);
      expect(await nextDebounceEnd(store.db, CRM, at(4))).toEqual(at(5));
      expect(await claimed(at(5))).toEqual(['a']);
    });

    test('waits six times as long for an import, and no longer than normal once another event names it', async () => {
      await read(['a', 'b', 'c'], at());
      for (const id of ['a', 'b', 'c']) await mark(id, at(1), PRIORITY.import);
      expect(await nextDebounceEnd(store.db, CRM, at(1))).toEqual(at(30));
      await mark('b', at(2), PRIORITY.activity);
      await mark('c', at(6), PRIORITY.change);
      expect(await claimed(at(4))).toEqual(['c']);
      expect(await claimed(at(5))).toEqual(['b', 'c']);
      expect(await claimed(at(30))).toEqual(['a', 'b', 'c']);
    });

    test('waits no longer if an import names it after an activity', async () => {
      await read(['a'], at());
      await mark('a', at(1), PRIORITY.activity);
      await mark('a', at(2), PRIORITY.import);
      expect(await claimed(at(5))).toEqual(['a']);
    });

    test('can be claimed at once if the read was long ago, or it was never read', async () => {
      await read(['a'], at(-60));
      await mark('a', at());
      await mark('new', at());
      expect(await claimed(at())).toEqual(['a', 'new']);
    });
  });

  describe('an event that names a company', () => {
    const markOf = (companies: readonly string[], now: Date) =>
      markDirtyByCompany(
        store.db,
        { crm: CRM, companies, priority: PRIORITY.change },
        { now, debounceMs: DEBOUNCE_MS },
      );
    async function employees(company: string, ids: readonly string[]): Promise<void> {
      const options = { crm: CRM, now: at(-60), askedAt: at(-60) };
      await saveFetchedRecords(
        store.db,
        ids.map((id) => snapshot(id, { companyId: company })),
        options,
      );
    }

    test('marks all 4,500 records of that company, and no others', async () => {
      const many = Array.from({ length: 4_500 }, (_, n) => `of-acme-${n}`);
      await employees('acme', many);
      await employees('initech', ['of-initech']);
      await read(['without-company'], at(-60));
      await markOf(['acme', 'unknown'], at());
      expect((await claim(at(), 5_000)).length).toBe(4_500);
      await markOf(['initech'], at(1));
      expect((await claim(at(1), 5_000)).map(({ id }) => id)).toContain('of-initech');
    });

    test('marks no deleted record of the company', async () => {
      await employees('acme', ['a', 'b']);
      const gone = [{ kind: 'gone' as const, ref: ref('a'), erased: false }];
      await saveFetchedRecords(store.db, gone, { crm: CRM, now: at(-30), askedAt: at(-30) });
      await markOf(['acme'], at());
      expect(await claimed(at())).toEqual(['b']);
    });
  });

  describe('a dirty flag that is set during the read of the record', () => {
    // 0: within the same millisecond as the first.
    test.each([3, 0])('%s s after the first one is not cleared by that read', async (after) => {
      await mark('a', at());
      const claims = await claim(at());
      await mark('a', at(after));
      await read(['a'], at(4), claims);
      expect(await claimed(at(4))).toEqual([]);
      expect(await claimed(at(9))).toEqual(['a']);
    });

    test('stays if the record was deleted, because the record can have been restored', async () => {
      await read(['a'], at(-60));
      await mark('a', at());
      const claims = await claim(at(1));
      await mark('a', at(2));
      const gone = [{ kind: 'gone' as const, ref: ref('a'), erased: false }];
      await saveFetchedRecords(store.db, gone, { crm: CRM, now: at(3), askedAt: at(1), claimed: claims });
      const again = await claim(at(60));
      expect(again.map(({ id }) => id)).toEqual(['a']);
      await saveFetchedRecords(store.db, gone, { crm: CRM, now: at(61), askedAt: at(60), claimed: again });
      expect(await claimed(at(120))).toEqual([]);
    });

    test('stays, with the live record, if an older response says that the record is deleted', async () => {
      await read(['a'], at());
      await mark('a', at(10));
      const claims = await claim(at(11));
      await read(['a'], at(13));
      const gone = [{ kind: 'gone' as const, ref: ref('a'), erased: false }];
      await saveFetchedRecords(store.db, gone, { crm: CRM, now: at(14), askedAt: at(12), claimed: claims });
      expect(await store.db.selectFrom('records').select('state').execute()).toEqual([{ state: 'live' }]);
      expect(await claimed(at(60))).toEqual(['a']);
      await saveFetchedRecords(store.db, [{ ...gone[0]!, erased: true }], { crm: CRM, now: at(61), askedAt: at(12) });
      expect(await store.db.selectFrom('records').select('state').execute()).toEqual([{ state: 'gone' }]);
    });

    test('is not lost if another job reads the record in between', async () => {
      await mark('a', at());
      const claims = await claim(at(1));
      // A page that was requested before.
      await saveRead(store, [snapshot('a')], { now: at(2), askedAt: at(0.5) });
      await mark('a', at(3));
      await read(['a'], at(4), claims);
      expect(await claimed(at(60))).toEqual(['a']);
    });
  });

  describe('a lead that was scored for changes 60 times within an hour', () => {
    const chunk = (now: Date) => ({
      limit: 100,
      now,
      inputsHash: 'inputs',
      modelHash: 'm',
      crms: [CRM],
      maxPerHour: 60,
      ...NO_ACTIVITIES,
    });
    async function changedAndScored(ids: readonly string[], now: Date) {
      const rows = await store.db.selectFrom('records').select('lead_id').where('id', 'in', ids).execute();
      const leads = rows.map(({ lead_id }) => lead_id);
      await store.db.transaction().execute((tx) => {
        return withLockedLeadIds(tx, leads, (locked) => markDue(locked, leads, 'changed', now));
      });
      return scoreDueLeads(store.db, chunk(now), (due) => due.map((lead) => toScored(lead)));
    }
    const listed = () => store.db.selectFrom('record_errors').select(['record_id', 'code', 'stage']).execute();

    test('is throttled with an error until the hour ends, while others are scored; then it is scored and the error cleared', async () => {
      await read(['loop', 'calm'], at());
      await store.db
        .insertInto('models')
        .values({ hash: 'm', name: 'model', text: '', since: at(), last_used_at: at() })
        .execute();
      await changedAndScored(['calm'], at());
      for (let time = 1; time < 60; time++) {
        expect(await changedAndScored(['loop'], at(time))).toMatchObject({ claimed: 1, urgent: 0, throttled: 0 });
      }
      expect(await listed()).toEqual([]);
      expect(await changedAndScored(['loop', 'calm'], at(61))).toMatchObject({ claimed: 2, urgent: 0, throttled: 1 });
      expect(await listed()).toEqual([{ record_id: 'loop', code: 'SCORED_TOO_OFTEN', stage: 'score' }]);
      // Further changes do not end the throttling.
      expect(await changedAndScored(['loop'], at(600))).toMatchObject({ claimed: 0, urgent: 0, throttled: 0 });
      const rest = (now: Date) => scoreDueLeads(store.db, chunk(now), (due) => due.map((lead) => toScored(lead)));
      expect(await rest(at(3_599))).toMatchObject({ claimed: 0 });
      expect(await rest(at(3_600))).toMatchObject({ claimed: 1, urgent: 0, throttled: 0 });
      expect(await listed()).toEqual([]);
    });

    test('is still scored for a new activity', async () => {
      await read(['loop'], at());
      await store.db
        .insertInto('models')
        .values({ hash: 'm', name: 'model', text: '', since: at(), last_used_at: at() })
        .execute();
      await sql`update leadgrade.leads set rescore_window_started_at = ${at()}, rescore_window_count = 60, due_at = null, due_reason = null`.execute(
        store.db,
      );
      expect(await changedAndScored(['loop'], at(10))).toMatchObject({ throttled: 1 });
      const stream = { crm: CRM, stream: 'events', fullSyncRunId: null, priority: PRIORITY.activity, now: at(20) };
      await saveListed(store, [activity('loop', 'demo')], stream);
      const scored = await scoreDueLeads(store.db, chunk(at(20)), (due) => due.map((lead) => toScored(lead)));
      expect(scored).toMatchObject({ claimed: 1, urgent: 1, throttled: 0 });
    });
  });
});

// On the embedded database, transactions run one after another.
describeOnPostgres('concurrent transactions (postgres)', () => {
  const setup = POSTGRES;
  const store = freshStore(setup);
  const failuresOf = async (...works: readonly (() => Promise<unknown>)[]) => {
    const results = await Promise.allSettled(works.map((work) => work()));
    return results.filter(({ status }) => status === 'rejected');
  };

  test('that insert the same events in another order do not deadlock', async () => {
    const events = imports(10_000);
    const both = [events, events.toReversed()].map((batch) => () => insertInboxEvents(store.db, CRM, batch, at()));
    expect(await failuresOf(...both)).toEqual([]);
  });

  test('that mark and list the same new and known records do not deadlock', async () => {
    const known = Array.from({ length: 300 }, (_, index) => `known-${index}`);
    await saveRead(
      store,
      known.map((id) => snapshot(id)),
    );
    for (let round = 0; round < 5; round++) {
      const ids = [...known, ...Array.from({ length: 300 }, (_, index) => `new-${round}-${index}`)];
      await insertInboxEvents(
        store.db,
        CRM,
        ids.toReversed().map((id) => event(id)),
        at(round),
      );
      const mark = () =>
        drainRecordEvents(store.db, { crm: CRM, own: null, limit: 10_000, now: at(round), debounceMs: DEBOUNCE_MS });
      const page = {
        leads: [],
        activities: [],
        gone: [],
        outcomes: [],
        cursor: {},
        isFullSync: false,
        dirty: ids.map((id) => ({ ref: ref(id) })),
      };
      const key = { crm: CRM, stream: 'contacts' };
      await markStreamAvailable(store.db, key, at(round));
      const from = (await streamState(store.db, key))!;
      const pull = () =>
        savePage(store.db, page, { ...key, from, fullSyncRunId: null, now: at(round), askedAt: at(round) });
      expect(await failuresOf(mark, pull, mark)).toEqual([]);
    }
  });
});

function toScored(lead: DueLead): ScoredLead {
  return {
    leadId: lead.id,
    result: newResult(lead.cause, 'hot'),
    ...{ unscored: false, nextChangeAt: null },
    records: lead.records.map(({ crm, object, id }) => ({ crm, object, id, kind: 'write', patch: { status: 'hot' } })),
  };
}
