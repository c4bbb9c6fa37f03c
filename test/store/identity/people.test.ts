// One person in several CRMs: which records share a lead, what moves along when records join or
// separate, and what a conversion carries over.
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { LeadSnapshot, RecordLink, RecordRef } from '../../../src/domain/crm-changes.ts';
import { groupRecords } from '../../../src/people/group-records.ts';
import type { MatchPolicy } from '../../../src/people/people-policy.ts';
import { enqueueAllForMatching } from '../../../src/store/identity/match-queue.ts';
import { matchRecords } from '../../../src/store/identity/match-records.ts';
import { scoreDueLeads } from '../../../src/store/leads/score-due-leads.ts';
import { saveFetchedRecords } from '../../../src/store/records/save-fetched.ts';
import { pendingWork } from '../../../src/store/sync/pending-work.ts';
import { BACKEND } from '../../support/backends.ts';
import { at, freshStore, NO_ACTIVITIES, saveListed, saveRead } from '../fresh-store.ts';
import { newResult } from '../new-result.ts';

const POLICY: MatchPolicy = {
  by: ['links', 'email'],
  shared_inboxes: ['info'],
  plus_tags: 'different',
  max_records: 3,
};
const PAT = 'pat@acme.example';

const OBJECT = { hubspot: 'contacts', salesforce: 'Contact' } as const;
type Crm = keyof typeof OBJECT;

