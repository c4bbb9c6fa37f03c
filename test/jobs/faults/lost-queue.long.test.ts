// Events survive the loss of the queue, a process, the store or the network: an event that was
// acknowledged with 200 is processed; any other is sent again, or its change is found by the next
// poll.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { BACKEND } from '../../support/backends.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { ownRedis, type RedisServer } from '../../support/servers.ts';
import { openServiceEnvironment, type ServiceEnvironment, SOON } from '../../support/service-environment.ts';
import { expectInSync, logEnd, scores } from './assertions.ts';

const HOUR_MS = 3_600_000;
const idSchema = z.object({ id: z.string() });
function leadOf(environment: ServiceEnvironment, at: number) {
  const lead = environment.leads[at];
  if (lead === undefined) throw new Error('The sandbox has too few leads for this test.');
  return lead;
}

/** The instants (epoch ms) of the stored events. Their keys begin with them. */
const storedEvents = async (environment: ServiceEnvironment) => {
  const keys = await environment.query<{ key: string }>('select key::text as key from leadgrade.processed_event_keys');
  return new Set(keys.map(({ key }) => Number.parseInt(key.replaceAll('-', '').slice(0, 12), 16)));
};
/** The IDs in events that are not processed yet. */
const pendingIds = async (environment: ServiceEnvironment) =>
  (await environment.query<{ ids: string[] }>('select ids from leadgrade.inbox')).flatMap(({ ids }) => ids);

/** A backfill finds nothing to write. */
async function expectNothingToWrite(environment: ServiceEnvironment): Promise<void> {
  const since = await environment.logEnd();
  const backfill = environment.run('backfill', '--json');
  expect([0, 1]).toContain(await backfill.ended);
  await environment.calm();
  expect(await environment.writes(since)).toEqual([]);
}

/** The number of reads of a contact since `since`. */
async function readsOf(environment: ServiceEnvironment, id: string, since: number): Promise<number> {
  const reads = (await environment.log(since)).filter(({ path }) => path.endsWith('/contacts/batch/read'));
  return reads.filter(({ ids = [] }) => ids.includes(id)).length;
}

/**
 * Closes all connections to a database and allows no new ones. Returns the function that allows
 * them again.
 */
