// Site events from the HTTP endpoint to the score: the person that they belong to, and when they
// count.

import { once } from 'node:events';
import { createServer } from 'node:http';
import express from 'express';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { loadEventsMapping } from '../../../cli/product/files/load-events-mapping.ts';
import { assignSiteEvents, matchSiteEvents } from '../../../jobs/ingest/match-site-events.ts';
import { matchPeople } from '../../../jobs/score/match-people.ts';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import { createEventProjector } from '../../../src/mapping/events-mapping.ts';
import { saveAndErase } from '../../../src/store/erasure/save-and-erase.ts';
import { saveFetchedRecords } from '../../../src/store/records/save-fetched.ts';
import { claimSiteEvents, resolvePeople } from '../../../src/store/site-events/match-site-events.ts';
import { eraseSiteEvents } from '../../../src/store/site-events/retention.ts';
import { createBodyReader } from '../../../web/http/body-reader.ts';
import { createSiteEventsRouter, type SiteEventsParts } from '../../../web/site-events/router.ts';
import { at, freshStore, saveRead, snapshot } from '../../store/fresh-store.ts';
import { BACKEND } from '../../support/backends.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';

const KEY = 'website-key-0123456789';
const DAY = 86_400;
const project = createEventProjector(await loadEventsMapping());

type Send = (...messages: readonly object[]) => Promise<void>;

/** An HTTP server on the store, closed with the test that starts it. `send` sends one batch. */
async function startTestServer(parts: Pick<SiteEventsParts, 'db' | 'clock'>) {
  const keys = [{ source: 'website', key: KEY }];
  const app = express();
  const [metrics, log] = [{ request: () => {}, events: () => {} }, { warn: () => {} }];
  const routerParts = {
    ...parts,
    keys,
    project,
    crms: ['hubspot', 'salesforce'],
    trigger: () => {},
    metrics,
    log,
    storeTimeoutMs: 30_000,
  };
  app.use(createSiteEventsRouter(routerParts, createBodyReader()));
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const send: Send = async (...batch) => {
    const body = JSON.stringify({ writeKey: KEY, batch });
    const { status } = await fetch(`http://127.0.0.1:${port}/events`, { method: 'POST', body });
    expect(status).toBe(200);
  };
  return { send, close: endWithTest(() => server.close()) };
}

let lastMessage = 0;
/** A track message with a new ID, unless `changes` contain one. */
const track = (changes: object) => ({
  type: 'track',
  event: 'Trial Started',
  messageId: `m${lastMessage++}`,
  ...changes,
});
const identify = (changes: object) => ({ type: 'identify', ...changes });
const PAT = 'pat@acme.example';

