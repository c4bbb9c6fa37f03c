// What a site tells, from its door to the score: whose it is, when it counts, and when it does not.
import { once } from 'node:events';
import { createServer } from 'node:http';
import express from 'express';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { loadEventsMapping } from '../../../cli/product/load-events-mapping.ts';
import { assignSiteEvents, matchSiteEvents } from '../../../jobs/ingest/match-site-events.ts';
import { matchPeople } from '../../../jobs/score/match-people.ts';
import { createEventProjector } from '../../../src/mapping/events-mapping.ts';
import { saveFetchedRecords } from '../../../src/store/records/save-fetched.ts';
import { saveSnapshots } from '../../../src/store/records/save-snapshots.ts';
import { resolvePeople } from '../../../src/store/site-events/match-site-events.ts';
import { eraseSiteEvents } from '../../../src/store/site-events/retention.ts';
import { createBodyReader } from '../../../web/http/body-reader.ts';
import { createSiteEventsRouter, type SiteEventsParts } from '../../../web/site-events/router.ts';
import { at, freshStore, STORES, snapshot } from '../../store/fresh-store.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';

const KEY = 'website-key-0123456789';
const DAY = 86_400;
const project = createEventProjector(await loadEventsMapping());

type Send = (...messages: readonly object[]) => Promise<void>;

