// Postgres fails under a running service: it crashes, becomes read-only, or has no connection left. Events that were
// acknowledged are processed afterwards; all others got 503.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { describeOnPostgres } from '../../support/backends.ts';
import { repetitions } from '../../support/fault-runs.ts';
import { onServer } from '../../support/servers.ts';
import { SOON } from '../../support/service-environment.ts';
import { testFolder } from '../../support/test-folder.ts';
import {
  expectNoneLost,
  expectReady,
  expectScoresFollow,
  openClient,
  openOnPostgres,
  sendEvents,
  status,
} from './service-on-postgres.ts';

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
