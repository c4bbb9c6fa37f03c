// What HubSpot sends is stored before it is acknowledged, on either store.
import { createServer } from 'node:net';
import { sql } from 'kysely';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import type { WebhookReceiver } from '../../../src/crm/webhook-receiver.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { drainRecordEvents } from '../../../src/store/records/mark-dirty-from-inbox.ts';
import { claimAccount } from '../../../src/store/sync/crm-accounts.ts';
import { freshStore, STORES } from '../../store/fresh-store.ts';
import { changed, signed } from '../../support/hubspot-webhooks.ts';
import { startTestServer, type TestServer } from '../test-server.ts';
import { HUBSPOT, post, send } from './hubspot-sender.ts';

describe.each(STORES)('webhooks ($name)', (setup) => {
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
      { crm: 'hubspot', kind: 'record', object: 'contacts', ids: ['101'], account: '145' },
    ]);
    expect(JSON.stringify(await inbox())).not.toContain('Secret');
    expect(server.triggerCount()).toBe(1);
  });

  test('the same event fifty times at once, with other attempt numbers, is one event', async () => {
    const event = changed(102);
    const attempts = Array.from({ length: 50 }, (_, attemptNumber) => send(server, [{ ...event, attemptNumber }]));
    expect(new Set((await Promise.all(attempts)).map(({ status }) => status))).toEqual(new Set([200]));
    expect(await inbox()).toHaveLength(1);
    expect(await server.events('hubspot', 'stored')).toBe(1);
    expect(await server.events('hubspot', 'repeated')).toBe(49);
  });

  test('the same event id of another contact is another event', async () => {
    const event = changed(103);
    await send(server, [event, { ...event, objectId: 104 }]);
    expect((await inboxIds()).toSorted()).toEqual(['103', '104']);
  });

  test('signed and not understood is kept as it is, and acknowledged; its neighbors are taken', async () => {
    for (const body of ['{"not": "an array"}', '[{]', '"text"']) {
      expect((await post(server, body, signed(body))).status).toBe(200);
    }
    expect(await inbox()).toEqual([]);
    expect((await quarantine()).toSorted()).toEqual(['"text"', '[{]', '{"not": "an array"}']);
    const unheard = { subscriptionType: 'contact.unheardOf', portalId: 145, objectId: 1, occurredAt: 1 };
    await send(server, [changed(110), unheard, 7]);
    expect(await inboxIds()).toEqual(['110']);
    expect(await quarantine()).toHaveLength(5);
    expect(await server.events('hubspot', 'unparsed')).toBe(5);
  });

  test('two hundred events in one request are all taken', async () => {
    await send(
      server,
      Array.from({ length: 200 }, (_, at) => changed(1_000 + at)),
    );
    expect(await inboxIds()).toHaveLength(200);
  });

  test('events of another portal are acknowledged, counted, and dropped', async () => {
    await claimAccount(store.db, { crm: 'hubspot', account: '145' }, new Date());
    expect((await send(server, [changed(112, { portalId: 999 }), changed(113)])).status).toBe(200);
    expect(await inboxIds()).toEqual(['113']);
    expect(await server.events('hubspot', 'other_account')).toBe(1);
  });

  test('what was not understood of another account is dropped, too; of an account that cannot be read it is kept', async () => {
    const unparsed = [
      { text: 'theirs', reason: 'unheard of', account: '999' },
      { text: 'ours', reason: 'unheard of', account: '145' },
      { text: "somebody's", reason: 'unheard of' },
    ];
    const receivers = receiving(() => ({ kind: 'accepted', events: [], unparsed, ignored: {} }));
    const strange = await startTestServer({ db: store.db, receivers });
    await post(strange, 'before anybody asked whose account it is', {});
    expect(await quarantine()).toHaveLength(3);
    await sql`truncate leadgrade.quarantine`.execute(store.db);
    await claimAccount(store.db, { crm: 'hubspot', account: '145' }, new Date());
    await post(strange, 'after', {});
    expect((await quarantine()).toSorted()).toEqual(['ours', "somebody's"]);
    expect(await strange.events('hubspot', 'other_account')).toBe(1);
    expect(await strange.events('hubspot', 'unparsed')).toBe(5);
  });

  test('ten senders with five requests of a hundred events each: all are stored, and mark each contact once', async () => {
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

  test('a request that cannot be kept costs none of those that come with it', async () => {
    await sql`alter table leadgrade.inbox add constraint test_refuses check ('666' <> all(ids))`.execute(store.db);
    onTestFinished(async () => {
      await sql`alter table leadgrade.inbox drop constraint test_refuses`.execute(store.db);
    });
    const ids = Array.from({ length: 15 }, (_, at) => 660 + at);
    const answers = await Promise.all(ids.map((id) => send(server, [changed(id)])));
    expect(answers.map(({ status }) => status)).toEqual(ids.map((id) => (id === 666 ? 503 : 200)));
    expect(await inboxIds()).toHaveLength(14);
    expect(await server.requests('hubspot', 'not_stored')).toBe(1);
    expect(server.warnings).toEqual([
      'hubspot: a webhook was not stored, and is to be sent again {"crm":"hubspot","error":"error","code":"23514"}',
    ]);
  });
});

