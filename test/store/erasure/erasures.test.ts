// An erasure covers all data of a person: also data without a record, by former addresses, and data
// that other transactions store at the same time.
import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Transaction } from 'kysely';
import { describe, expect, test } from 'vitest';
import { PRIORITY } from '../../../src/domain/priority.ts';
import { listErasures } from '../../../src/store/erasure/erasures.ts';
import { saveAndErase } from '../../../src/store/erasure/save-and-erase.ts';
import { enqueueAllForMatching } from '../../../src/store/identity/match-queue.ts';
import { insertInboxEvents } from '../../../src/store/inbox/inbox.ts';
import { insertQuarantine } from '../../../src/store/inbox/quarantine.ts';
import { withLockedLeadIds } from '../../../src/store/leads/lock-leads.ts';
import { claimSiteEvents, resolvePeople } from '../../../src/store/site-events/match-site-events.ts';
import { type NewSiteEvent, saveSiteEvents } from '../../../src/store/site-events/save-site-events.ts';
import type { Tables } from '../../../src/store/tables/tables.ts';
import { BACKEND, describeOnPostgres, POSTGRES } from '../../support/backends.ts';
import { at, CRM, freshStore, ref, type Store, saveRead, snapshot } from '../fresh-store.ts';

const PAT = 'pat@acme.example';

let number = 0;
function event(email: string, now = at()): NewSiteEvent {
  number += 1;
  return {
    ...{ messageId: `m${number}`, type: 'trial', attributes: {}, at: now.getTime(), email, record: null },
    ...{ userKey: null, anonymousKey: null },
  };
}
const identity = (key: string, email: string) => ({ key, email, record: null, aliasOf: null, at: at().getTime() });

function onStore(store: Store) {
  const inOne = <T>(work: (tx: Transaction<Tables>) => Promise<T>) => store.db.transaction().execute(work);
  const rowsOf = async (
    table: 'site_events' | 'site_identities' | 'quarantine' | 'record_addresses',
    column: string,
  ) => {
    const { rows } = await sql<{ value: string | null }>`
      select ${sql.ref(column)} as value from ${sql.table(`leadgrade.${table}`)} order by 1`.execute(store.db);
    return rows.flatMap(({ value }) => (value === null ? [] : [value]));
  };
  return {
    inOne,
    read: (id: string, email: string, now = at()) =>
      saveRead(store, [snapshot(id, { fields: { 'contact.email': email } })], { now }),
    send: (events: readonly NewSiteEvent[], identities: readonly ReturnType<typeof identity>[] = [], now = at()) =>
      saveSiteEvents(store.db, { source: 'website', events, identities }, now),
    quarantine: (text: string, crm = CRM) => insertQuarantine(store.db, crm, [{ text, reason: 'new' }], at()),
    erase: (ids: readonly string[], now = at(60)) =>
      saveAndErase(
        store.db,
        ids.map((id) => ({ kind: 'gone', ref: ref(id), erased: true })),
        { crm: CRM, now, askedAt: now },
      ),
    report: async (id: string) => (await listErasures(store.db, { crm: CRM, id })).map(({ erased }) => erased),
    rowsOf,
  };
}

