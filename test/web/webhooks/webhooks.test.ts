// Webhooks of HubSpot are stored before they are acknowledged.
import { createServer } from 'node:net';
import { sql } from 'kysely';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import type { WebhookReceiver } from '../../../src/crm/webhook-receiver.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { drainRecordEvents } from '../../../src/store/records/mark-dirty-from-inbox.ts';
import { claimAccount } from '../../../src/store/sync/crm-accounts.ts';
import { freshStore } from '../../store/fresh-store.ts';
import { BACKEND, describeOnPostgres, POSTGRES } from '../../support/backends.ts';
import { changed, signed } from '../../support/hubspot-webhooks.ts';
import { startTestServer, type TestServer } from '../test-server.ts';
import { HUBSPOT, post, send } from './hubspot-sender.ts';

describe(`webhooks (${BACKEND.name})`, () => {
  const setup = BACKEND;
  const store = freshStore(setup);
  let server: TestServer;
  beforeEach(async () => {
    server = await startTestServer({ db: store.db, receivers: HUBSPOT });
  });

  const inbox = () => store.db.selectFrom('inbox').selectAll().orderBy('seq').execute();
  const inboxIds = async () => (await inbox()).flatMap(({ ids }) => ids);
  const quarantine = async () =>
    (await store.db.selectFrom('quarantine').selectAll().execute()).map(({ body }) => body);

  test('a change of a contact is stored before it is acknowledged, without its value', async () => {
    expect((await send(server, [changed(101, { propertyValue: 'A Secret Title' })])).status).toBe(200);
    expect(await inbox()).toMatchObject([
      { crm: 'hubspot', kind: 'record', object_or_stream: 'contacts', ids: ['101'], account: '145' },
    ]);
    expect(JSON.stringify(await inbox())).not.toContain('Secret');
    expect(server.triggerCount()).toBe(1);
  });

  test('fifty concurrent deliveries of one event, with different attempt numbers, are stored once', async () => {
    const event = changed(102);
    const attempts = Array.from({ length: 50 }, (_, attemptNumber) => send(server, [{ ...event, attemptNumber }]));
    expect(new Set((await Promise.all(attempts)).map(({ status }) => status))).toEqual(new Set([200]));
    expect(await inbox()).toHaveLength(1);
    expect(await server.events('hubspot', 'stored')).toBe(1);
    expect(await server.events('hubspot', 'repeated')).toBe(49);
  });

  test('the same event ID for another contact is another event', async () => {
    const event = changed(103);
    await send(server, [event, { ...event, objectId: 104 }]);
    expect((await inboxIds()).toSorted()).toEqual(['103', '104']);
  });

  test('a signed part that cannot be parsed is quarantined unchanged and acknowledged; the other events are stored', async () => {
    for (const body of ['{"not": "an array"}', '[{]', '"text"']) {
      expect((await post(server, body, signed(body))).status).toBe(200);
    }
    expect(await inbox()).toEqual([]);
    expect((await quarantine()).toSorted()).toEqual(['"text"', '[{]', '{"not": "an array"}']);
    const unknownEvent = { subscriptionType: 'contact.unheardOf', portalId: 145, objectId: 1, occurredAt: 1 };
    await send(server, [changed(110), unknownEvent, 7]);
    expect(await inboxIds()).toEqual(['110']);
    expect(await quarantine()).toHaveLength(5);
    expect(await server.events('hubspot', 'unparsed')).toBe(5);
  });

  test('two hundred events in one request are all stored', async () => {
    await send(
      server,
      Array.from({ length: 200 }, (_, at) => changed(1_000 + at)),
    );
    expect(await inboxIds()).toHaveLength(200);
  });

  test('events of another portal are acknowledged and counted, and not stored', async () => {
    await claimAccount(store.db, { crm: 'hubspot', account: '145' }, new Date());
    expect((await send(server, [changed(112, { portalId: 999 }), changed(113)])).status).toBe(200);
    expect(await inboxIds()).toEqual(['113']);
    expect(await server.events('hubspot', 'other_account')).toBe(1);
  });

  test('unparsed parts of another account are not stored; those of an unreadable account are quarantined', async () => {
    const unparsed = [
      { text: 'theirs', reason: 'unknown event', account: '999' },
      { text: 'ours', reason: 'unknown event', account: '145' },
      { text: 'unknown', reason: 'unknown event' },
    ];
    const receivers = receiving(() => ({ kind: 'accepted', events: [], unparsed, ignored: {} }));
    server = await startTestServer({ db: store.db, receivers });
    await post(server, 'before the account is known', {});
    expect(await quarantine()).toHaveLength(3);
    await sql`truncate leadgrade.quarantine`.execute(store.db);
    await claimAccount(store.db, { crm: 'hubspot', account: '145' }, new Date());
    await post(server, 'after', {});
    expect((await quarantine()).toSorted()).toEqual(['ours', 'unknown']);
    expect(await server.events('hubspot', 'other_account')).toBe(1);
    expect(await server.events('hubspot', 'unparsed')).toBe(5);
  });

  test('of ten senders with five requests of a hundred events each, all events are stored, and each contact is marked dirty once', async () => {
    const sender = async (first: number) => {
      const statuses: number[] = [];
      for (let nth = 0; nth < 5; nth += 1) {
        const ids = Array.from({ length: 100 }, (_, at) => 1_000 + ((first * 31 + nth * 100 + at) % 300));
        statuses.push(
          (
            await send(
              server,
              ids.map((id) => changed(id)),
            )
          ).status,
        );
      }
      return statuses;
    };
    const statuses = await Promise.all(Array.from({ length: 10 }, (_, first) => sender(first)));
    expect(statuses.flat()).toEqual(Array.from({ length: 50 }, () => 200));
    expect(await server.events('hubspot', 'stored')).toBe(5_000);
    const marks = { crm: 'hubspot', own: '145', limit: 10_000, now: new Date(), debounceMs: 0 };
    expect(await drainRecordEvents(store.db, marks)).toMatchObject({ marked: 300, foreign: 0 });
    expect(await inbox()).toEqual([]);
  });

  test('a request that the database refuses does not fail the requests in the same statement', async () => {
    await sql`alter table leadgrade.inbox add constraint test_refuses check ('666' <> all(ids))`.execute(store.db);
    onTestFinished(async () => {
      await sql`alter table leadgrade.inbox drop constraint test_refuses`.execute(store.db);
    });
    const ids = Array.from({ length: 15 }, (_, at) => 660 + at);
    const responses = await Promise.all(ids.map((id) => send(server, [changed(id)])));
    expect(responses.map(({ status }) => status)).toEqual(ids.map((id) => (id === 666 ? 503 : 200)));
    expect(await inboxIds()).toHaveLength(14);
    expect(await server.requests('hubspot', 'not_stored')).toBe(1);
    expect(server.warnings).toEqual([
      'hubspot: could not store a webhook; the CRM sends it again {"crm":"hubspot","error":"error","code":"23514"}',
    ]);
  });
});