describe(`a site event (${BACKEND.name})`, () => {
  const setup = BACKEND;
  const store = freshStore(setup);
  let now = at();
  const clock = { now: () => now };
  let send: Send;
  let closeServer: () => Promise<void>;
  let enqueued: string[] = [];

  beforeAll(async () => {
    const server = await startTestServer({
      clock,
      get db() {
        return store.db;
      },
    });
    send = server.send;
    closeServer = server.close;
  });
  afterAll(() => closeServer());
  beforeEach(() => {
    now = at();
    enqueued = [];
    plusTags = 'different';
  });

  const MATCH = { by: ['email' as const], shared_inboxes: ['Info'], plus_tags: 'different' as const, max_records: 3 };
  const POLICY = { match: MATCH, prefer: [] };

  let plusTags: 'same' | 'different' = 'different';
  const context = (): Parameters<typeof matchSiteEvents>[0] => ({
    db: store.db,
    clock,
    people: { ...POLICY, match: { ...MATCH, plus_tags: plusTags }, prefer_by_field: {}, activities: {} },
    debounceMs: 0,
    signal: new AbortController().signal,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    enqueue: async (job) => void enqueued.push(job),
  });
  const match = () => matchSiteEvents(context());

  /** The steps before a scoring: match people, assign site events. */
  async function matchBeforeScoring(): Promise<void> {
    await matchPeople(context());
    await assignSiteEvents(context());
  }

  const advance = (seconds: number) => {
    now = new Date(now.getTime() + seconds * 1_000);
  };

  interface Further {
    readonly emails?: readonly string[];
    readonly name?: readonly [first: string | null, last: string | null];
  }

  async function readRecord(
    id: string,
    email: string | null = null,
    crm = 'hubspot',
    object = 'contacts',
    { emails, name: [first, last] = [null, null] }: Further = {},
  ): Promise<void> {
    const fields = { 'contact.email': email, 'contact.first_name': first, 'contact.last_name': last };
    const read = snapshot(id, { ref: { object, id }, fields, ...(emails !== undefined && { emails }) });
    await saveRead(store, [read], { crm, now });
  }

  const readDeleted = (id: string, erased = false) => {
    const save = erased ? saveAndErase : saveFetchedRecords;
    const gone = { kind: 'gone', ref: { object: 'contacts', id }, erased } as const;
    return save(store.db, [gone], { crm: 'hubspot', now, askedAt: now });
  };

  /** The number of assigned site events, by record. */
  async function assigned(): Promise<Readonly<Record<string, number>>> {
    const { rows } = await sql<{ record: string; count: number }>`
      select crm || ':' || record_id as record, count(*)::int as count from leadgrade.activities
      where stream = 'events' group by 1 order by 1`.execute(store.db);
    return Object.fromEntries(rows.map(({ record, count }) => [record, count]));
  }

  const countUnassigned = async () =>
    (await store.db.selectFrom('site_events').select('message_id').where('assigned_at', 'is', null).execute()).length;

  test('is assigned to the person that it names by CRM ID or e-mail address', async () => {
    await readRecord('1', PAT);
    await readRecord('2', 'kim@acme.example');
    await readRecord('003', null, 'salesforce', 'Contact');
    await send(
      track({ traits: { email: 'PAT@acme.example' } }),
      track({ context: { externalIds: [{ type: 'hubspot', id: 2 }] }, properties: { email: PAT } }),
      track({ userId: 'u', properties: { salesforce_id: '003' } }),
    );
    await match();
    expect(await assigned()).toEqual({ 'hubspot:1': 1, 'hubspot:2': 1, 'salesforce:003': 1 });
    expect(enqueued).toEqual(['score-leads']);
    const due = await store.db
      .selectFrom('leads')
      .select(['due_reason', 'priority'])
      .where('priority', '=', 0)
      .execute();
    expect(due).toHaveLength(3);
  });

  test('is assigned to the person that has its address as a further one, however it is written', async () => {
    await readRecord('1', PAT, 'hubspot', 'contacts', { emails: [PAT, 'pat@home.example'] });
    await send(track({ traits: { email: 'mailto:PAT@home.example' } }), track({ userId: 'Pat <pat@home.example.>' }));
    await matchBeforeScoring();
    expect(await assigned()).toEqual({ 'hubspot:1': 2 });
  });

  test('waits for an address, and is assigned when a record gets it as a further address', async () => {
    await readRecord('1', PAT);
    await send(
      track({ traits: { email: 'pat@home.example' } }),
      identify({ userId: 'u', traits: { email: 'pat@home.example' } }),
    );
    await send(track({ userId: 'u' }));
    await matchBeforeScoring();
    expect(await assigned()).toEqual({});
    advance(60);
    await readRecord('1', PAT, 'hubspot', 'contacts', { emails: [PAT, 'pat@home.example'] });
    await matchBeforeScoring();
    expect(await assigned()).toEqual({ 'hubspot:1': 2 });
  });

  test('with a former address of a record waits', async () => {
    await readRecord('1', PAT, 'hubspot', 'contacts', { emails: [PAT, 'pat@home.example'] });
    advance(60);
    await readRecord('1', PAT, 'hubspot', 'contacts', { emails: [PAT] });
    await send(track({ traits: { email: 'pat@home.example' } }));
    await matchBeforeScoring();
    expect(await assigned()).toEqual({});
  });

  test('with an address of two persons whose names differ is of neither', async () => {
    await readRecord('1', PAT, 'hubspot', 'contacts', { name: ['Anna', 'Berg'] });
    await readRecord('003', PAT, 'salesforce', 'Contact', { name: ['Jörg', 'Kuhn'] });
    await send(track({ traits: { email: PAT } }), track({ traits: { email: PAT, hubspot_id: '1' } }));
    await matchBeforeScoring();
    expect(await assigned()).toEqual({ 'hubspot:1': 1 });
    expect(await countUnassigned()).toBe(1);
    advance(DAY);
    await readRecord('003', PAT, 'salesforce', 'Contact', { name: ['A.', 'Berg'] });
    await matchBeforeScoring();
    expect(await assigned()).toEqual({ 'hubspot:1': 2 });
  });

  test('with a tag in its address is assigned only if people.yaml says that tags do not matter', async () => {
    await send(track({ traits: { email: 'pat+demo@acme.example' } }));
    await readRecord('1', PAT);
    await readRecord('2', 'kim+x@acme.example');
    await send(track({ traits: { email: 'kim@acme.example' } }));
    await matchBeforeScoring();
    expect(await assigned()).toEqual({});
    plusTags = 'same';
    advance(60);
    await matchBeforeScoring();
    expect(await assigned()).toEqual({ 'hubspot:1': 1, 'hubspot:2': 1 });
  });

  test('of a shared inbox has no person, with a number, a separator or a tag as well', async () => {
    const inboxes = ['info', 'INFO', 'info2', 'info+fair', 'in-fo'].map((local) => `${local}@acme.example`);
    for (const [index, email] of inboxes.entries()) await readRecord(String(index), email);
    await readRecord('9', 'i.nfo@acme.example');
    await send(...[...inboxes, 'i.nfo@acme.example'].map((email) => track({ traits: { email } })));
    await matchBeforeScoring();
    expect(await assigned()).toEqual({ 'hubspot:9': 1 });
  });

  test('is assigned to the person of an earlier or later `identify`, but not if it names another person', async () => {
    await readRecord('1', PAT);
    await send(track({ anonymousId: 'a1' }), track({ userId: 'u1' }));
    await match();
    expect(await assigned()).toEqual({});
    expect(enqueued).toEqual([]);
    await send(identify({ userId: 'u1', traits: { email: PAT } }));
    await send(identify({ userId: 'u1', anonymousId: 'a1' }));
    await send(
      track({ anonymousId: 'a1', userId: 'u2' }),
      track({ anonymousId: 'a1', traits: { email: 'kim@acme.example' } }),
    );
    await match();
    expect(await assigned()).toEqual({ 'hubspot:1': 2 });
    expect(await countUnassigned()).toBe(2);
  });

  test('that is repeated counts once, also after it was assigned', async () => {
    await readRecord('1', PAT);
    const message = track({ userId: PAT, messageId: 'once' });
    await send(message, message);
    await match();
    await send(message);
    await match();
    expect(await assigned()).toEqual({ 'hubspot:1': 1 });
    const rows = await store.db.selectFrom('site_events').selectAll().execute();
    expect(rows).toMatchObject([
      {
        message_id: 'once',
        attributes: {},
        email_key: null,
        record_id: null,
        user_key: null,
        anonymous_key: null,
        next_match_at: null,
      },
    ]);
  });

  test('of an unknown person is assigned when the person appears within 30 days, and purged otherwise', async () => {
    await send(
      track({ userId: PAT }),
      track({ userId: 'never@acme.example' }),
      track({ properties: { hubspot_id: '7' }, userId: 'u' }),
    );
    await match();
    advance(DAY);
    await match();
    await readRecord('1', PAT);
    await readRecord('7');
    await matchBeforeScoring();
    expect(await assigned()).toEqual({ 'hubspot:1': 1, 'hubspot:7': 1 });
    expect(await countUnassigned()).toBe(1);
    advance(30 * DAY);
    await match();
    await readRecord('9', 'never@acme.example');
    await matchBeforeScoring();
    expect([await assigned(), await countUnassigned()]).toEqual([{ 'hubspot:1': 1, 'hubspot:7': 1 }, 0]);
    advance(10 * DAY);
    await match();
    expect(await store.db.selectFrom('site_events').selectAll().execute()).toEqual([]);
  });

  test('of an unknown user is assigned when a contact with that ID or address is read', async () => {
    await send(track({ userId: 'u1' }), track({ anonymousId: 'a1' }), track({ userId: 'u2' }));
    await send(identify({ userId: 'u1', traits: { email: PAT } }), identify({ userId: 'u1', anonymousId: 'a1' }));
    await send(identify({ userId: 'u2', traits: { hubspot_id: '7' } }));
    await readRecord('1', 'kim@acme.example');
    await match();
    await matchBeforeScoring();
    advance(DAY / 2);
    await readRecord('7');
    await matchBeforeScoring();
    expect(await assigned()).toEqual({ 'hubspot:7': 1 });
    await readRecord('1', PAT);
    await matchBeforeScoring();
    expect(await assigned()).toEqual({ 'hubspot:1': 2, 'hubspot:7': 1 });
  });

  test('of a person in no CRM is matched at growing intervals, and does not delay other events', async () => {
    await send(track({ userId: PAT }));
    const nextMatchAt = async () =>
      String(
        (await store.db.selectFrom('site_events').select('next_match_at').executeTakeFirstOrThrow()).next_match_at,
      );
    const instants = new Set<string>();
    for (let hour = 0; hour < 72; hour++) {
      await match();
      instants.add(await nextMatchAt());
      advance(3_600);
    }
    expect(instants.size).toBeLessThan(10);
    expect(enqueued).toEqual([]);
    // It has been due for days when another event arrives.
    advance(9 * DAY);
    await send(track({ userId: 'kim@acme.example', messageId: 'fresh' }));
    await readRecord('2', 'kim@acme.example');
    const matching = { now, sharedInboxes: [], maxRecords: 3, ignoresTags: false, isOnePerson: () => true };
    const found = await store.db
      .transaction()
      .execute(async (tx) => resolvePeople(tx, await claimSiteEvents(tx, { limit: 1, now }), matching));
    expect(found).toMatchObject([{ messageId: 'fresh', id: '2' }]);
  });

  test('that arrives with 6,000 others is matched in several jobs, so other jobs run in between', async () => {
    await sql`
      insert into leadgrade.site_events (source, message_id, type, attributes, at, received_at, email_key, next_match_at)
      select 'website', n::text, 'trial', '{}', ${now}, ${now}, n || '@unknown.example', ${now}
      from generate_series(1, 6000) n`.execute(store.db);
    const countDue = async () =>
      (await store.db.selectFrom('site_events').select('message_id').where('next_match_at', '<=', now).execute())
        .length;
    await match();
    expect([await countDue(), enqueued]).toEqual([1_000, ['match-site-events']]);
    await match();
    expect([await countDue(), enqueued]).toEqual([0, ['match-site-events']]);
  });

  test('is assigned to the oldest of several leads, and to none for a shared inbox or an address of too many records', async () => {
    await readRecord('2', PAT);
    await readRecord('1', PAT);
    await readRecord('3', 'info@acme.example');
    for (const id of ['4', '5', '6', '7']) await readRecord(id, 'all@acme.example');
    await send(
      track({ userId: PAT }),
      track({ userId: 'info+demo@acme.example' }),
      track({ userId: 'all@acme.example' }),
    );
    await match();
    expect(await assigned()).toEqual({ 'hubspot:2': 1 });
  });

  test('of a merged record belongs to the survivor, and of a deleted record stays unassigned', async () => {
    for (const id of ['1', '2', '3']) await readRecord(id);
    const trackOf = (id: string) => track({ userId: `u${id}`, properties: { hubspot_id: id } });
    await send(trackOf('1'), trackOf('3'));
    await match();
    advance(1);
    const into = { object: 'contacts', id: '2' };
    await saveFetchedRecords(store.db, [{ kind: 'merged', ref: { object: 'contacts', id: '1' }, into }], {
      crm: 'hubspot',
      now,
      askedAt: now,
    });
    await readDeleted('3');
    await send(trackOf('1'), trackOf('3'));
    await match();
    expect(await assigned()).toEqual({ 'hubspot:2': 2, 'hubspot:3': 1 });
    expect(await countUnassigned()).toBe(1);
  });

  test('of an erased person is deleted with the identities of the person, and a late one is ignored', async () => {
    await readRecord('1', PAT);
    await send(track({ userId: 'u1' }), identify({ userId: 'u1', anonymousId: 'a1' }));
    await match();
    await readDeleted('1');
    await send(track({ properties: { hubspot_id: '1' }, userId: 'u' }), track({ anonymousId: 'a1' }));
    await send(identify({ userId: 'u1', traits: { email: PAT } }));
    advance(10);
    await readDeleted('1', true);
    await store.db.transaction().execute((tx) => {
      return eraseSiteEvents(tx, { emails: [PAT], refs: [{ crm: 'hubspot', id: '1' }] });
    });
    advance(10);
    await send(
      track({ userId: PAT }),
      track({ userId: 'u', properties: { hubspot_id: '1' } }),
      identify({ userId: 'u1', traits: { email: PAT } }),
    );
    await match();
    const left = JSON.stringify([
      await store.db.selectFrom('site_events').selectAll().where('assigned_at', 'is', null).execute(),
      await store.db.selectFrom('site_identities').selectAll().execute(),
      await store.db.selectFrom('activities').selectAll().execute(),
    ]);
    expect(left).toBe('[[],[],[]]');
    // A new contact with the same address counts from its creation; earlier events do not.
    advance(10);
    await readRecord('2', PAT);
    await send(track({ userId: PAT }), track({ userId: PAT, timestamp: at(-60).toISOString() }));
    await match();
    expect(await assigned()).toEqual({ 'hubspot:2': 1 });
  });

  test('is counted by an erasure', async () => {
    await send(
      track({ userId: PAT }),
      track({ anonymousId: 'a1' }),
      identify({ userId: 'u1', traits: { email: PAT } }),
      identify({ userId: 'u1', anonymousId: 'a1' }),
      track({ userId: 'kim@acme.example' }),
    );
    const erase = () => store.db.transaction().execute((tx) => eraseSiteEvents(tx, { emails: [PAT], refs: [] }));
    expect(await erase()).toEqual({ site_events: 2, site_identities: 2 });
    expect(await erase()).toEqual({ site_events: 0, site_identities: 0 });
    expect(await countUnassigned()).toBe(1);
  });

  test('is assigned alike for any order, batches and repetitions of the messages', async () => {
    const messages = [
      identify({ userId: 'u1', traits: { email: PAT } }),
      identify({ userId: 'u1', anonymousId: 'a1' }),
      identify({ anonymousId: 'a2', traits: { hubspot_id: '2' } }),
      track({ userId: 'u1', messageId: 'x1' }),
      track({ anonymousId: 'a1', messageId: 'x2' }),
      track({ userId: 'u1', anonymousId: 'a1', messageId: 'x3' }),
      track({ anonymousId: 'a2', messageId: 'x4' }),
      track({ userId: 'unknown', messageId: 'x5' }),
      track({ userId: 'kim@acme.example', messageId: 'x6' }),
    ];
    const steps: readonly (() => Promise<void>)[] = [
      ...messages.map((message) => () => send(message)),
      () => send(...messages.slice(0, 5)),
      () => readRecord('1', PAT),
      () => readRecord('2', 'kim@acme.example'),
      match,
      match,
      matchBeforeScoring,
    ];
    const order = fc.shuffledSubarray([...steps, ...steps.slice(3, 6)], { minLength: steps.length + 3 });
    await fc.assert(
      fc.asyncProperty(order, async (chosen) => {
        now = at();
        await sql`truncate leadgrade.site_events, leadgrade.site_identities, leadgrade.activities, leadgrade.records,
          leadgrade.match_queue, leadgrade.field_values`.execute(store.db);
        for (const step of chosen) {
          await step();
          advance(1);
        }
        await match();
        await matchBeforeScoring();
        expect(await assigned()).toEqual({ 'hubspot:1': 3, 'hubspot:2': 2 });
        expect(await countUnassigned()).toBe(1);
      }),
      { numRuns: 8 },
    );
  });
});