/** A door to the store; `send` is one batch. */
async function startTestServer(parts: Pick<SiteEventsParts, 'db' | 'clock'>): Promise<{ send: Send; close(): void }> {
  const keys = [{ source: 'website', key: KEY }];
  const app = express();
  const [metrics, log] = [{ request: () => {}, events: () => {} }, { warn: () => {} }];
  const routerParts = {
    ...parts,
    keys,
    project,
    crms: ['hubspot', 'salesforce'],
    ring: () => {},
    metrics,
    log,
    storeMs: 30_000,
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
  return { send, close: () => server.close() };
}

let number = 0;
/** A track of its own, unless `changes` name its message. */
const track = (changes: object) => ({ type: 'track', event: 'Trial Started', messageId: `m${number++}`, ...changes });
const identify = (changes: object) => ({ type: 'identify', ...changes });
const PAT = 'pat@acme.example';

describe.each(STORES)('events of a site ($name)', (setup) => {
  const store = freshStore(setup);
  let now = at();
  const clock = { now: () => now };
  let send: Send;
  let closeDoor = () => {};
  let rung: string[] = [];

  beforeAll(async () => {
    const server = await startTestServer({
      clock,
      get db() {
        return store.db;
      },
    });
    send = server.send;
    closeDoor = server.close;
  });
  afterAll(() => closeDoor());
  beforeEach(() => {
    now = at();
    rung = [];
  });

  const POLICY = { match: { by: ['email' as const], shared_inboxes: ['Info'], most_records: 3 }, prefer: [] };

  const context = (): Parameters<typeof matchSiteEvents>[0] => ({
    db: store.db,
    clock,
    people: { ...POLICY, prefer_by_field: {}, activities: {} },
    debounceMs: 0,
    signal: new AbortController().signal,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    enqueue: async (job) => void rung.push(job),
  });
  const match = () => matchSiteEvents(context());

  /** As before a scoring: whoever was read since the last one is known. */
  async function recognize(): Promise<void> {
    await matchPeople(context());
    await assignSiteEvents(context());
  }

  const pass = (seconds: number) => {
    now = new Date(now.getTime() + seconds * 1_000);
  };

  async function appears(id: string, email: string | null = null, crm = 'hubspot', object = 'contacts'): Promise<void> {
    const read = snapshot(id, { ref: { object, id }, fields: { 'contact.email': email } });
    await store.db.transaction().execute((tx) => saveSnapshots(tx, [read], { crm, now, askedAt: now }));
  }

  const leaves = (id: string, erased = false) =>
    saveFetchedRecords(store.db, [{ kind: 'gone', ref: { object: 'contacts', id }, erased }], {
      ...{ crm: 'hubspot', now, askedAt: now },
      ...(erased && { erases: true }),
    });

  /** Records with how many of their activities are in the ledger. */
  async function ledger(): Promise<Readonly<Record<string, number>>> {
    const { rows } = await sql<{ record: string; count: number }>`
      select crm || ':' || record_id as record, count(*)::int as count from leadgrade.activities
      where stream = 'events' group by 1 order by 1`.execute(store.db);
    return Object.fromEntries(rows.map(({ record, count }) => [record, count]));
  }

  const held = async () =>
    (await store.db.selectFrom('site_events').select('message_id').where('assigned_at', 'is', null).execute()).length;

  test('goes to whom it names: by CRM id, or address', async () => {
    await appears('1', PAT);
    await appears('2', 'kim@acme.example');
    await appears('003', null, 'salesforce', 'Contact');
    await send(
      track({ traits: { email: 'PAT@acme.example' } }),
      track({ context: { externalIds: [{ type: 'hubspot', id: 2 }] }, properties: { email: PAT } }),
      track({ userId: 'u', properties: { salesforce_id: '003' } }),
    );
    await match();
    expect(await ledger()).toEqual({ 'hubspot:1': 1, 'hubspot:2': 1, 'salesforce:003': 1 });
    expect(rung).toEqual(['score-leads']);
    const due = await store.db
      .selectFrom('leads')
      .select(['due_reason', 'priority'])
      .where('priority', '=', 0)
      .execute();
    expect(due).toHaveLength(3);
  });

  test('goes to whom `identify` named, before or after, and leaves a browser that others use alone', async () => {
    await appears('1', PAT);
    await send(track({ anonymousId: 'a1' }), track({ userId: 'u1' }));
    await match();
    expect(await ledger()).toEqual({});
    expect(rung).toEqual([]);
    await send(identify({ userId: 'u1', traits: { email: PAT } }));
    await send(identify({ userId: 'u1', anonymousId: 'a1' }));
    await send(
      track({ anonymousId: 'a1', userId: 'u2' }),
      track({ anonymousId: 'a1', traits: { email: 'kim@acme.example' } }),
    );
    await match();
    expect(await ledger()).toEqual({ 'hubspot:1': 2 });
    expect(await held()).toBe(2);
  });

  test('counts once, however often it comes, also after it was taken', async () => {
    await appears('1', PAT);
    const message = track({ userId: PAT, messageId: 'once' });
    await send(message, message);
    await match();
    await send(message);
    await match();
    expect(await ledger()).toEqual({ 'hubspot:1': 1 });
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

  test('of somebody who is not there yet counts when they appear, and is dropped when they do not', async () => {
    await send(
      track({ userId: PAT }),
      track({ userId: 'never@acme.example' }),
      track({ properties: { hubspot_id: '7' }, userId: 'u' }),
    );
    await match();
    pass(DAY);
    await match();
    await appears('1', PAT);
    await appears('7');
    await recognize();
    expect(await ledger()).toEqual({ 'hubspot:1': 1, 'hubspot:7': 1 });
    expect(await held()).toBe(1);
    pass(30 * DAY);
    await match();
    await appears('9', 'never@acme.example');
    await recognize();
    expect([await ledger(), await held()]).toEqual([{ 'hubspot:1': 1, 'hubspot:7': 1 }, 0]);
    pass(10 * DAY);
    await match();
    expect(await store.db.selectFrom('site_events').selectAll().execute()).toEqual([]);
  });

  test('of a user whose contact is not there yet counts when it is, or when one that is there gets the address', async () => {
    await send(track({ userId: 'u1' }), track({ anonymousId: 'a1' }), track({ userId: 'u2' }));
    await send(identify({ userId: 'u1', traits: { email: PAT } }), identify({ userId: 'u1', anonymousId: 'a1' }));
    await send(identify({ userId: 'u2', traits: { hubspot_id: '7' } }));
    await appears('1', 'kim@acme.example');
    await match();
    await recognize();
    pass(DAY / 2);
    await appears('7');
    await recognize();
    expect(await ledger()).toEqual({ 'hubspot:7': 1 });
    await appears('1', PAT);
    await recognize();
    expect(await ledger()).toEqual({ 'hubspot:1': 2, 'hubspot:7': 1 });
  });

  test('of people who are in no CRM is looked at more and more seldom, and keeps nobody waiting', async () => {
    await send(track({ userId: PAT }));
    const lookAt = async () =>
      String(
        (await store.db.selectFrom('site_events').select('next_match_at').executeTakeFirstOrThrow()).next_match_at,
      );
    const looks = new Set<string>();
    for (let hour = 0; hour < 72; hour++) {
      await match();
      looks.add(await lookAt());
      pass(3_600);
    }
    expect(looks.size).toBeLessThan(10);
    expect(rung).toEqual([]);
    // It is to be looked at again for days, when another one comes.
    pass(9 * DAY);
    await send(track({ userId: 'kim@acme.example', messageId: 'fresh' }));
    await appears('2', 'kim@acme.example');
    const matching = { limit: 1, now, sharedInboxes: [], mostRecords: 3 };
    const { found } = await store.db.transaction().execute((tx) => resolvePeople(tx, matching));
    expect(found).toMatchObject([{ messageId: 'fresh', id: '2' }]);
  });

  test('by the ten thousand are looked at in several runs, so that others come in between', async () => {
    await sql`
      insert into leadgrade.site_events (source, message_id, type, attributes, at, received_at, email_key, next_match_at)
      select 'website', n::text, 'trial', '{}', ${now}, ${now}, n || '@nobody.example', ${now}
      from generate_series(1, 6000) n`.execute(store.db);
    const waiting = async () =>
      (await store.db.selectFrom('site_events').select('message_id').where('next_match_at', '<=', now).execute())
        .length;
    await match();
    expect([await waiting(), rung]).toEqual([1_000, ['match-site-events']]);
    await match();
    expect([await waiting(), rung]).toEqual([0, ['match-site-events']]);
  });

  test('goes to the oldest of several leads, to nobody by an inbox of many, or an address that too many have', async () => {
    await appears('2', PAT);
    await appears('1', PAT);
    await appears('3', 'info@acme.example');
    for (const id of ['4', '5', '6', '7']) await appears(id, 'all@acme.example');
    await send(
      track({ userId: PAT }),
      track({ userId: 'info+demo@acme.example' }),
      track({ userId: 'all@acme.example' }),
    );
    await match();
    expect(await ledger()).toEqual({ 'hubspot:2': 1 });
  });

  test('follows a record that was merged, before or after, and waits for one that was deleted', async () => {
    for (const id of ['1', '2', '3']) await appears(id);
    const of = (id: string) => track({ userId: `u${id}`, properties: { hubspot_id: id } });
    await send(of('1'), of('3'));
    await match();
    pass(1);
    const into = { object: 'contacts', id: '2' };
    await saveFetchedRecords(store.db, [{ kind: 'merged', ref: { object: 'contacts', id: '1' }, into }], {
      crm: 'hubspot',
      now,
      askedAt: now,
    });
    await leaves('3');
    await send(of('1'), of('3'));
    await match();
    expect(await ledger()).toEqual({ 'hubspot:2': 2, 'hubspot:3': 1 });
    expect(await held()).toBe(1);
  });

  test('of an erased person is ignored: what was held, what is late, and who they were', async () => {
    await appears('1', PAT);
    await send(track({ userId: 'u1' }), identify({ userId: 'u1', anonymousId: 'a1' }));
    await match();
    await leaves('1');
    await send(track({ properties: { hubspot_id: '1' }, userId: 'u' }), track({ anonymousId: 'a1' }));
    await send(identify({ userId: 'u1', traits: { email: PAT } }));
    pass(10);
    await leaves('1', true);
    await store.db.transaction().execute((tx) => {
      return eraseSiteEvents(tx, { emails: [PAT], refs: [{ crm: 'hubspot', id: '1' }] });
    });
    pass(10);
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
    // Who comes back as somebody new counts from then on; what they did before does not.
    pass(10);
    await appears('2', PAT);
    await send(track({ userId: PAT }), track({ userId: PAT, timestamp: at(-60).toISOString() }));
    await match();
    expect(await ledger()).toEqual({ 'hubspot:2': 1 });
  });

  test('erasing says how much of what', async () => {
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
    expect(await held()).toBe(1);
  });

  test('ends the same in whatever order, batches and repetitions it comes, and whenever it is looked at', async () => {
    const messages = [
      identify({ userId: 'u1', traits: { email: PAT } }),
      identify({ userId: 'u1', anonymousId: 'a1' }),
      identify({ anonymousId: 'a2', traits: { hubspot_id: '2' } }),
      track({ userId: 'u1', messageId: 'x1' }),
      track({ anonymousId: 'a1', messageId: 'x2' }),
      track({ userId: 'u1', anonymousId: 'a1', messageId: 'x3' }),
      track({ anonymousId: 'a2', messageId: 'x4' }),
      track({ userId: 'nobody', messageId: 'x5' }),
      track({ userId: 'kim@acme.example', messageId: 'x6' }),
    ];
    const steps: readonly (() => Promise<void>)[] = [
      ...messages.map((message) => () => send(message)),
      () => send(...messages.slice(0, 5)),
      () => appears('1', PAT),
      () => appears('2', 'kim@acme.example'),
      match,
      match,
      recognize,
    ];
    const order = fc.shuffledSubarray([...steps, ...steps.slice(3, 6)], { minLength: steps.length + 3 });
    await fc.assert(
      fc.asyncProperty(order, async (chosen) => {
        now = at();
        await sql`truncate leadgrade.site_events, leadgrade.site_identities, leadgrade.activities, leadgrade.records,
          leadgrade.match_queue, leadgrade.field_values`.execute(store.db);
        for (const step of chosen) {
          await step();
          pass(1);
        }
        await match();
        await recognize();
        expect(await ledger()).toEqual({ 'hubspot:1': 3, 'hubspot:2': 2 });
        expect(await held()).toBe(1);
      }),
      { numRuns: 8 },
    );
  });
});

describe('in the score', () => {
  let product: TestProduct | undefined;
  let closeDoor = () => {};
  afterEach(async () => {
    closeDoor();
    await product?.close();
  });

  async function open(options: Parameters<typeof openTestProduct>[0]): Promise<{ product: TestProduct; send: Send }> {
    product = await openTestProduct(options);
    const server = await startTestServer({ db: product.context.db, clock: product.clock });
    closeDoor = server.close;
    return { product, send: server.send };
  }

  async function settle(opened: TestProduct): Promise<void> {
    // Whoever was scored a moment ago rests.
    opened.advanceClock(10_000);
    await matchSiteEvents(opened.context);
    await opened.runUntilIdle();
  }

  test('a trial that was started on the site is in the score of the contact, also when the ring for it was lost', async () => {
    const { product: opened, send } = await open({ dataset: leads(2) });
    await opened.backfill();
    await send(track({ userId: 'p0@acme.example', properties: { product: 'Team' } }));
    // Whoever was scored a moment ago rests.
    opened.advanceClock(10_000);
    await opened.poll();
    const seen = await opened.contact(opened.idOf('p0'));
    expect(seen.properties.leadgrade_behavior_score).toBe('35');
    expect(seen.properties.leadgrade_explanation).toContain('+35 Started a trial');
    expect((await opened.contact(opened.idOf('p1'))).properties.leadgrade_behavior_score).toBe('0');
  });

  test('a contact that is created after its trial has it in its first score, which is written once', async () => {
    const { product: opened, send } = await open({ dataset: leads(1) });
    await opened.backfill();
    await send(track({ userId: 'new@acme.example' }));
    await settle(opened);
    const properties = { email: 'new@acme.example', jobtitle: 'VP Sales' };
    const { id } = z.object({ id: z.string() }).parse(await opened.control('POST', 'contacts', { properties }));
    await opened.sync();
    expect((await opened.contact(id)).properties.leadgrade_behavior_score).toBe('35');
    expect((await opened.writes()).filter(({ ids = [] }) => ids.includes(id))).toHaveLength(1);
  });

  test('a free portal sees the page views of the site', async () => {
    const { product: opened, send } = await open({ dataset: leads(2), sandbox: { tier: 'free' } });
    await opened.backfill();
    const page = { type: 'page', properties: { url: 'https://acme.example/pricing' } };
    await send({ ...page, userId: 'p0@acme.example', messageId: 'p' });
    await settle(opened);
    expect((await opened.contact(opened.idOf('p0'))).properties.leadgrade_explanation).toContain('Viewed pricing');
    const types = await opened.context.db.selectFrom('site_event_types').select('type').execute();
    expect(types).toEqual([{ type: 'page_view' }]);
  });
});
