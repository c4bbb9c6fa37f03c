// Postgres fails under a running service: it crashes, becomes read-only, has no connection left, holds a lock for too
// long, or its disk is full. Events that were acknowledged are processed afterwards; all others got 503.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import { createDataDir, describeOnPostgres } from '../../support/backends.ts';
import { IS_FULL, printSeconds, repetitions, seededRandom } from '../../support/fault-runs.ts';
import { patient } from '../../support/patience.ts';
import { onServer, ownPostgres, type PostgresServer } from '../../support/servers.ts';
import { openServiceEnvironment, type ServiceEnvironment, SOON } from '../../support/service-environment.ts';
import { mountSmallDisk } from '../../support/small-disk.ts';
import { testFolder } from '../../support/test-folder.ts';

/** What a supervisor and a slow machine need to bring a service back. */
const BACK = { timeout: patient(120_000), interval: 200 };
const DISK_MEGABYTES = 160;

interface ServiceOnPostgres {
  readonly service: ServiceEnvironment;
  readonly postgres: PostgresServer;
}

/** A service on a Postgres of its own, which is in sync. */
async function openOnPostgres(folder: string): Promise<ServiceOnPostgres> {
  const postgres = await ownPostgres(folder);
  if (postgres === null) throw new Error('Postgres is not installed; only a server that is running is.');
  endWithTest(postgres.stop);
  const { env } = await createDataDir();
  const service = await openServiceEnvironment({
    env: { ...env, DATABASE_URL: postgres.url },
    settings: { POLL_SECONDS: '5' },
    contacts: 6,
    webhooks: false,
  });
  await service.serve();
  await expect.poll(() => status(service), BACK).toBe(200);
  return { service, postgres };
}

const status = async ({ url }: ServiceEnvironment) => (await fetch(`${url}/readyz`).catch(() => null))?.status;

/** Waits until the service is ready again, and prints how long it took. */
async function expectReady(service: ServiceEnvironment, after: string): Promise<void> {
  await printSeconds(`ready after ${after}`, () => expect.poll(() => status(service), BACK).toBe(200));
}

let titles = 0;

/** A contact gets another title, and the score says so in the end. */
async function expectScoresFollow(service: ServiceEnvironment): Promise<void> {
  const [contact] = service.leads;
  const id = contact?.id ?? '';
  for (const isExecutive of [true, false]) {
    titles += 1;
    const jobtitle = isExecutive ? `VP Sales ${titles}` : `Student ${titles}`;
    await service.control('PATCH', `contacts/${id}`, { properties: { jobtitle } });
    const shown = expect.poll(() => service.explanation(id), BACK);
    await (isExecutive ? shown.toContain('Executive (Job title)') : shown.not.toContain('Executive (Job title)'));
  }
}

/** Sends events until the test says that it is enough. Each has an instant of its own. */
function sendEvents(service: ServiceEnvironment) {
  const [contact] = service.leads;
  const responses: { readonly occurredAt: number; readonly status: number }[] = [];
  let isOver = false;
  const sending = (async () => {
    for (let occurredAt = Date.now(); !isOver; occurredAt = Math.max(occurredAt + 1, Date.now())) {
      responses.push({ occurredAt, status: await service.deliverWebhook(contact?.id ?? '', { occurredAt }) });
      await sleep(20);
    }
  })();
  return {
    statuses: () => responses.map((response) => response.status),
    stop: async () => {
      isOver = true;
      await sending;
      return responses;
    },
  };
}

/** Every event that was acknowledged is in the store. */
async function expectNoneLost(
  service: ServiceEnvironment,
  responses: readonly { readonly occurredAt: number; readonly status: number }[],
): Promise<void> {
  const keys = await service.query<{ key: string }>('select key::text as key from leadgrade.processed_event_keys');
  const stored = new Set(keys.map(({ key }) => Number.parseInt(key.replaceAll('-', '').slice(0, 12), 16)));
  expect(responses.filter((each) => each.status === 200 && !stored.has(each.occurredAt))).toEqual([]);
  expect(responses.filter((each) => each.status !== 200 && each.status !== 503)).toEqual([]);
}

describeOnPostgres('a service whose Postgres', () => {
  test('crashes and comes back loses no acknowledged event, and works again without a restart', async () => {
    const { service, postgres } = await openOnPostgres(await testFolder());
    for (let times = 0; times < repetitions({ usual: 1, full: 5 }); times++) {
      const events = sendEvents(service);
      await expect.poll(events.statuses, SOON).toContain(200);
      await postgres.crash();
      await expect.poll(events.statuses, SOON).toContain(503);
      await expect.poll(() => status(service), SOON).toBe(503);
      await postgres.start();
      await expectReady(service, 'a crash of Postgres');
      await expectNoneLost(service, await events.stop());
      await expectScoresFollow(service);
    }
  });

  test('becomes read-only, or has no connection left, is not ready, refuses webhooks with 503, and works again afterwards', async () => {
    const { service, postgres } = await openOnPostgres(await testFolder());
    const close = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'leadgrade'";
    const events = sendEvents(service);
    await onServer(
      postgres.url,
      'alter system set default_transaction_read_only = on',
      'select pg_reload_conf()',
      close,
    );
    await expect.poll(() => status(service), SOON).toBe(503);
    await expect.poll(events.statuses, SOON).toContain(503);
    await onServer(
      postgres.url,
      'set default_transaction_read_only = off',
      'alter system reset default_transaction_read_only',
      'select pg_reload_conf()',
    );
    await expectReady(service, 'a read-only Postgres');
    await expectScoresFollow(service);

    const release = await occupyAllConnections(postgres.url);
    await expect.poll(() => status(service), SOON).toBe(503);
    await release();
    await expectReady(service, 'a Postgres without a free connection');
    await expectNoneLost(service, await events.stop());
    await expectScoresFollow(service);
  });
});

