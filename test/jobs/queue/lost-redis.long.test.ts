// Redis under a running service: emptied, out of memory, or evicting. The work items are in the database, so nothing
// is lost, and the schedule is made again.
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import { createDataDir, describeOnRedis } from '../../support/backends.ts';
import { printSeconds } from '../../support/fault-runs.ts';
import { patient } from '../../support/patience.ts';
import { ownRedis } from '../../support/servers.ts';
import { openServiceEnvironment, type ServiceEnvironment, SOON } from '../../support/service-environment.ts';

const BACK = { timeout: patient(120_000), interval: 200 };
const status = async ({ url }: ServiceEnvironment) => (await fetch(`${url}/readyz`).catch(() => null))?.status;

/** A service over the embedded database and a Redis of the test's own. */
async function openOverRedis(policy?: string) {
  const redis = await ownRedis(policy);
  endWithTest(redis.stop);
  const { env } = await createDataDir();
  const settings = { POLL_SECONDS: '5', REDIS_URL: redis.url };
  const service = await openServiceEnvironment({ env, settings, contacts: 4, webhooks: false });
  const admin = new Redis(redis.url);
  endWithTest(() => admin.quit());
  return { service, admin };
}

async function expectScoresFollow({ leads, control, explanation }: ServiceEnvironment): Promise<void> {
  const id = leads[0]?.id ?? '';
  await control('PATCH', `contacts/${id}`, { properties: { jobtitle: 'VP Sales' } });
  await expect.poll(() => explanation(id), BACK).toContain('Executive (Job title)');
  await control('PATCH', `contacts/${id}`, { properties: { jobtitle: 'Student' } });
  await expect.poll(() => explanation(id), BACK).not.toContain('Executive (Job title)');
}

describeOnRedis('a service whose Redis', () => {
  test('is emptied, or has no memory left for jobs, acknowledges events and follows changes again without a restart', async () => {
    const { service, admin } = await openOverRedis();
    const running = await service.serve();
    await expect.poll(() => status(service), SOON).toBe(200);
    await admin.flushall();
    await printSeconds('two changes are written after Redis was emptied', () => expectScoresFollow(service));
    expect(await admin.keys('{leadgrade}:*')).not.toEqual([]);

    await admin.config('SET', 'maxmemory', '1');
    const [, contact] = service.leads;
    const id = contact?.id ?? '';
    await service.control('PATCH', `contacts/${id}`, { properties: { jobtitle: 'VP Sales' } });
    expect(await service.deliverWebhook(id, { occurredAt: Date.now() })).toBe(200);
    await running.line(/OOM command not allowed|could not enqueue/, BACK.timeout);
    await admin.config('SET', 'maxmemory', '0');
    await expect.poll(() => service.explanation(id), BACK).toContain('Executive (Job title)');
    await expectScoresFollow(service);
  });

  test('may evict jobs does not start, with exit code 2 or 3, and names the setting', async () => {
    const { service } = await openOverRedis('allkeys-lru');
    const running = service.run('start');
    expect([2, 3]).toContain(await running.ended);
    expect(running.output()).toContain('Set "maxmemory-policy noeviction"');
    expect(running.output()).not.toContain('leadgrade is running');
  });
});
