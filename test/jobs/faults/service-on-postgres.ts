// A service on a Postgres of its own, the events that it gets while that server fails, and what must hold afterwards.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect } from 'vitest';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import { createDataDir } from '../../support/backends.ts';
import { printSeconds } from '../../support/fault-runs.ts';
import { patient } from '../../support/patience.ts';
import { ownPostgres, type PostgresServer } from '../../support/servers.ts';
import { openServiceEnvironment, type ServiceEnvironment } from '../../support/service-environment.ts';

/** What a supervisor and a slow machine need to bring a service back. */
export const BACK = { timeout: patient(120_000), interval: 200 };
interface ServiceOnPostgres {
  readonly service: ServiceEnvironment;
  readonly postgres: PostgresServer;
}

/** A service on a Postgres of its own, which is in sync. */
export async function openOnPostgres(folder: string): Promise<ServiceOnPostgres> {
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

export const status = async ({ url }: ServiceEnvironment) => (await fetch(`${url}/readyz`).catch(() => null))?.status;

/** Waits until the service is ready again, and prints how long it took. */
export async function expectReady(service: ServiceEnvironment, after: string): Promise<void> {
  await printSeconds(`ready after ${after}`, () => expect.poll(() => status(service), BACK).toBe(200));
}

let titles = 0;

/** A contact gets another title, and the score says so in the end. */
export async function expectScoresFollow(service: ServiceEnvironment): Promise<void> {
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
export function sendEvents(service: ServiceEnvironment) {
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
export async function expectNoneLost(
  service: ServiceEnvironment,
  responses: readonly { readonly occurredAt: number; readonly status: number }[],
): Promise<void> {
  const keys = await service.query<{ key: string }>('select key::text as key from leadgrade.processed_event_keys');
  const stored = new Set(keys.map(({ key }) => Number.parseInt(key.replaceAll('-', '').slice(0, 12), 16)));
  expect(responses.filter((each) => each.status === 200 && !stored.has(each.occurredAt))).toEqual([]);
  expect(responses.filter((each) => each.status !== 200 && each.status !== 503)).toEqual([]);
}

export async function openClient(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  endWithTest(() => client.end().catch(() => undefined));
  return client;
}
