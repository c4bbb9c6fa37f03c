// Postgres holds a lock for too long under a running service, ends its connections, or its disk is full. Events that were
// acknowledged are processed afterwards; all others got 503.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { describeOnPostgres } from '../../support/backends.ts';
import { printedRandom } from '../../support/fault-runs.ts';
import { openServiceEnvironment, SOON } from '../../support/service-environment.ts';
import { mountSmallDisk } from '../../support/small-disk.ts';
import { testFolder } from '../../support/test-folder.ts';
import {
  BACK,
  expectNoneLost,
  expectReady,
  expectScoresFollow,
  openClient,
  openOnPostgres,
  sendEvents,
  status,
} from './service-on-postgres.ts';

const DISK_MEGABYTES = 160;
const ENDED_CONNECTIONS = 300;

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
    const random = printedRandom('ended connections');
    const client = await openClient(postgres.url);
    // The first sync has written all contacts.
    for (const { id } of service.leads) await expect.poll(() => service.explanation(id), BACK).not.toBe('');
    await service.calm();
    const before = await service.writes();
    const [contact] = service.leads;
    for (let kills = 0; kills < ENDED_CONNECTIONS; kills++) {
      await service.control('PATCH', `contacts/${contact?.id}`, { properties: { jobtitle: `VP ${kills}` } });
      await service.deliverWebhook(contact?.id ?? '', { occurredAt: Date.now() });
      await sleep(random.next() * 200);
      await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'leadgrade'
       order by state = 'idle', md5(pid::text || $1) limit 1`,
        [String(random.next())],
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