describeOnPostgres('webhooks and a store that hangs (postgres)', () => {
  const setup = POSTGRES;
  const store = freshStore(setup);

  test('a webhook that cannot be stored in time gets 503, and is one row after HubSpot has sent it again', async () => {
    const server = await startTestServer({ db: store.db, receivers: HUBSPOT, storeTimeoutMs: 500 });
    const events = [changed(117)];
    await store.db.transaction().execute(async (tx) => {
      await sql`lock table leadgrade.inbox`.execute(tx);
      const responses = await Promise.all([
        send(server, events),
        send(server, [changed(118)]),
        send(server, [changed(119)]),
      ]);
      expect(responses.map(({ status }) => status)).toEqual([503, 503, 503]);
      expect(responses[0]?.headers.get('retry-after')).toBe('5');
      expect(await server.requests('hubspot', 'not_stored')).toBe(3);
    });
    await vi.waitFor(async () => expect((await send(server, events)).status).toBe(200), { timeout: 60_000 });
    const rows = await store.db.selectFrom('inbox').select('ids').execute();
    expect(rows.flatMap(({ ids }) => ids).filter((id) => id === '117')).toHaveLength(1);
  });
});

describe('webhooks without a database', () => {
  /** Accepts connections and never responds. */
  async function silentDatabase() {
    const sockets = new Set<{ destroy(): void }>();
    const silent = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = z.object({ port: z.number() }).parse(silent.address());
    const { db, close } = await openDatabase({ databaseUrl: `postgres://nouser@127.0.0.1:${port}/none`, dataDir: '.' });
    onTestFinished(async () => {
      for (const socket of sockets) socket.destroy();
      silent.close();
      await close();
    });
    return db;
  }

  test('get 503 in time, each time, so that HubSpot sends them again', async () => {
    const server = await startTestServer({ db: await silentDatabase(), receivers: HUBSPOT, storeTimeoutMs: 200 });
    const startedAt = performance.now();
    for (const id of [1, 2, 3]) expect((await send(server, [changed(id)])).status).toBe(503);
    // The connection time-out of the pool is ten seconds.
    expect(performance.now() - startedAt).toBeLessThan(9_000);
    expect(server.triggerCount()).toBe(0);
  });

  test('are logged once with the reason, and without their content', async () => {
    const server = await startTestServer({ db: await silentDatabase(), receivers: HUBSPOT, storeTimeoutMs: 100 });
    for (const id of [1, 2]) await send(server, [changed(id)]);
    expect(server.warnings).toEqual([
      'hubspot: could not store a webhook; the CRM sends it again {"crm":"hubspot","error":"TimeoutError"}',
    ]);
  });

  test('are counted in the metrics, which leave out the gauges of the database', async () => {
    const server = await startTestServer({ db: await silentDatabase(), receivers: HUBSPOT, storeTimeoutMs: 100 });
    await send(server, [changed(1)]);
    expect(await server.requests('hubspot', 'not_stored')).toBe(1);
    expect(await server.metrics()).not.toMatch(/^leadgrade_(inbox|quarantine)/m);
  });
});

/** A receiver for HubSpot with this result for every request. */
function receiving(parse: WebhookReceiver['parse']): ReadonlyMap<string, WebhookReceiver> {
  const nothing = { events: [], unparsed: [] };
  return new Map([
    ['hubspot', { needsPublicUrl: false, maxBytes: 1_000, preCheck: () => null, parse, reparse: () => nothing }],
  ]);
}