async function closeDatabase(databaseUrl: string): Promise<() => Promise<void>> {
  const server = new URL(databaseUrl);
  const name = server.pathname.slice(1);
  server.pathname = '/postgres';
  const execute = async (...statements: string[]) => {
    const client = new pg.Client({ connectionString: server.href });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  const terminate = `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`;
  await execute(`alter database ${name} allow_connections false`, terminate);
  return () => execute(`alter database ${name} allow_connections true`);
}

/** Registers a test for the backends that it applies to. On others it is absent, not skipped. */
const testIf = (applies: boolean) => (name: string, run: () => Promise<void>) => {
  if (applies) test(name, run);
};

describe(`on ${BACKEND.name}`, () => {
  const setup = BACKEND;
  const opened: (() => Promise<unknown>)[] = [];
  const [isEmbedded, hasRedis] = [setup.name === 'embedded', setup.name.includes('redis')];
  let environment: ServiceEnvironment;
  let redis: RedisServer | null = null;
  let databaseUrl = '';

  beforeAll(async () => {
    const { env, destroy } = await setup.create();
    opened.push(destroy);
    // A Redis server that the test can kill.
    if (hasRedis) redis = await ownRedis();
    opened.push(async () => redis?.stop());
    databaseUrl = env.DATABASE_URL ?? '';
    environment = await openServiceEnvironment({
      env: { ...env, ...(redis === null ? {} : { REDIS_URL: redis.url }) },
      ...{ contacts: 20, webhooks: false },
    });
    opened.push(environment.close);
  });
  afterAll(async () => {
    for (const close of opened.toReversed()) await close();
  });

  let isServed = false;
  /** One service for all tests: each leaves it running. */
  const served = async () => {
    if (!isServed) await environment.serve();
    isServed = true;
    await environment.calm();
  };

  // Each kind of queue once: embedded and postgres share one implementation of the store.
  testIf(setup.name !== 'postgres')(
    'an event stored by a process that was killed before it was processed is processed by the next process',
    async () => {
      expect([0, 1]).toContain(await environment.run('backfill').ended);
      const receiver = await environment.serve('--roles', 'web');
      const { id } = leadOf(environment, 0);
      const occurredAt = Date.now();
      expect(await environment.deliverWebhook(id, { occurredAt })).toBe(200);
      expect(await pendingIds(environment)).toEqual([id]);
      await receiver.kill();
      const since = await environment.logEnd();
      await environment.serve();
      isServed = true;
      await expect.poll(() => pendingIds(environment), SOON).toEqual([]);
      expect(await storedEvents(environment)).toContain(occurredAt);
      // Nothing changed that a poll would find: only the event causes the read, and only of this
      // contact.
      await expect.poll(() => readsOf(environment, id, since), SOON).toBe(1);
      expect(await readsOf(environment, leadOf(environment, 1).id, since)).toBe(0);
    },
  );

  testIf(hasRedis)(
    'an event that arrives while Redis is down is acknowledged, and processed when Redis is back',
    async () => {
      await served();
      await redis?.kill();
      const { id } = leadOf(environment, 1);
      await environment.control('PATCH', `contacts/${id}`, { properties: { jobtitle: 'Student of things' } });
      const occurredAt = Date.now();
      expect(await environment.deliverWebhook(id, { occurredAt })).toBe(200);
      expect(await storedEvents(environment)).toContain(occurredAt);
      expect(await pendingIds(environment)).toEqual([id]);
      await redis?.restart();
      await expect.poll(() => environment.explanation(id), SOON).toContain('Student or intern');
      await expect.poll(() => pendingIds(environment), SOON).toEqual([]);
    },
  );

  testIf(!isEmbedded)('no acknowledged event is lost during an outage of Postgres', async () => {
    await served();
    await environment.sendWebhooks();
    const people = environment.leads.slice(0, 5);
    const responses: { occurredAt: number; status: number }[] = [];
    let isOver = false;
    const sender = (async () => {
      for (let at = Date.now(), n = 0; !isOver; n++) {
        at = Math.max(at + 1, Date.now());
        responses.push({
          occurredAt: at,
          status: await environment.deliverWebhook(leadOf(environment, n % 5).id, { occurredAt: at }),
        });
        await sleep(20);
      }
    })();
    const retitle = async (jobtitle: string) => {
      for (const { id } of people) await environment.control('PATCH', `contacts/${id}`, { properties: { jobtitle } });
    };
    await retitle('Head of sales');
    const reopen = await closeDatabase(databaseUrl);
    await retitle('Student of things');
    await sleep(2_000);
    await reopen();
    await sleep(1_000);
    isOver = true;
    await sender;
    await environment.calm();

    expect(responses.filter(({ status }) => status !== 200 && status !== 503)).toEqual([]);
    expect(responses.map(({ status }) => status)).toEqual(expect.arrayContaining([200, 503]));
    const stored = await storedEvents(environment);
    expect(responses.filter(({ occurredAt, status }) => status === 200 && !stored.has(occurredAt))).toEqual([]);
    expect(await pendingIds(environment)).toEqual([]);
    for (const { id } of people) expect(await environment.explanation(id)).toContain('Student or intern');
    const { sent, delivered, failed } = await environment.delivered();
    expect({ delivered, failed }).toEqual({ delivered: sent, failed: 0 });
    await expectNothingToWrite(environment);
  });

  // The network is the same on every backend: one is enough.
  testIf(setup.name === BACKEND.name)(
    'after duplicate and reordered webhooks and an outage of the network, a backfill finds nothing to write',
    async () => {
      await served();
      await environment.sendWebhooks({ disorder: true, duplicates: 0.5, seed: 3, retryMs: 50 });
      const titles = ['Student of things', 'VP Sales', 'Head of sales', 'Intern', 'Engineer'];
      const changeAllTitles = async (round: number, except = '') => {
        for (const [n, { id }] of environment.leads.entries()) {
          if (id === except) continue;
          const jobtitle = titles[(n + round) % titles.length] ?? '';
          await environment.control('PATCH', `contacts/${id}`, { properties: { jobtitle } });
        }
      };
      await changeAllTitles(0);
      await environment.control('POST', 'webhooks/outage', { ms: 2_000 });
      await changeAllTitles(1);
      const [survivor, merged, restored] = [leadOf(environment, 0), leadOf(environment, 1), leadOf(environment, 2)];
      await environment.control('POST', 'merge', { primaryId: survivor.id, mergedId: merged.id });
      await environment.control('DELETE', `contacts/${restored.id}`);
      await environment.control('POST', `contacts/${restored.id}/restore`);
      await sleep(2_000);
      await changeAllTitles(2, merged.id);
      await environment.calm();
      const { sent, delivered, failed } = await environment.delivered();
      expect({ delivered, failed }).toEqual({ delivered: sent, failed: 0 });
      await expectNothingToWrite(environment);
    },
  );
});

/** Chooses the contacts that change, and deletes the one that is restored later. */
async function chooseContacts(product: TestProduct) {
  const [retitled, active, deleted, erased, survivor, merged, restored] = (await product.contacts()).filter(
    ({ properties }) => properties.lifecyclestage === 'lead' && properties.email !== undefined,
  );
  if (!retitled || !active || !deleted || !erased || !survivor || !merged || !restored)
    throw new Error('The sandbox has too few leads.');
  const { control } = product;
  await control('DELETE', `contacts/${restored.id}`);
  await product.nightly();
  return { retitled, active, deleted, erased, survivor, merged, restored, control };
}

test('changes made while the webhook receiver was down for 25 hours are read by the next poll', async () => {
  const product = await openTestProduct({ people: 40 });
  await product.backfill();
  const { retitled, active, deleted, erased, survivor, merged, restored, control } = await chooseContacts(product);
  const stateOf = async (id: string) => {
    const row = await product.context.db.selectFrom('records').select(['state', 'merged_into']).where('id', '=', id);
    return row.executeTakeFirst();
  };
  expect((await stateOf(restored.id))?.state).toBe('gone');

  await control('PATCH', `contacts/${retitled.id}`, { properties: { jobtitle: 'Student of things' } });
  product.advanceClock(5 * HOUR_MS);
  await control('POST', 'activities', { contactId: active.id, type: 'trial_started' });
  await control('DELETE', `contacts/${deleted.id}`);
  await control('POST', `contacts/${erased.id}/privacy-deletion`);
  product.advanceClock(10 * HOUR_MS);
  await control('POST', 'merge', { primaryId: survivor.id, mergedId: merged.id });
  await control('POST', `contacts/${restored.id}/restore`);
  const properties = { email: 'new@created.example', jobtitle: 'VP Sales' };
  const { id } = idSchema.parse(await control('POST', 'contacts', { properties }));
  product.advanceClock(10 * HOUR_MS);
  await product.poll();

  const explanationOf = async (contactId: string) =>
    (await product.contact(contactId)).properties.leadgrade_explanation;
  expect(await explanationOf(retitled.id)).toContain('Student or intern');
  expect(await explanationOf(active.id)).toContain('Started a trial');
  expect(await explanationOf(id)).toContain('Executive');
  expect(await stateOf(deleted.id)).toMatchObject({ state: 'gone' });
  expect(await stateOf(erased.id)).toMatchObject({ state: 'gone' });
  expect(await stateOf(merged.id)).toMatchObject({ state: 'merged', merged_into: survivor.id });
  expect(await stateOf(restored.id)).toMatchObject({ state: 'live' });
  const seen = await scores(product);
  const since = await logEnd(product);
  await product.backfill();
  expect(await product.writes(since)).toEqual([]);
  expect(await scores(product)).toEqual(seen);
  await expectInSync(product);
});
