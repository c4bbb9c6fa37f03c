// Connections that stay open and silent: the process notices, says so, reconnects, and always ends.
import { describe, expect, test } from 'vitest';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import { createDataDir, describeOnPostgres, describeOnRedis, POSTGRES } from '../../support/backends.ts';
import { printSeconds } from '../../support/fault-runs.ts';
import { patient } from '../../support/patience.ts';
import type { Running } from '../../support/processes.ts';
import { ownRedis } from '../../support/servers.ts';
import { openServiceEnvironment, type ServiceEnvironment, SOON } from '../../support/service-environment.ts';
import { startSilentProxy } from '../../support/silent-proxy.ts';

/** A service over the embedded database, whose Redis is behind a proxy. */
async function openOverRedis() {
  const redis = await ownRedis();
  endWithTest(redis.stop);
  const proxy = await startSilentProxy(redis);
  endWithTest(proxy.close);
  const { env, destroy } = await createDataDir();
  endWithTest(destroy);
  const settings = { REDIS_URL: `redis://127.0.0.1:${proxy.port}` };
  return { ...(await open(env, settings)), redis, proxy };
}

/** A service whose Postgres is behind a proxy. */
async function openOverPostgres() {
  const { env, destroy } = await POSTGRES.create();
  endWithTest(destroy);
  const url = new URL(env.DATABASE_URL ?? '');
  const proxy = await startSilentProxy({ port: Number(url.port), host: url.hostname });
  endWithTest(proxy.close);
  url.port = String(proxy.port);
  url.hostname = '127.0.0.1';
  return { ...(await open(env, { DATABASE_URL: url.href })), proxy };
}

async function open(
  env: Parameters<typeof openServiceEnvironment>[0]['env'],
  settings: Readonly<Record<string, string>>,
) {
  const service = await openServiceEnvironment({ env, settings: { POLL_SECONDS: '5', ...settings }, contacts: 2 });
  endWithTest(service.close);
  return { service };
}

const status = async ({ url }: ServiceEnvironment) => (await fetch(`${url}/readyz`).catch(() => null))?.status;

/** Ends it, and gives its exit code and how long it took. */
async function terminate(running: Running): Promise<{ readonly code: number | string; readonly seconds: number }> {
  const since = performance.now();
  running.signal('SIGTERM');
  const code = await running.ended;
  return { code, seconds: (performance.now() - since) / 1_000 };
}

/** 25 s, and what a busy machine adds. */
const END_SECONDS = patient(30_000) / 1_000;
const WITHIN_MINUTE = { timeout: patient(60_000), interval: 200 };

describeOnRedis('a service whose Redis', () => {
  test('goes silent is not ready within a minute, says it once, and works again when new connections pass', async () => {
    const { service, proxy } = await openOverRedis();
    const running = await service.serve();
    await expect.poll(() => status(service), SOON).toBe(200);
    proxy.silence();
    await printSeconds('a silent Redis is noticed', () => expect.poll(() => status(service), WITHIN_MINUTE).toBe(503));
    expect(running.output().match(/the queue does not respond/g)).toHaveLength(1);
    proxy.resume();
    const isReady = () => expect.poll(() => status(service), { timeout: patient(120_000), interval: 200 }).toBe(200);
    await printSeconds('ready after Redis responds', isReady);
    await running.line(/the queue responds again/);
    const [contact] = service.leads;
    await service.control('PATCH', `contacts/${contact?.id}`, { properties: { jobtitle: 'VP Sales' } });
    await expect.poll(() => service.explanation(contact?.id ?? ''), SOON).toContain('Executive (Job title)');
  });

  test.for(['goes silent', 'is down'])('%s logs no flood, and ends at SIGTERM', async (how) => {
    const { service, proxy, redis } = await openOverRedis();
    const running = await service.serve();
    await expect.poll(() => status(service), SOON).toBe(200);
    if (how === 'is down') await redis.kill();
    else proxy.silence();
    const linesBefore = running.output().split('\n').length;
    // Each webhook and each connection meets the outage.
    const [contact] = service.leads;
    for (let times = 0; times < 30; times++) await service.deliverWebhook(contact?.id ?? '', { eventId: times });
    expect(running.output().split('\n').length - linesBefore).toBeLessThan(15);
    expect((await terminate(running)).seconds).toBeLessThan(END_SECONDS);
  });
});

describeOnPostgres('a service whose Postgres', () => {
  test('goes silent is not ready, and works again when new connections pass', async () => {
    const { service, proxy } = await openOverPostgres();
    await service.serve();
    await expect.poll(() => status(service), SOON).toBe(200);
    proxy.silence();
    await printSeconds('a silent Postgres is noticed', () =>
      expect.poll(() => status(service), WITHIN_MINUTE).toBe(503),
    );
    proxy.resume();
    const isReady = () => expect.poll(() => status(service), { timeout: patient(150_000), interval: 500 }).toBe(200);
    await printSeconds('ready after Postgres responds', isReady);
  });

  test('goes silent ends at SIGTERM', async () => {
    const { service, proxy } = await openOverPostgres();
    const running = await service.serve();
    await expect.poll(() => status(service), SOON).toBe(200);
    proxy.silence();
    expect((await terminate(running)).seconds).toBeLessThan(END_SECONDS);
  });
});

describe('a service whose CRM', () => {
  test('gives no answer to a request ends at SIGTERM', async () => {
    const { env, destroy } = await createDataDir();
    endWithTest(destroy);
    const { service } = await open(env, {});
    await service.control('PUT', 'faults', [{ match: { path: 'crm' }, action: { hangAfterHeaders: true } }]);
    const running = await service.serve();
    await expect.poll(async () => (await service.log()).some(({ path }) => path.includes('contacts')), SOON).toBe(true);
    expect((await terminate(running)).seconds).toBeLessThan(END_SECONDS);
  });
});