// Minutes each: in `npm run test:faults`.
if (IS_FULL) {
  describeOnPostgres('a service whose Postgres', () => {
    test('has another client that locks a table and stays idle: jobs fail after the lock time-out, and work again when it is gone', async () => {
      const { service, postgres } = await openOnPostgres(await testFolder());
      const client = await openClient(postgres.url);
      await client.query('begin');
      await client.query('lock table leadgrade.records in access exclusive mode');
      const waiting = async () => {
        const found = await client.query(
          "select 1 from pg_stat_activity where application_name = 'leadgrade' and wait_event_type = 'Lock'",
        );
        return found.rowCount;
      };
      await expect.poll(waiting, SOON).toBeGreaterThan(0);
      const [contact] = service.leads;
      // The inbox is not locked: events are acknowledged.
      expect(await service.deliverWebhook(contact?.id ?? '', { occurredAt: Date.now() })).toBe(200);
      await client.query('rollback');
      await expectScoresFollow(service);
    });

    test('ends random connections in the middle of transactions, writes only what changed, and follows changes afterwards', async () => {
      const { service, postgres } = await openOnPostgres(await testFolder());
      const random = seededRandom('ended connections');
      const client = await openClient(postgres.url);
      // The first sync has written all contacts.
      for (const { id } of service.leads) await expect.poll(() => service.explanation(id), BACK).not.toBe('');
      await service.calm();
      const before = await service.writes();
      const [contact] = service.leads;
      for (let kills = 0; kills < repetitions({ usual: 30, full: 300 }); kills++) {
        await service.control('PATCH', `contacts/${contact?.id}`, { properties: { jobtitle: `VP ${kills}` } });
        await service.deliverWebhook(contact?.id ?? '', { occurredAt: Date.now() });
        await sleep(random() * 200);
        await client.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'leadgrade'
         order by state = 'idle', md5(pid::text || $1) limit 1`,
          [String(random())],
        );
      }
      await expectScoresFollow(service);
      await service.calm();
      const written = (await service.writes()).slice(before.length).flatMap(({ ids = [] }) => ids);
      expect(new Set(written)).toEqual(new Set([contact?.id]));
      const leads = await service.query<{ leads: number }>(
        'select count(*)::int as leads from leadgrade.leads where result_id is null and due_at is not null',
      );
      expect(leads).toEqual([{ leads: 0 }]);
    });

    test('has a full disk is not ready, refuses webhooks with 503, and works again when there is room', async ({
      skip,
    }) => {
      const disk = await mountSmallDisk(DISK_MEGABYTES);
      if (disk === null) return skip();
      const { service, postgres } = await openOnPostgres(disk.folder);
      const events = sendEvents(service);
      await expect.poll(events.statuses, SOON).toContain(200);
      await disk.fill();
      await expect.poll(events.statuses, BACK).toContain(503);
      await expect.poll(() => status(service), BACK).toBe(503);
      await disk.free();
      // A server that could not write its log has ended, and its supervisor starts it again.
      await postgres.start();
      await expectReady(service, 'a full disk of Postgres');
      await expectNoneLost(service, await events.stop());
      await expectScoresFollow(service);
    });
  });

  describe('a service whose embedded database', () => {
    test('has a full disk is not ready, and a process that is started when there is room has lost no acknowledged event', async ({
      skip,
    }) => {
      const disk = await mountSmallDisk(DISK_MEGABYTES);
      if (disk === null) return skip();
      const service = await openServiceEnvironment({
        env: { DATA_DIR: `${disk.folder}/data` },
        settings: { POLL_SECONDS: '5' },
        contacts: 4,
        webhooks: false,
      });
      const running = await service.serve();
      await expect.poll(() => status(service), BACK).toBe(200);
      const events = sendEvents(service);
      await expect.poll(events.statuses, SOON).toContain(200);
      await disk.fill();
      await expect.poll(events.statuses, BACK).toEqual(expect.arrayContaining([503]));
      const responses = await events.stop();
      await running.kill();
      await disk.free();
      await service.serve();
      await expect.poll(() => status(service), BACK).toBe(200);
      await expectNoneLost(service, responses);
      await expectScoresFollow(service);
    });
  });
}

async function openClient(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  endWithTest(() => client.end().catch(() => undefined));
  return client;
}

/** Ends the connections of the product and opens every free one. @returns gives them back */
async function occupyAllConnections(url: string): Promise<() => Promise<void>> {
  const first = await openClient(url);
  const opened = [first];
  let isOver = false;
  const occupy = async () => {
    while (!isOver) {
      await first.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'leadgrade'");
      for (;;) {
        const client = await openClient(url).catch(() => null);
        if (client === null) break;
        opened.push(client);
      }
      await sleep(100);
    }
  };
  const occupying = occupy();
  return async () => {
    isOver = true;
    await occupying;
    await Promise.all(opened.map((client) => client.end()));
  };
}
