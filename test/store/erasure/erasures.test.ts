// Who is erased is erased wherever they are named, also where no record says so: by addresses of before, and while somebody stores more.
import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Transaction } from 'kysely';
import { describe, expect, test } from 'vitest';
import { PRIORITY } from '../../../src/domain/priority.ts';
import { listErasures } from '../../../src/store/erasure/erase-records.ts';
import { insertInboxEvents } from '../../../src/store/inbox/inbox.ts';
import { insertQuarantine } from '../../../src/store/inbox/quarantine.ts';
import { lockLeads } from '../../../src/store/leads/mark-due.ts';
import { saveFetchedRecords } from '../../../src/store/records/save-fetched.ts';
import { saveSnapshots } from '../../../src/store/records/save-snapshots.ts';
import { resolvePeople } from '../../../src/store/site-events/match-site-events.ts';
import { type NewSiteEvent, saveSiteEvents } from '../../../src/store/site-events/save-site-events.ts';
import type { Tables } from '../../../src/store/tables/tables.ts';
import { at, CRM, freshStore, ref, STORES, snapshot } from '../fresh-store.ts';

const PAT = 'pat@acme.example';

let number = 0;
function event(email: string, now = at()): NewSiteEvent {
  number += 1;
  return {
    ...{ messageId: `m${number}`, type: 'trial', attributes: {}, at: now.getTime(), email, record: null },
    ...{ userKey: null, anonymousKey: null },
  };
}
const identity = (key: string, email: string) => ({ key, email, record: null, sameAs: null, at: at().getTime() });

function onStore(store: ReturnType<typeof freshStore>) {
  const inOne = <T>(work: (tx: Transaction<Tables>) => Promise<T>) => store.db.transaction().execute(work);
  const rowsOf = async (table: 'site_events' | 'site_identities' | 'quarantine', column: string) => {
    const { rows } = await sql<{ value: string | null }>`
      select ${sql.ref(column)} as value from ${sql.table(`leadgrade.${table}`)} order by 1`.execute(store.db);
    return rows.flatMap(({ value }) => (value === null ? [] : [value]));
  };
  return {
    inOne,
    read: (id: string, email: string, now = at()) =>
      inOne((tx) =>
        saveSnapshots(tx, [snapshot(id, { fields: { 'contact.email': email } })], { crm: CRM, now, askedAt: now }),
      ),
    sent: (events: readonly NewSiteEvent[], identities: readonly ReturnType<typeof identity>[] = [], now = at()) =>
      saveSiteEvents(store.db, { source: 'website', events, identities }, now),
    unparsed: (text: string, crm = CRM) => insertQuarantine(store.db, crm, [{ text, reason: 'new' }], at()),
    erased: (ids: readonly string[], now = at(60)) =>
      saveFetchedRecords(
        store.db,
        ids.map((id) => ({ kind: 'gone', ref: ref(id), erased: true })),
        { crm: CRM, now, askedAt: now, erases: true },
      ),
    report: async (id: string) => (await listErasures(store.db, { crm: CRM, id })).map(({ erased }) => erased),
    rowsOf,
  };
}

