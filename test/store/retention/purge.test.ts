// Which old rows the nightly purge deletes, and which it keeps.
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { insertApplied } from '../../../src/store/models/applied.ts';
import { purgeResults } from '../../../src/store/retention/purge-results.ts';
import { purgeModels, purgeRuns } from '../../../src/store/retention/purge-runs.ts';
import { tableSizes } from '../../../src/store/retention/table-sizes.ts';
import { openRun } from '../../../src/store/sync/runs.ts';
import { BACKEND } from '../../support/backends.ts';
import { at, freshStore } from '../fresh-store.ts';

const store = freshStore(BACKEND);
const DAY = 86_400;
const daysAgo = (days: number) => at(-days * DAY);

/** `[days ago, grade, status]`, oldest first; the last one is the lead's result. */
async function lead(...results: readonly (readonly [number, string, string])[]): Promise<number> {
  const { id } = await store.db
    .insertInto('leads')
    .values({ created_at: daysAgo(900) })
    .returning('id')
    .executeTakeFirstOrThrow();
  let before: readonly [number, string, string] | null = null;
  for (const [days, grade, status] of results) {
    await sql`
      with r as (
        insert into leadgrade.results (lead_id, as_of, model_hash, cause, grade, coverage, fit_score, behavior_score, total, status,
          previous_status, previous_grade, contributions, gates)
        values (${id}, ${daysAgo(days)}, 'm', 'decay', ${grade}, 1, 1, 1, 2, ${status}, ${before?.[2] ?? null}, ${before?.[1] ?? null}, '[]', '[]')
        returning id
      )
      update leadgrade.leads set result_id = r.id from r where leads.id = ${id}`.execute(store.db);
    before = [days, grade, status];
  }
  return id;
}

async function kept(leadId: number): Promise<readonly number[]> {
  const rows = await store.db
    .selectFrom('results')
    .select('as_of')
    .where('lead_id', '=', leadId)
    .orderBy('id')
    .execute();
  return rows.map(({ as_of }) => (at().getTime() - as_of.getTime()) / 1_000 / DAY);
}

const purge = (now = at(), signal = new AbortController().signal) =>
  purgeResults(store.db, { now, retention: { historyDays: 400, statusHistoryDays: 730 }, signal });

test('a result that changed points only is deleted after 400 days, one that changed grade or status after 730, the current one never', async () => {
  // Ids are given in the order of the instants.
  const dormant = await lead([801, 'D', 'cold'], [790, 'D', 'cold']);
  const active = await lead(
    [800, 'C', 'cold'],
    [720, 'C', 'cold'],
    [600, 'B', 'cold'],
    [500, 'B', 'hot'],
    [450, 'B', 'hot'],
    [401, 'B', 'hot'],
    [399, 'B', 'hot'],
    [1, 'B', 'hot'],
  );
  expect(await purge()).toBe(5);
  expect(await kept(active)).toEqual([600, 500, 399, 1]);
  expect(await kept(dormant)).toEqual([790]);
  expect(await purge()).toBe(0);
});

test('the old result of a dormant lead is deleted in the second night after another one has replaced it', async () => {
  const dormant = await lead([900, 'D', 'cold'], [500, 'D', 'cold']);
  await purge();
  expect(await kept(dormant)).toEqual([500]);
  await sql`
    with r as (
      insert into leadgrade.results (lead_id, as_of, model_hash, cause, grade, coverage, fit_score, behavior_score, total, status,
        previous_status, previous_grade, contributions, gates)
      values (${dormant}, ${at()}, 'm', 'activity', 'D', 1, 1, 1, 2, 'cold', 'cold', 'D', '[]', '[]') returning id
    )
    update leadgrade.leads set result_id = r.id from r`.execute(store.db);
  await purge(at(DAY / 2));
  expect(await kept(dormant)).toEqual([500, 0]);
  await purge(at(1.5 * DAY));
  expect(await kept(dormant)).toEqual([0]);
});