describe.each(STORES.filter(({ name }) => name === 'postgres'))('webhooks and a store that hangs ($name)', (setup) => {
  const store = freshStore(setup);

  test('what could not be stored in time is said so, and is one row when it comes again', async () => {
    const server = await startTestServer({ db: store.db, receivers: HUBSPOT, storeTimeoutMs: 500 });
    const events = [changed(117)];
    await store.db.transaction().execute(async (tx) => {
      await sql`lock table leadgrade.inbox`.execute(tx);
      const answers = await Promise.all([
        send(server, events),
        send(server, [changed(118)]),
        send(server, [changed(119)]),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
      expect(answers[0]?.headers.get('retry-after')).toBe('5');
      expect(await server.requests('hubspot', 'not_stored')).toBe(3);
    });
    await vi.waitFor(async () => expect((await send(server, events)).status).toBe(200), { timeout: 60_000 });
    const rows = await store.db.selectFrom('inbox').select('ids').execute();
    expect(rows.flatMap(({ ids }) => ids).filter((id) => id === '117')).toHaveLength(1);
  });
});

describe('webhooks without a database', () => {
  /** Takes connections and never answers. */
  async function silentDatabase() {
    const sockets = new Set<{ destroy(): void }>();
    const silent = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = z.object({ port: z.number() }).parse(silent.address());
    const { db, close } = await openDatabase({ databaseUrl: `postgres://nobody@127.0.0.1:${port}/none`, dataDir: '.' });
    onTestFinished(async () => {
      for (const socket of sockets) socket.destroy();
      silent.close();
      await close();
    });
    return db;
  }

  test('it is said in time, each time, so that HubSpot sends it again', async () => {
    const server = await startTestServer({ db: await silentDatabase(), receivers: HUBSPOT, storeTimeoutMs: 200 });
    const began = performance.now();
    for (const id of [1, 2, 3]) expect((await send(server, [changed(id)])).status).toBe(503);
    // A connection is waited for ten seconds.
    expect(performance.now() - began).toBeLessThan(9_000);
    expect(server.triggerCount()).toBe(0);
  });

  test('the log tells why, once, and nothing of what was sent', async () => {
    const server = await startTestServer({ db: await silentDatabase(), receivers: HUBSPOT, storeTimeoutMs: 100 });
    for (const id of [1, 2]) await send(server, [changed(id)]);
    expect(server.warnings).toEqual([
      'hubspot: a webhook was not stored, and is to be sent again {"crm":"hubspot","error":"TimeoutError"}',
    ]);
  });

  test('the metrics still count what could not be stored, and leave out what only the store knows', async () => {
    const server = await startTestServer({ db: await silentDatabase(), receivers: HUBSPOT, storeTimeoutMs: 100 });
    await send(server, [changed(1)]);
    expect(await server.requests('hubspot', 'not_stored')).toBe(1);
    expect(await server.metrics()).not.toMatch(/^leadgrade_(inbox|quarantine)/m);
  });
});

/** HubSpot's place, taken by a receiver that says this of everything. */
function receiving(parse: WebhookReceiver['parse']): ReadonlyMap<string, WebhookReceiver> {
  const nothing = { events: [], unparsed: [] };
  return new Map([
    ['hubspot', { needsPublicUrl: false, maxBytes: 1_000, preCheck: () => null, parse, reparse: () => nothing }],
  ]);
}