describe.each(STORES)('an erasure ($name)', (setup) => {
  const store = freshStore(setup);
  const { read, sent, unparsed, erased, report, rowsOf } = onStore(store);

  test('takes its record out of what waits in the inbox, and nobody else', async () => {
    await read('a', PAT);
    const named = (id: string, kind: 'record' | 'item' = 'record') => ({
      ...{ key: `${kind} ${id}`, account: '1', kind, object: 'contacts', id },
      ...{ priority: PRIORITY.change, occurredAt: null },
    });
    await insertInboxEvents(store.db, CRM, [named('a'), named('b')], at());
    await insertInboxEvents(store.db, CRM, [named('a', 'item')], at());
    await erased(['a']);
    expect(await store.db.selectFrom('inbox').select('ids').execute()).toEqual([{ ids: ['b'] }]);
    expect(await report('a')).toMatchObject([{ inbox: 2 }]);
  });

  test('reaches by the addresses of before, too, unless they are somebody else’s by now', async () => {
    await read('a', 'Maiden@acme.example', at(-30));
    await read('a', 'swapped@acme.example', at(-20));
    await read('a', PAT, at(-10));
    await read('b', 'swapped@acme.example');
    await sent(
      [event('maiden@acme.example'), event('swapped@acme.example'), event(PAT)],
      [identity('u1', 'maiden@acme.example'), identity('u2', 'swapped@acme.example'), identity('u3', PAT)],
    );
    await unparsed('{"mail":"MAIDEN@acme.example"}');
    await unparsed('{"mail":"swapped@acme.example"}');
    await erased(['a']);
    expect(await rowsOf('site_events', 'email_key')).toEqual(['swapped@acme.example']);
    expect(await rowsOf('site_identities', 'key')).toEqual(['u2']);
    expect(await rowsOf('quarantine', 'body')).toEqual(['{"mail":"swapped@acme.example"}']);
    expect(await report('a')).toMatchObject([{ fields: 1, site_events: 2, site_identities: 2, quarantine: 1 }]);
    const late = [event('maiden@acme.example'), event(PAT), event('maiden@acme.example', at(90))];
    expect(await sent(late, [identity('u4', 'maiden@acme.example')], at(90))).toEqual({ events: 0, identities: 0 });
    expect(await sent([event('swapped@acme.example', at(90))], [], at(90))).toMatchObject({ events: 1 });
  });

  test('of several takes out of the quarantine what names one of them, and tells of whom', async () => {
    await read('101', PAT);
    await read('102', 'kim+x@acme.example');
    await unparsed('{"objectId":101}');
    await unparsed('{"objectId":1010}');
    await unparsed('{"id":"101"}', 'salesforce');
    await unparsed('<mail>KIM+X@acme.example</mail>', 'salesforce');
    await unparsed('{"objectId":102,"n":1}');
    await unparsed('{"objectId":102,"n":2}');
    await erased(['101', '102']);
    expect(await rowsOf('quarantine', 'body')).toEqual(['{"id":"101"}', '{"objectId":1010}']);
    expect([...(await report('101')), ...(await report('102'))]).toMatchObject([{ quarantine: 1 }, { quarantine: 3 }]);
  });

  test('of somebody without an address takes what names them by id', async () => {
    await sql`insert into leadgrade.leads (created_at) values (${at()})`.execute(store.db);
    await sql`
      insert into leadgrade.records (crm, object, id, lead_id, state, fields, held) values (${CRM}, 'contacts', '7', 1, 'live', '{}', '{}')`.execute(
      store.db,
    );
    await unparsed('{"objectId":7}');
    await unparsed('{"objectId":8}');
    await erased(['7']);
    expect(await rowsOf('quarantine', 'body')).toEqual(['{"objectId":8}']);
  });
});

describe.each(STORES)('the quarantine ($name)', (setup) => {
  const store = freshStore(setup);
  const { unparsed, rowsOf } = onStore(store);

  test('has room for ten thousand parts of a CRM', async () => {
    await sql`
      insert into leadgrade.quarantine (crm, body_hash, body, reason, received_at)
      select ${CRM}, n::text, 'flood', 'new', ${at()} from generate_series(1, 9999) n`.execute(store.db);
    await unparsed('last');
    await unparsed('too many');
    await unparsed('of another CRM', 'salesforce');
    const bodies = (await rowsOf('quarantine', 'body')).filter((body) => body !== 'flood');
    expect(bodies).toEqual(['last', 'of another CRM']);
  });
});

// On the embedded database transactions follow each other.
describe.each(STORES.filter(({ name }) => name !== 'embedded'))('while an erasure is under way ($name)', (setup) => {
  const store = freshStore(setup);
  const { inOne, read, sent, erased, rowsOf } = onStore(store);

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

  test('what is stored of the person by somebody who began before is erased, too', async () => {
    await read('a', PAT);
    const erasing = await inOne(async (tx) => {
      await saveSiteEvents(tx, { source: 'website', events: [event(PAT)], identities: [identity('u1', PAT)] }, at(59));
      await insertQuarantine(tx, CRM, [{ text: PAT, reason: 'new' }], at(59));
      const work = erased(['a']);
      await until(isErased);
      return { work };
    });
    await erasing.work;
    expect(await rowsOf('site_events', 'email_key')).toEqual([]);
    expect(await rowsOf('site_identities', 'key')).toEqual([]);
    expect(await rowsOf('quarantine', 'body')).toEqual([]);
  });

  test('who gives an event to that person does not wait for it, while it waits for them', async () => {
    await read('a', PAT);
    await sent([event(PAT)]);
    const erasing = await inOne(async (tx) => {
      const matching = { limit: 10, now: at(1), sharedInboxes: [], mostRecords: 3 };
      const { found } = await resolvePeople(tx, matching);
      expect(found).toHaveLength(1);
      const work = erased(['a']);
      await until(isWaiting);
      await lockLeads(
        tx,
        found.map(({ leadId }) => leadId),
      );
      return { work };
    });
    await erasing.work;
    expect(await rowsOf('site_events', 'email_key')).toEqual([]);
  });
});