test('a purge that ends after a batch goes on behind it, and deletes the same rows as an undisturbed one', async () => {
  const id = await lead([1, 'A', 'hot']);
  await sql`
    insert into leadgrade.results (lead_id, as_of, model_hash, cause, grade, coverage, fit_score, behavior_score, total, status,
      previous_status, previous_grade, contributions, gates)
    select ${id}, ${daysAgo(500)}::timestamptz + i * interval '1 second', 'm', 'decay', 'A', 1, 1, 1, 2, 'hot', 'hot', 'A', '[]', '[]'
    from generate_series(1, 12000) i`.execute(store.db);
  await sql`update leadgrade.leads set result_id = (select max(id) from leadgrade.results)`.execute(store.db);
  await store.db.deleteFrom('results').where('as_of', '=', daysAgo(1)).execute();
  const stop = new AbortController();
  const signal = new Proxy(stop.signal, {
    get: (target, key) => {
      // Read before each batch: the second one does not begin.
      if (key === 'aborted' && ++reads > 1) return true;
      return Reflect.get(target, key);
    },
  });
  let reads = 0;
  expect(await purge(at(), signal)).toBe(5_000);
  expect(await purge()).toBe(6_999);
  expect(await kept(id)).toHaveLength(1);
});

test('results of a clock that was ahead, more than a batch, hold up no old result behind them', async () => {
  const ahead = await lead([-100, 'B', 'hot']);
  await sql`
    insert into leadgrade.results (lead_id, as_of, model_hash, cause, grade, coverage, fit_score, behavior_score, total, status,
      contributions, gates)
    select ${ahead}, ${daysAgo(-50)}, 'm', 'decay', 'B', 1, 1, 1, 2, 'hot', '[]', '[]' from generate_series(1, 5001)`.execute(
    store.db,
  );
  const old = await lead([800, 'C', 'cold'], [799, 'C', 'cold'], [1, 'B', 'cold']);
  await purge();
  expect(await kept(old)).toEqual([1]);
  expect((await kept(ahead)).length).toBe(5_002);
});

test('finished runs are deleted, and not those that are open, the first and last of a job, or the full sync of a stream', async () => {
  const { db } = store;
  const slots = ['1', '2', '3', '4', '5', '6'];
  for (const slot of slots) await openRun(db, { job: 'nightly', slot, state: 'running' }, daysAgo(500));
  await db
    .updateTable('runs')
    .set({ state: 'done', finished_at: daysAgo(450) })
    .where('slot', 'not in', ['4'])
    .execute();
  const run3 = await db.selectFrom('runs').select('id').where('slot', '=', '3').executeTakeFirstOrThrow();
  await sql`insert into leadgrade.streams (crm, stream, full_sync_run_id) values ('hubspot', 'contacts', ${run3.id})`.execute(
    db,
  );
  expect(await purgeRuns(db, daysAgo(400))).toBe(2);
  const left = await db.selectFrom('runs').select('slot').orderBy('id').execute();
  expect(left.map(({ slot }) => slot)).toEqual(['1', '3', '4', '6']);
});

test('a model that was not used for long is deleted with its thresholds, unless it is applied or a result refers to it', async () => {
  const { db } = store;
  const model = (hash: string, days: number) => ({
    ...{ hash, name: hash, text: '', since: daysAgo(900), last_used_at: daysAgo(days) },
  });
  await db
    .insertInto('models')
    .values([model('m', 500), model('unused', 500), model('new', 1), model('former', 500), model('live', 500)])
    .execute();
  const threshold = { band: 'hot', points: 1, leads: 1, computed_at: daysAgo(500) };
  await db
    .insertInto('band_thresholds')
    .values({ model_hash: 'unused', ...threshold })
    .execute();
  for (const hash of ['former', 'live']) {
    const models = [{ hash, name: hash, key: null, label: hash, role: 'live', where: null }] as const;
    await insertApplied(db, { models, applied_at: daysAgo(500), applied_by: null, cause: 'apply', plan_hash: null });
  }
  await lead([500, 'A', 'hot']);
  expect(await purgeModels(db, daysAgo(400))).toBe(2);
  const left = await db.selectFrom('models').select('hash').orderBy('hash').execute();
  expect(left.map(({ hash }) => hash)).toEqual(['live', 'm', 'new']);
});

test('every table has a size', async () => {
  const sizes = await tableSizes(store.db);
  expect(sizes.map(({ table }) => table)).toEqual(expect.arrayContaining(['leads', 'results', 'activities']));
  expect(sizes.every(({ bytes }) => Number.isInteger(bytes))).toBe(true);
});