describe('in the written score,', () => {
  async function open(options: Parameters<typeof openTestProduct>[0]): Promise<{ product: TestProduct; send: Send }> {
    const product = await openTestProduct(options);
    const { send } = await startTestServer({ db: product.context.db, clock: product.clock });
    return { product, send };
  }

  async function matchAndScore(opened: TestProduct): Promise<void> {
    // The end of the debounce window.
    opened.advanceClock(10_000);
    await matchSiteEvents(opened.context);
    await opened.runUntilIdle();
  }

  test('a trial that was started on the site counts after the next poll, also if its job was lost', async () => {
    const { product: opened, send } = await open({ dataset: leads(2) });
    await opened.backfill();
    await send(track({ userId: 'p0@acme.example', properties: { product: 'Team' } }));
    // The end of the debounce window.
    opened.advanceClock(10_000);
    await opened.poll();
    const seen = await opened.contact(opened.idOf('p0'));
    expect(seen.properties.leadgrade_behavior_score).toBe('35');
    expect(seen.properties.leadgrade_explanation).toContain('+35 Started a trial');
    expect((await opened.contact(opened.idOf('p1'))).properties.leadgrade_behavior_score).toBe('0');
  });

  test('a contact that is created after its trial has the trial in its first score, which is written once', async () => {
    const { product: opened, send } = await open({ dataset: leads(1) });
    await opened.backfill();
    await send(track({ userId: 'new@acme.example' }));
    await matchAndScore(opened);
    const properties = { email: 'new@acme.example', jobtitle: 'VP Sales' };
    const { id } = z.object({ id: z.string() }).parse(await opened.control('POST', 'contacts', { properties }));
    await opened.sync();
    expect((await opened.contact(id)).properties.leadgrade_behavior_score).toBe('35');
    expect((await opened.writes()).filter(({ ids = [] }) => ids.includes(id))).toHaveLength(1);
  });

  test('a Free portal has the page views of the site', async () => {
    const { product: opened, send } = await open({ dataset: leads(2), sandbox: { tier: 'free' } });
    await opened.backfill();
    const page = { type: 'page', properties: { url: 'https://acme.example/pricing' } };
    await send({ ...page, userId: 'p0@acme.example', messageId: 'p' });
    await matchAndScore(opened);
    expect((await opened.contact(opened.idOf('p0'))).properties.leadgrade_explanation).toContain('Viewed pricing');
    const types = await opened.context.db.selectFrom('site_event_types').select('type').execute();
    expect(types).toEqual([{ type: 'page_view' }]);
  });
});