describe(`an erasure (${BACKEND.name})`, () => {
  const setup = BACKEND;
  const store = freshStore(setup);
  const { read, send, quarantine, erase, report, rowsOf } = onStore(store);

  test('removes the record from pending inbox events, and leaves the other records', async () => {
    await read('a', PAT);
    const named = (id: string, kind: 'record' | 'item' = 'record') => ({
      ...{ key: `${kind} ${id}`, account: '1', kind, object: 'contacts', id },
      ...{ priority: PRIORITY.change, occurredAt: null },
    });
    await insertInboxEvents(store.db, CRM, [named('a'), named('b')], at());
    await insertInboxEvents(store.db, CRM, [named('a', 'item')], at());
    await erase(['a']);
    expect(await store.db.selectFrom('inbox').select('ids').execute()).toEqual([{ ids: ['b'] }]);
    expect(await report('a')).toMatchObject([{ inbox: 2 }]);
  });

  test('covers data with a former address, unless another record has that address now', async () => {
    await read('a', 'Maiden@acme.example', at(-30));
    await read('a', 'swapped@acme.example', at(-20));
    await read('a', PAT, at(-10));
    await read('b', 'swapped@acme.example');
    await send(
      [event('maiden@acme.example'), event('swapped@acme.example'), event(PAT)],
      [identity('u1', 'maiden@acme.example'), identity('u2', 'swapped@acme.example'), identity('u3', PAT)],
    );
    await quarantine('{"mail":"MAIDEN@acme.example"}');
    await quarantine('{"mail":"swapped@acme.example"}');
    await erase(['a']);
    expect(await rowsOf('site_events', 'email_key')).toEqual(['swapped@acme.example']);
    expect(await rowsOf('site_identities', 'key')).toEqual(['u2']);
    expect(await rowsOf('quarantine', 'body')).toEqual(['{"mail":"swapped@acme.example"}']);
    expect(await report('a')).toMatchObject([{ fields: 1, site_events: 2, site_identities: 2, quarantine: 1 }]);
    const late = [event('maiden@acme.example'), event(PAT), event('maiden@acme.example', at(90))];
    expect(await send(late, [identity('u4', 'maiden@acme.example')], at(90))).toEqual({ events: 0, identities: 0 });
    expect(await send([event('swapped@acme.example', at(90))], [], at(90))).toMatchObject({ events: 1 });
  });

  test('covers every further address of the record', async () => {
    const further = { emails: [PAT, 'pat@home.example'] };
    await saveRead(store, [snapshot('a', { fields: { 'contact.email': PAT }, ...further })]);
    await send([event('pat@home.example')], [identity('u1', 'pat@home.example')]);
    await erase(['a']);
    expect(await rowsOf('site_events', 'email_key')).toEqual([]);
    expect(await rowsOf('site_identities', 'key')).toEqual([]);
    expect(await rowsOf('record_addresses', 'address')).toEqual([]);
    expect(await send([event('pat@home.example', at(90))], [], at(90))).toEqual({ events: 0, identities: 0 });
  });

  test('covers the address without its tag if tags do not matter, and only then', async () => {
    await read('a', 'pat+demo@acme.example');
    await read('b', 'kim+demo@acme.example');
    await send([event(PAT), event('kim@acme.example')], []);
    await erase(['a']);
    expect(await rowsOf('site_events', 'email_key')).toEqual(['kim@acme.example', PAT]);
    await enqueueAllForMatching(store.db, 'tags', { ignoresTags: true });
    await erase(['b']);
    expect(await rowsOf('site_events', 'email_key')).toEqual([PAT]);
  });

  test('of two records deletes the quarantined parts that name one of them, and reports them by record', async () => {
    await read('101', PAT);
    await read('102', 'kim+x@acme.example');
    await quarantine('{"objectId":101}');
    await quarantine('{"objectId":1010}');
    await quarantine('{"id":"101"}', 'salesforce');
    await quarantine('<mail>KIM+X@acme.example</mail>', 'salesforce');
    await quarantine('{"objectId":102,"n":1}');
    await quarantine('{"objectId":102,"n":2}');
    await erase(['101', '102']);
    expect(await rowsOf('quarantine', 'body')).toEqual(['{"id":"101"}', '{"objectId":1010}']);
    expect([...(await report('101')), ...(await report('102'))]).toMatchObject([{ quarantine: 1 }, { quarantine: 3 }]);
  });

  test('of a record without an address deletes the quarantined parts that contain its id', async () => {
    await sql`insert into leadgrade.leads (created_at) values (${at()})`.execute(store.db);
    await sql`
      insert into leadgrade.records (crm, object, id, lead_id, state, fields, crm_values) values (${CRM}, 'contacts', '7', 1, 'live', '{}', '{}')`.execute(
      store.db,
    );
    await quarantine('{"objectId":7}');
    await quarantine('{"objectId":8}');
    await erase(['7']);
    expect(await rowsOf('quarantine', 'body')).toEqual(['{"objectId":8}']);
  });
});

describe(`the quarantine (${BACKEND.name})`, () => {
  const setup = BACKEND;
  const store = freshStore(setup);
  const { quarantine, rowsOf } = onStore(store);

  test('stores at most 10,000 parts for each CRM', async () => {
    await sql`
      insert into leadgrade.quarantine (crm, body_hash, body, reason, received_at)
      select ${CRM}, n::text, 'flood', 'new', ${at()} from generate_series(1, 9999) n`.execute(store.db);
    await quarantine('last');
    await quarantine('too many');
    await quarantine('of another CRM', 'salesforce');
    const bodies = (await rowsOf('quarantine', 'body')).filter((body) => body !== 'flood');
    expect(bodies).toEqual(['last', 'of another CRM']);
  });
});

// On the embedded database, transactions run one after another.
describeOnPostgres('during an erasure (postgres)', () => {
  const setup = POSTGRES;
  const store = freshStore(setup);
  const { inOne, read, send, erase, rowsOf } = onStore(store);

  const until = async (isSo: () => Promise<boolean>) => {
    while (!(await isSo())) await sleep(10);
  };
  const isErased = async () =>
    (await store.db.selectFrom('records').select('id').where('erased_at', 'is not', null).execute()).length > 0;
  const isWaiting = async () => {
    const { rows } = await sql<{ waits: boolean }>`
      select exists (
        select from pg_locks where not granted
          and pid in (select pid from pg_stat_activity where datname = current_database())
      ) as waits`.execute(store.db);
    return rows[0]?.waits === true;
  };

  test('data that a concurrent transaction stored before the erasure was visible is erased too', async () => {
    await read('a', PAT);
    const erasing = await inOne(async (tx) => {
      await saveSiteEvents(tx, { source: 'website', events: [event(PAT)], identities: [identity('u1', PAT)] }, at(59));
      await insertQuarantine(tx, CRM, [{ text: PAT, reason: 'new' }], at(59));
      const work = erase(['a']);
      await until(isErased);
      return { work };
    });
    await erasing.work;
    expect(await rowsOf('site_events', 'email_key')).toEqual([]);
    expect(await rowsOf('site_identities', 'key')).toEqual([]);
    expect(await rowsOf('quarantine', 'body')).toEqual([]);
  });

  test('a transaction that assigns an event to the person does not deadlock with the erasure', async () => {
    await read('a', PAT);
    await send([event(PAT)]);
    const erasing = await inOne(async (tx) => {
      const matching = {
        ...{ now: at(1), sharedInboxes: [], maxRecords: 3 },
        ...{ ignoresTags: false, isOnePerson: () => true },
      };
      const claimed = await claimSiteEvents(tx, { limit: 10, now: at(1) });
      const found = await resolvePeople(tx, claimed, matching);
      expect(found).toHaveLength(1);
      const work = erase(['a']);
      await until(isWaiting);
      const leads = found.map(({ leadId }) => leadId);
      await withLockedLeadIds(tx, leads, async () => undefined);
      return { work };
    });
    await erasing.work;
    expect(await rowsOf('site_events', 'email_key')).toEqual([]);
  });
});
