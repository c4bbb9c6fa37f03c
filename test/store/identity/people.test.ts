// One person in several CRMs, seen from the store: who shares a lead with whom, what goes along when records join and part, and
// what a conversion carries over.
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { LeadSnapshot, RecordLink, RecordRef } from '../../../src/domain/crm-changes.ts';
import { groupRecords } from '../../../src/people/group-records.ts';
import { saveActivities } from '../../../src/store/activities/activities.ts';
import { enqueueAllForMatching } from '../../../src/store/identity/match-queue.ts';
import { matchRecords } from '../../../src/store/identity/match-records.ts';
import { scoreDueLeads } from '../../../src/store/leads/score-due-leads.ts';
import { saveFetchedRecords } from '../../../src/store/records/save-fetched.ts';
import { saveSnapshots } from '../../../src/store/records/save-snapshots.ts';
import { pendingWork } from '../../../src/store/sync/pending-work.ts';
import { at, freshStore, STORES } from '../fresh-store.ts';

const POLICY = { by: ['links' as const, 'email' as const], shared_inboxes: ['info'], most_records: 3 };
const PAT = 'pat@acme.example';

const OBJECT = { hubspot: 'contacts', salesforce: 'Contact' } as const;
type Crm = keyof typeof OBJECT;

describe.each(STORES)('people ($name)', (setup) => {
  const store = freshStore(setup);

  interface Read {
    readonly object?: string;
    readonly email?: string | null;
    readonly links?: readonly RecordLink[];
    readonly now?: Date;
  }

  async function read(crm: Crm, id: string, { object = OBJECT[crm], email = null, links = [], now = at() }: Read = {}) {
    const snapshot: LeadSnapshot = {
      kind: 'lead',
      ref: { object, id },
      fields: { 'contact.email': email },
      crmValues: {},
      modifiedAt: now.toISOString(),
      companyId: null,
      problems: [],
      outcomes: [],
      links,
    };
    await store.db.transaction().execute((tx) => saveSnapshots(tx, [snapshot], { crm, now, askedAt: now }));
  }

  const merge = (crm: Crm, ref: RecordRef, into: RecordRef) =>
    saveFetchedRecords(store.db, [{ kind: 'merged', ref, into }], { crm, now: at(60), askedAt: at(60) });

  const remove = (crm: Crm, id: string) =>
    saveFetchedRecords(store.db, [{ kind: 'gone', ref: { object: OBJECT[crm], id }, erased: false }], {
      crm,
      now: at(60),
      askedAt: at(60),
    });

  async function views(crm: Crm, id: string, count: number, object: string = OBJECT[crm]): Promise<void> {
    const activities = Array.from({ length: count }, (_, n) => ({
      ref: { object, id },
      id: `${id}:${n}`,
      type: 'page_view',
      at: at(-n).getTime(),
      attributes: {},
    }));
    await store.db
      .transaction()
      .execute((tx) => saveActivities(tx, activities, { crm, stream: 'page_views', now: at(), fullSyncRunId: null }));
  }

  async function match(policy = POLICY): Promise<void> {
    const chunk = { limit: 3, now: at(90), most: policy.most_records };
    while ((await matchRecords(store.db, chunk, (records) => groupRecords(records, policy))) === 3);
  }

  /** Scores all leads that are due: each has a result of this status, unless no record is there. */
  async function score(status: string): Promise<void> {
    await store.db
      .insertInto('models')
      .values({ hash: 'm', name: 'm', text: '', since: at() })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const scores = { grade: 'A' as const, coverage: 1, fit_score: 1, behavior_score: 1, total: 2, status, cell: null };
    const rest = { model_hash: 'm', previous_status: null, thresholds: null, contributions: [], gates: [] };
    const chunk = { limit: 100, now: at(200), inputsHash: 'basis', crms: ['hubspot', 'salesforce'], maxPerHour: 60 };
    await scoreDueLeads(store.db, chunk, (leads) =>
      leads.map(({ id, cause, records }) => ({
        leadId: id,
        result: records.length === 0 ? null : { as_of: at().toISOString(), cause, ...scores, ...rest },
        unscored: records.length === 0,
        nextChangeAt: null,
        records: records.map((record) => ({ ...record, kind: 'write' as const, patch: { status } })),
      })),
    );
  }

  /** The persons, each with its records that are there and how many activities it has: `h1 s1 (3)`. */
  async function persons(): Promise<readonly string[]> {
    const records = await store.db.selectFrom('records').selectAll().where('state', '=', 'live').execute();
    const activities = await store.db.selectFrom('activities').selectAll().where('gone_at', 'is', null).execute();
    return [...Map.groupBy(records, (record) => record.lead_id)]
      .map(([lead, of]) => {
        const names = of.map(({ crm, id }) => `${crm[0]}${id}`).toSorted();
        return `${names.join(' ')} (${activities.filter(({ lead_id }) => lead_id === lead).length})`;
      })
      .toSorted();
  }

  async function leadOf(crm: Crm, id: string): Promise<number> {
    const record = store.db.selectFrom('records').select('lead_id').where('crm', '=', crm).where('id', '=', id);
    return (await record.executeTakeFirstOrThrow()).lead_id;
  }

  async function statusesOf(lead: number): Promise<readonly string[]> {
    const results = store.db.selectFrom('results').select('status').where('lead_id', '=', lead).orderBy('id');
    return (await results.execute()).map(({ status }) => status);
  }

  const dueLeads = async () =>
    (await store.db.selectFrom('leads').select('id').where('due_at', 'is not', null).orderBy('id').execute()).map(
      ({ id }) => id,
    );

  const linkTo = (id: string, object = 'Contact'): RecordLink => ({ crm: 'salesforce', object, id });

  describe('records with one address', () => {
    test('are one person, whatever the case: one lead, with the activities of both', async () => {
      await read('hubspot', '1', { email: 'Pat@Acme.example ' });
      await views('hubspot', '1', 2);
      await read('salesforce', '1', { email: PAT });
      await views('salesforce', '1', 1);
      await match();
      expect(await persons()).toEqual(['h1 s1 (3)']);
      expect(await leadOf('hubspot', '1')).toBe(1);
      expect(await store.db.selectFrom('leads').select('id').execute()).toEqual([{ id: 1 }]);
    });

    test('part when one of them changes, each with its own activities, and join again when it is put back', async () => {
      await read('hubspot', '1', { email: PAT });
      await views('hubspot', '1', 2);
      await read('salesforce', '1', { email: PAT });
      await views('salesforce', '1', 1);
      await match();
      await score('hot');
      expect(await dueLeads()).toEqual([]);
      await read('salesforce', '1', { email: 'kim@acme.example', now: at(10) });
      await match();
      expect(await persons()).toEqual(['h1 (2)', 's1 (1)']);
      const [kept, parted] = [await leadOf('hubspot', '1'), await leadOf('salesforce', '1')];
      expect(await dueLeads()).toEqual([kept, parted]);
      await score('cold');
      expect([await statusesOf(kept), await statusesOf(parted)]).toEqual([['hot', 'cold'], ['cold']]);
      await read('salesforce', '1', { email: PAT, now: at(20) });
      await match();
      expect(await persons()).toEqual(['h1 s1 (3)']);
      expect(await leadOf('salesforce', '1')).toBe(kept);
      // What was found out about the one that is no more is the person's history, too.
      expect(await statusesOf(kept)).toEqual(['hot', 'cold', 'cold']);
    });

    test('of a department, or of too many, stay apart; when one of the many leaves, the others are one person', async () => {
      await read('hubspot', '1', { email: 'info@acme.example' });
      await read('salesforce', '1', { email: 'info@acme.example' });
      for (const id of ['2', '3', '4', '5']) await read('salesforce', id, { email: PAT });
      await match();
      expect(await persons()).toEqual(['h1 (0)', 's1 (0)', 's2 (0)', 's3 (0)', 's4 (0)', 's5 (0)']);
      await read('salesforce', '4', { email: 'kim@acme.example', now: at(10) });
      await match();
      expect(await persons()).toEqual(['h1 (0)', 's1 (0)', 's2 s3 s5 (0)', 's4 (0)']);
      await read('salesforce', '4', { email: PAT, now: at(20) });
      await match();
      expect(await persons()).toHaveLength(6);
      await remove('salesforce', '2');
      await match();
      expect(await persons()).toEqual(['h1 (0)', 's1 (0)', 's3 s4 s5 (0)']);
    });

    test('are matched again when the policy is another one', async () => {
      await read('hubspot', '1', { email: PAT });
      await read('salesforce', '1', { email: PAT });
      expect(await enqueueAllForMatching(store.db, 'first')).toBe(0);
      await match();
      expect(await enqueueAllForMatching(store.db, 'first')).toBe(0);
      expect(await enqueueAllForMatching(store.db, 'second')).toBe(2);
      await match({ ...POLICY, by: [] as never[] });
      expect(await persons()).toEqual(['h1 (0)', 's1 (0)']);
    });
  });

  describe('a link', () => {
    test('is stronger than an address', async () => {
      await read('salesforce', '1', { email: 'kim@acme.example' });
      await read('salesforce', '2', { email: PAT });
      await read('hubspot', '1', { email: PAT, links: [linkTo('1')] });
      await match();
      expect(await persons()).toEqual(['h1 s1 (0)', 's2 (0)']);
    });

    test('to a record that is not known yet counts when it is read; one to a record that is gone does not', async () => {
      await read('salesforce', '2', { email: PAT });
      await read('hubspot', '1', { email: PAT, links: [linkTo('1')] });
      await match();
      expect(await persons()).toEqual(['h1 s2 (0)']);
      await read('salesforce', '1', { now: at(10) });
      await match();
      expect(await persons()).toEqual(['h1 s1 (0)', 's2 (0)']);
      await remove('salesforce', '1');
      await match();
      expect(await persons()).toEqual(['h1 s2 (0)']);
    });

    test('that changes has both persons looked at again', async () => {
      await read('salesforce', '1');
      await read('salesforce', '2');
      await read('hubspot', '1', { links: [linkTo('1')] });
      await match();
      await read('hubspot', '1', { links: [linkTo('2')], now: at(10) });
      await match();
      expect(await persons()).toEqual(['h1 s2 (0)', 's1 (0)']);
    });

    test('to a Lead that was converted leads to the Contact, whichever is read first', async () => {
      await read('salesforce', 'lead', { object: 'Lead' });
      await views('salesforce', 'lead', 2, 'Lead');
      await read('hubspot', '1', { links: [linkTo('lead', 'Lead')] });
      await match();
      expect(await persons()).toEqual(['h1 slead (2)']);
      await read('salesforce', 'contact', { now: at(10) });
      await merge('salesforce', { object: 'Lead', id: 'lead' }, { object: 'Contact', id: 'contact' });
      await match();
      expect(await persons()).toEqual(['h1 scontact (2)']);
      await read('hubspot', '2', { links: [linkTo('lead', 'Lead')], now: at(20) });
      await match();
      expect(await persons()).toEqual(['h1 h2 scontact (2)']);
    });
  });

  describe('a conversion', () => {
    const lead = { object: 'Lead', id: 'lead' };
    const contact = { object: 'Contact', id: 'contact' };

    test('carries results, status and activities to the Contact', async () => {
      await read('salesforce', 'lead', { object: 'Lead' });
      await views('salesforce', 'lead', 2, 'Lead');
      await match();
      await score('hot');
      const person = await leadOf('salesforce', 'lead');
      await merge('salesforce', lead, contact);
      // Before the Contact is read nobody is scored: the person would begin anew.
      expect(await dueLeads()).toEqual([]);
      await read('salesforce', 'contact', { now: at(70) });
      await match();
      expect(await leadOf('salesforce', 'contact')).toBe(person);
      expect(await persons()).toEqual(['scontact (2)']);
      expect(await dueLeads()).toEqual([person]);
      const { result_id } = await store.db
        .selectFrom('leads')
        .select('result_id')
        .where('id', '=', person)
        .executeTakeFirstOrThrow();
      expect(result_id).not.toBeNull();
      await score('warm');
      expect(await statusesOf(person)).toEqual(['hot', 'warm']);
    });

    test('into a Contact that has a score of its own leaves that one its history', async () => {
      await read('salesforce', 'lead', { object: 'Lead' });
      await read('salesforce', 'contact');
      await views('salesforce', 'lead', 2, 'Lead');
      await match();
      await score('hot');
      const own = await leadOf('salesforce', 'contact');
      await merge('salesforce', lead, contact);
      await match();
      expect(await leadOf('salesforce', 'contact')).toBe(own);
      expect(await persons()).toEqual(['scontact (2)']);
      expect(await statusesOf(own)).toEqual(['hot']);
    });
  });

  test('a record that is not matched yet holds up runs, and its lead is not scored', async () => {
    await read('hubspot', '1');
    expect(await pendingWork(store.db, at(), ['hubspot'])).toMatchObject({ dirty: 0, due: 1 });
    await score('hot');
    expect(await statusesOf(1)).toEqual([]);
    await match();
    await score('hot');
    expect(await statusesOf(1)).toEqual(['hot']);
    expect(await pendingWork(store.db, at(), ['hubspot'])).toMatchObject({ dirty: 0, due: 0, outbox: 1 });
    expect(await pendingWork(store.db, at(), ['salesforce'])).toMatchObject({ dirty: 0, due: 0, outbox: 0 });
  });

  test('two processes that match at once come to the same persons', async () => {
    for (let n = 0; n < 20; n++) {
      await read('hubspot', String(n), { email: `p${n}@acme.example` });
      await read('salesforce', String(n), { email: `p${(n * 7) % 20}@acme.example` });
    }
    await Promise.all([match(), match(), match()]);
    expect((await persons()).map((person) => person.split(' ').length)).toEqual(Array(20).fill(3));
    for (let n = 0; n < 20; n++) await read('salesforce', String(n), { email: `p${n}@acme.example`, now: at(10) });
    await Promise.all([match(), match(), match()]);
    expect(await persons()).toEqual(Array.from({ length: 20 }, (_, n) => `h${n} s${n} (0)`).toSorted());
    const { rows } = await sql`select from leadgrade.leads l where not exists (
      select from leadgrade.records r where r.lead_id = l.id)`.execute(store.db);
    expect(rows).toEqual([]);
  });
});
