// A record whose person cannot be found, and a message of the site that cannot become an activity, are set aside alone and tried
// again by themselves: every other record is matched and every other message assigned.
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { setAsideFindings } from '../../../cli/doctor/set-aside.ts';
import { assignSiteEvents } from '../../../jobs/ingest/match-site-events.ts';
import { matchPeople } from '../../../jobs/score/match-people.ts';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import { listSetAside } from '../../../src/store/set-aside/list-set-aside.ts';
import { saveSiteEvents } from '../../../src/store/site-events/save-site-events.ts';
import { setAsideChecks } from '../../../web/set-aside.ts';
import { at, CRM, freshStore, saveRead, snapshot } from '../../store/fresh-store.ts';
import { BACKEND } from '../../support/backends.ts';

const store = freshStore(BACKEND);
const MINUTE = 60;
let now = at();
let lines: { level: string; message: string }[] = [];
beforeEach(() => {
  now = at();
  lines = [];
});

const MATCH = { by: ['email' as const], shared_inboxes: [], plus_tags: 'different' as const, max_records: 3 };

function context(): Parameters<typeof assignSiteEvents>[0] {
  const log = (level: string) => (_details: object, message: string) => void lines.push({ level, message });
  return {
    db: store.db,
    clock: { now: () => now },
    people: { match: MATCH, prefer: [], prefer_by_field: {}, activities: {} },
    debounceMs: 0,
    signal: new AbortController().signal,
    log: { info: log('info'), warn: log('warn'), error: log('error') },
    enqueue: async () => {},
  };
}

/** Makes the database refuse rows of a table until the returned function is called, or the test ends. */
async function refuse(table: 'records' | 'activities' | 'site_events', what: string): Promise<() => Promise<void>> {
  const target = sql.raw(`leadgrade.${table}`);
  await sql`alter table ${target} add constraint poison check (not (${sql.raw(what)})) not valid`.execute(store.db);
  return endWithTest(async () => {
    await sql`alter table ${target} drop constraint if exists poison`.execute(store.db);
  });
}

const person = (id: string) => snapshot(id, { fields: { 'contact.email': `${id.slice(0, 1)}@acme.example` } });

/** The IDs of the records of each lead. */
async function people(): Promise<readonly string[]> {
  const { rows } = await sql<{ ids: string }>`
    select string_agg(id, ' ' order by id) as ids from leadgrade.records group by lead_id order by 1`.execute(store.db);
  return rows.map(({ ids }) => ids);
}

async function leadOf(id: string): Promise<number> {
  const row = await store.db.selectFrom('records').select('lead_id').where('id', '=', id).executeTakeFirstOrThrow();
  return row.lead_id;
}

const setAside = () => listSetAside(store.db, { crms: [CRM] });
const poll = async () => {
  await matchPeople(context());
  await assignSiteEvents(context());
};
const later = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1_000);
};

describe('a record that the database does not let move to its person', () => {
  test('is set aside, keeps its own lead, and joins its person when the database takes it', async () => {
    await saveRead(store, ['a1', 'a2', 'b1', 'b2', 'c1', 'c2', 'd1'].map(person));
    const isMoved = async (id: string) => `id = '${id}' and lead_id <> ${await leadOf(id)}`;
    const accept = await refuse('records', `${await isMoved('b1')} or ${await isMoved('b2')}`);
    await poll();
    expect(await people()).toEqual(['a1 a2', 'b1', 'b2', 'c1 c2', 'd1']);
    expect(await setAside()).toMatchObject(
      ['b1', 'b2'].map((id) => ({ stream: 'contacts', kind: 'match', id, code: 'VALUE_REFUSED', attempts: 1 })),
    );
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'warn',
        message: expect.stringContaining('the person of a record of contacts'),
      }),
    ]);
    expect(await store.db.selectFrom('match_queue').selectAll().execute()).toEqual([]);

    // A new record is matched although the others fail again.
    later(MINUTE);
    await saveRead(store, [person('d2')], { now });
    await poll();
    expect(await people()).toContain('d1 d2');
    expect((await setAside()).map(({ attempts }) => attempts)).toEqual([2, 2]);
    await accept();
    later(2 * MINUTE);
    await poll();
    expect(await people()).toEqual(['a1 a2', 'b1 b2', 'c1 c2', 'd1 d2']);
    expect(await setAside()).toEqual([]);
    expect(lines.at(-1)).toMatchObject({ level: 'info', message: expect.stringContaining('no longer set aside') });
  });
});

describe('a message of the site that the database does not let become an activity', () => {
  const message = (messageId: string) => {
    const person = { email: 'a@acme.example', record: null, userKey: null, anonymousKey: null };
    return { messageId, type: 'trial', attributes: {}, at: now.getTime(), ...person };
  };
  const send = (...ids: readonly string[]) =>
    saveSiteEvents(store.db, { source: 'website', events: ids.map(message), identities: [] }, now);
  const assigned = async () =>
    (await store.db.selectFrom('activities').select('id').orderBy('id').execute()).map(({ id }) => id);

  test('is set aside, the others count, doctor and readiness name it, and it counts when the database takes it', async () => {
    await saveRead(store, [person('a1')]);
    const accept = await refuse('activities', `id = 'event:website:m3'`);
    await send('m1', 'm2', 'm3', 'm4', 'm5');
    await poll();
    expect(await assigned()).toEqual(['m1', 'm2', 'm4', 'm5'].map((id) => `event:website:${id}`));
    expect(await setAside()).toMatchObject([
      { crm: 'site', kind: 'site-event', id: 'website/m3', code: 'VALUE_REFUSED' },
    ]);
    const [finding] = await setAsideFindings({ db: store.db, crms: new Map() });
    expect(finding).toMatchObject({ part: 'site', what: 'events', level: 'warning' });
    expect(finding?.detail).toContain('the person of a message: website/m3 (VALUE_REFUSED); all others are processed');
    expect(finding?.detail).toContain('next attempt at 2026-03-10T12:01:00.000Z');
    expect(await setAsideChecks(store.db, [])).toMatchObject([{ name: 'site events', degraded: true }]);

    await send('m6');
    await poll();
    expect(await assigned()).toContain('event:website:m6');
    later(MINUTE);
    await poll();
    expect(await setAside()).toMatchObject([{ attempts: 2 }]);
    await accept();
    later(2 * MINUTE);
    await poll();
    expect(await assigned()).toContain('event:website:m3');
    expect(await setAside()).toEqual([]);
  });

  test('is no longer set aside when it is purged', async () => {
    await saveRead(store, [person('a1')]);
    await refuse('activities', `id = 'event:website:m1'`);
    await send('m1');
    await poll();
    expect(await setAside()).toHaveLength(1);
    await store.db.deleteFrom('site_events').execute();
    await poll();
    expect(await setAside()).toEqual([]);
  });
});