describe(`people (${BACKEND.name})`, () => {
  const setup = BACKEND;
  const store = freshStore(setup);

  interface Read {
    readonly object?: string;
    readonly email?: string | null;
    readonly emails?: readonly string[];
    readonly name?: readonly [first: string | null, last: string | null];
    readonly links?: readonly RecordLink[];
    readonly now?: Date;
  }

  async function read(crm: Crm, id: string, { object = OBJECT[crm], links = [], now = at(), ...read }: Read = {}) {
    const { email = null, emails, name: [first, last] = [null, null] } = read;
    const snapshot: LeadSnapshot = {
      kind: 'lead',
      ref: { object, id },
      fields: { 'contact.email': email, 'contact.first_name': first, 'contact.last_name': last },
      ...(emails !== undefined && { emails }),
      crmValues: {},
      modifiedAt: now.toISOString(),
      companyId: null,
      problems: [],
      outcomes: [],
      links,
    };
    await saveRead(store, [snapshot], { crm, now });
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
    await saveListed(store, activities, { crm });
  }

  async function match(policy = POLICY): Promise<void> {
    const ignoresTags = policy.plus_tags === 'same';
    const chunk = { limit: 3, now: at(90), maxRecords: policy.max_records, ignoresTags };
    while ((await matchRecords(store.db, chunk, (records) => groupRecords(records, policy))).processed === 3);
  }

  /** Scores all due leads with this status; a lead without a live record gets no result. */
  async function score(status: string): Promise<void> {
    await store.db
      .insertInto('models')
      .values({ hash: 'm', name: 'm', text: '', since: at(), last_used_at: at() })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const chunk = {
      limit: 100,
      now: at(200),
      inputsHash: 'inputs',
      modelHash: 'm',
      crms: ['hubspot', 'salesforce'],
      maxPerHour: 60,
      ...NO_ACTIVITIES,
    };
    await scoreDueLeads(store.db, chunk, (leads) =>
      leads.map(({ id, cause, records }) => ({
        leadId: id,
        result: records.length === 0 ? null : newResult(cause, status),
        unscored: records.length === 0,
        nextChangeAt: null,
        records: records.map((record) => ({ ...record, kind: 'write' as const, patch: { status } })),
      })),
    );
  }

  /** The persons with their live records and number of activities: `h1 s1 (3)`. */
  async function persons(): Promise<readonly string[]> {
    const records = await store.db.selectFrom('records').selectAll().where('state', '=', 'live').execute();
    const activities = await store.db.selectFrom('activities').selectAll().where('gone_at', 'is', null).execute();
    return [...Map.groupBy(records, (record) => record.lead_id)]
      .map(([lead, own]) => {
        const names = own.map(({ crm, id }) => `${crm[0]}${id}`).toSorted();
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

  describe('records with the same address', () => {
    test('are one person in any letter case: one lead with the activities of both', async () => {
      await read('hubspot', '1', { email: 'Pat@Acme.example ' });
      await views('hubspot', '1', 2);
      await read('salesforce', '1', { email: PAT });
      await views('salesforce', '1', 1);
      await match();
      expect(await persons()).toEqual(['h1 s1 (3)']);
      expect(await leadOf('hubspot', '1')).toBe(1);
      expect(await store.db.selectFrom('leads').select('id').execute()).toEqual([{ id: 1 }]);
    });

    test('separate when one address changes, each with its own activities, and join again when it is restored', async () => {
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
      const [first, second] = [await leadOf('hubspot', '1'), await leadOf('salesforce', '1')];
      expect(await dueLeads()).toEqual([first, second]);
      await score('cold');
      expect([await statusesOf(first), await statusesOf(second)]).toEqual([['hot', 'cold'], ['cold']]);
      await read('salesforce', '1', { email: PAT, now: at(20) });
      await match();
      expect(await persons()).toEqual(['h1 s1 (3)']);
      expect(await leadOf('salesforce', '1')).toBe(first);
      // The results of the merged lead belong to the person's history.
      expect(await statusesOf(first)).toEqual(['hot', 'cold', 'cold']);
    });

    test('of a shared inbox, or of too many records, stay separate, and join when few enough records are left', async () => {
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

    test('are matched again when the matching policy changes', async () => {
      await read('hubspot', '1', { email: PAT });
      await read('salesforce', '1', { email: PAT });
      expect(await enqueueAllForMatching(store.db, 'first', { ignoresTags: false })).toBe(0);
      await match();
      expect(await enqueueAllForMatching(store.db, 'first', { ignoresTags: false })).toBe(0);
      expect(await enqueueAllForMatching(store.db, 'second', { ignoresTags: false })).toBe(2);
      await match({ ...POLICY, by: [] });
      expect(await persons()).toEqual(['h1 (0)', 's1 (0)']);
    });
  });

  describe('a record with several addresses', () => {
    const WORK = 'pat@work.example';

    test('is one person with a record that has any of them', async () => {
      await read('hubspot', '1', { email: PAT, emails: [PAT, WORK] });
      await views('hubspot', '1', 1);
      await read('salesforce', '1', { email: WORK });
      await views('salesforce', '1', 1);
      await match();
      expect(await persons()).toEqual(['h1 s1 (2)']);
    });

    test('matches when an address is added, and no longer when it is a former one', async () => {
      await read('hubspot', '1', { email: PAT });
      await read('salesforce', '1', { email: WORK });
      await match();
      await read('hubspot', '1', { email: PAT, emails: [PAT, 'Pat Lee <PAT@Work.example.>'], now: at(10) });
      await match();
      expect(await persons()).toEqual(['h1 s1 (0)']);
      await read('hubspot', '1', { email: PAT, emails: [PAT], now: at(20) });
      await match();
      expect(await persons()).toEqual(['h1 (0)', 's1 (0)']);
    });

    test('is told apart by its tag, unless people.yaml says that tags do not matter', async () => {
      await read('hubspot', '1', { email: PAT });
      await read('salesforce', '1', { email: 'pat+demo@acme.example' });
      await match();
      expect(await persons()).toEqual(['h1 (0)', 's1 (0)']);
      await enqueueAllForMatching(store.db, 'tags', { ignoresTags: true });
      await enqueueAllForMatching(store.db, 'tags again', { ignoresTags: true });
      await match({ ...POLICY, plus_tags: 'same' });
      expect(await persons()).toEqual(['h1 s1 (0)']);
    });
  });

  describe('records with the same address and different names', () => {
    test('are two persons, and become one when a name is corrected', async () => {
      await read('hubspot', '1', { email: PAT, name: ['Anna', 'Berg'] });
      await read('salesforce', '1', { email: PAT, name: ['Jörg', 'Kuhn'] });
      await match();
      expect(await persons()).toEqual(['h1 (0)', 's1 (0)']);
      await read('salesforce', '1', { email: PAT, name: ['A.', 'Berg'], now: at(10) });
      await match();
      expect(await persons()).toEqual(['h1 s1 (0)']);
    });

    test('keep a third record without a name apart, until one of them leaves the address', async () => {
      await read('hubspot', '1', { email: PAT, name: ['Anna', 'Berg'] });
      await read('hubspot', '2', { email: PAT });
      await read('salesforce', '1', { email: PAT, name: ['Jörg', 'Kuhn'] });
      await match();
      expect(await persons()).toHaveLength(3);
      await remove('salesforce', '1');
      await match();
      expect(await persons()).toEqual(['h1 h2 (0)']);
    });
  });

  describe('a link to a record of another CRM', () => {
    test('takes precedence over an address', async () => {
      await read('salesforce', '1', { email: 'kim@acme.example' });
      await read('salesforce', '2', { email: PAT });
      await read('hubspot', '1', { email: PAT, links: [linkTo('1')] });
      await match();
      expect(await persons()).toEqual(['h1 s1 (0)', 's2 (0)']);
    });

    test('counts when its target is read, and no longer when the target is deleted', async () => {
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

    test('that changes moves the record to the other person', async () => {
      await read('salesforce', '1');
      await read('salesforce', '2');
      await read('hubspot', '1', { links: [linkTo('1')] });
      await match();
      await read('hubspot', '1', { links: [linkTo('2')], now: at(10) });
      await match();
      expect(await persons()).toEqual(['h1 s2 (0)', 's1 (0)']);
    });

    test('to a converted Lead points to its Contact, in any order of reads', async () => {
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

  describe('the conversion of a Lead to a Contact', () => {
    const lead = { object: 'Lead', id: 'lead' };
    const contact = { object: 'Contact', id: 'contact' };

    test('moves results, status and activities to the Contact', async () => {
      await read('salesforce', 'lead', { object: 'Lead' });
      await views('salesforce', 'lead', 2, 'Lead');
      await match();
      await score('hot');
      const person = await leadOf('salesforce', 'lead');
      await merge('salesforce', lead, contact);
      // No lead is due before the Contact is read: the person would lose its score.
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

    test('leaves a Contact that has a score of its own the results of the Contact', async () => {
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

  test('a record in the match queue counts as pending work, and its lead is not scored', async () => {
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

  test('three concurrent matchings give the same persons as one', async () => {
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
