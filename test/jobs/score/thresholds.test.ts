// Percentile bands (`top: 5%`): their thresholds in points follow the scores of all leads, night by night.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { thresholdsOf } from '../../../src/store/leads/band-thresholds.ts';
import { listRunSteps } from '../../../src/store/sync/run-steps.ts';
import { findRun, openRun } from '../../../src/store/sync/runs.ts';
import { leadgradeHere } from '../../cli/run-command.ts';
import { BACKEND } from '../../support/backends.ts';
import { writeModels } from '../../support/models.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { hotLeads, rankedLeads, rankModel, setRank, upTo } from '../../support/ranked-leads.ts';
import { testFolder } from '../../support/test-folder.ts';

const modelText = (hot: string) => rankModel(hot, { name: 'best' });

let folder: string;
let product: TestProduct;
beforeEach(async () => {
  folder = await testFolder();
});

/** Opens the product with leads p0, p1 ... of these ranks. */
async function open(hot: string, ranks: readonly number[]): Promise<void> {
  const file = join(folder, 'model.yaml');
  await writeFile(file, modelText(hot));
  product = await openTestProduct({ dataset: rankedLeads(ranks), settings: { MODEL_FILE: file } });
}

/** The edited model is applied; the context of the product then has it. */
async function applyAndRestart(): Promise<void> {
  await product.apply();
  await product.restart();
}

const threshold = async () => (await thresholdsOf(product.context.db, product.context.model.hash))[0];

const hot = () => hotLeads(product);

/** Results with a higher ID than `since`, e.g. `p3 threshold hot`. */
async function results(since: number): Promise<readonly string[]> {
  const rows = await product.context.db
    .selectFrom('results')
    .innerJoin('records', 'records.lead_id', 'results.lead_id')
    .select(['records.id', 'results.cause', 'results.status'])
    .where('results.id', '>', since)
    .orderBy('results.id')
    .execute();
  const keys = new Map([...product.sandbox.contactIds].map(([key, id]) => [id, key]));
  return rows.map(({ id, cause, status }) => `${keys.get(id)} ${cause} ${status}`);
}

async function lastResult(): Promise<number> {
  const row = await product.context.db
    .selectFrom('results')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirstOrThrow();
  return Number(row.id ?? 0);
}

async function leadIdOf(key: string): Promise<number> {
  const records = product.context.db.selectFrom('records').select('lead_id').where('id', '=', product.idOf(key));
  return (await records.executeTakeFirstOrThrow()).lead_id;
}

const isHot = ({ properties }: { readonly properties: Readonly<Record<string, unknown>> }) =>
  properties.leadgrade_status === 'hot';

/**
 * For each nightly run, its state and the number of leads that its threshold update made due again.
 */
async function nights(): Promise<readonly (readonly [string, unknown])[]> {
  const { db } = product.context;
  const runs = await db.selectFrom('runs').selectAll().where('job', '=', 'nightly').orderBy('id').execute();
  return Promise.all(
    runs.map(async ({ id, state }) => {
      const steps = await listRunSteps(db, id);
      return [state, steps.find(({ step }) => step === 'thresholds-updated')?.detail ?? null] as const;
    }),
  );
}

test('the best 5 percent are hot after the first backfill, and a night without changes moves no threshold', async () => {
  await open('{ top: 5%, floor: 10 }', upTo(40));
  expect((await product.backfill()).state).toBe('done');
  expect(await threshold()).toMatchObject({ band: 'hot', points: 39, leads: 40 });
  expect(await hot()).toEqual(['p38', 'p39']);
  const explained = await leadgradeHere(['explain', `hubspot:${product.idOf('p38')}`], { env: product.env });
  expect(explained.stdout).toContain('hot: from 39 points (computed from 40 leads on 2026-03-10)');
  const [since, writes] = [await lastResult(), await product.writes()];
  // No other lead was written as hot in between.
  const writtenAsHot = writes.flatMap((call) => call.writes ?? []).filter(isHot);
  expect(writtenAsHot).toHaveLength(2);
  // Before the first threshold, no lead is hot.
  const hotResults = await product.context.db
    .selectFrom('results')
    .select(['thresholds', 'cause'])
    .where('status', '=', 'hot')
    .execute();
  expect(hotResults.map(({ thresholds, cause }) => [thresholds?.hot, cause])).toEqual([
    [39, 'first-threshold'],
    [39, 'first-threshold'],
  ]);

  await product.nightly();
  await product.nightly();
  expect(await results(since)).toEqual([]);
  expect(await product.writes()).toEqual(writes);
  expect(await nights()).toEqual([
    ['done', { moved: 0 }],
    ['done', { moved: 0 }],
  ]);
});

test('a night scores only the leads between the old threshold and the new one again', async () => {
  await open('{ top: 10%, floor: 5 }', upTo(20));
  await product.backfill();
  expect(await threshold()).toMatchObject({ points: 19 });
  await setRank(product, 'p19', 4);
  await product.sync();
  expect(await hot()).toEqual(['p18']);
  const since = await lastResult();
  await product.nightly();
  expect(await threshold()).toMatchObject({ points: 18 });
  expect(await results(since)).toEqual(['p17 threshold hot']);
  expect(await hot()).toEqual(['p17', 'p18']);

  await setRank(product, 'p0', 50);
  await setRank(product, 'p1', 51);
  await product.sync();
  const sinceRise = await lastResult();
  await product.nightly();
  expect(await threshold()).toMatchObject({ points: 50 });
  expect((await results(sinceRise)).toSorted()).toEqual(['p17 threshold cold', 'p18 threshold cold']);
});

test('hysteresis keeps a lead hot when the threshold rises by less than the hysteresis, and not when it rises by more', async () => {
  await open('{ top: 10%, floor: 5, hysteresis: 3 }', upTo(20));
  await product.backfill();
  expect(await hot()).toEqual(['p18', 'p19']);
  await setRank(product, 'p0', 22);
  await setRank(product, 'p1', 21);
  await product.sync();
  const since = await lastResult();
  await product.nightly();
  expect(await threshold()).toMatchObject({ points: 21 });
  expect(await results(since)).toEqual([]);
  expect(await hot()).toEqual(['p0', 'p1', 'p18', 'p19']);
  await setRank(product, 'p2', 23);
  await setRank(product, 'p3', 23);
  await product.sync();
  const sinceSecondRise = await lastResult();
  await product.nightly();
  expect(await threshold()).toMatchObject({ points: 23 });
  expect(await results(sinceSecondRise)).toEqual(['p18 threshold cold']);
});

test('no lead below the floor is hot, customers do not count, and another model has its own thresholds', async () => {
  await open('{ top: 50%, floor: 8 }', upTo(10));
  await product.control('PATCH', `contacts/${product.idOf('p9')}`, { properties: { lifecyclestage: 'customer' } });
  await product.backfill();
  expect(await threshold()).toMatchObject({ points: 8, leads: 9 });
  expect(await hot()).toEqual(['p7', 'p8']);

  await writeFile(join(folder, 'model.yaml'), modelText('{ top: 50%, floor: 2 }'));
  await applyAndRestart();
  expect(await threshold()).toBeUndefined();
  await product.poll();
  expect(await threshold()).toMatchObject({ points: 5, leads: 9 });
  expect(await hot()).toEqual(['p4', 'p5', 'p6', 'p7', 'p8']);
});

test('a night that was killed before it completed its threshold step computes them again and makes no lead due twice', async () => {
  await open('{ top: 10%, floor: 5 }', upTo(20));
  await product.backfill();
  await product.nightly();
  const since = await lastResult();
  const { db } = product.context;
  await db.updateTable('runs').set({ state: 'running' }).where('job', '=', 'nightly').execute();
  const own = db.selectFrom('runs').select('id').where('job', '=', 'nightly');
  await db
    .deleteFrom('run_steps')
    .where('run_id', 'in', own)
    .where('step', 'not in', ['work-marked', 'streams-synced'])
    .execute();
  await product.poll();
  expect(await results(since)).toEqual([]);
  expect(await nights()).toEqual([['done', { moved: 0 }]]);
});

/**
 * As during the day: one lead waits for its debounce window, and one record has just been changed
 * in the CRM.
 */
async function addPendingWork(): Promise<void> {
  const { db, clock } = product.context;
  const now = clock.now();
  const soon = new Date(now.getTime() + 4_000);
  const [debounced, changed] = [await leadIdOf('p0'), product.idOf('p1')];
  await db.updateTable('leads').set({ due_at: soon, due_reason: 'changed' }).where('id', '=', debounced).execute();
  await db.updateTable('records').set({ dirty_at: now, debounced_until: soon }).where('id', '=', changed).execute();
}

/** Polls once a minute, as the service does, with pending work at any time. */
async function pollBusy(count: number): Promise<void> {
  for (let minute = 0; minute < count; minute++) {
    product.advanceClock(60_000);
    await addPendingWork();
    await product.poll();
  }
}

test('the first thresholds of a model and the nightly ones are set although there is always pending work', async () => {
  await open('{ top: 10%, floor: 5 }', upTo(20));
  await product.backfill();
  await writeFile(join(folder, 'model.yaml'), modelText('{ top: 10%, floor: 2 }'));
  await applyAndRestart();
  await pollBusy(1);
  expect(await threshold()).toMatchObject({ points: 19 });
  await setRank(product, 'p19', 4);
  product.clock.forwardTo(new Date('2026-03-11T02:00:01Z'));
  await addPendingWork();
  await product.context.enqueue('nightly', {});
  await product.runUntilIdle();
  expect(await nights()).toEqual([['running', null]]);
  await pollBusy(2);
  expect(await nights()).toEqual([['done', { moved: expect.any(Number) }]]);
  expect(await threshold()).toMatchObject({ points: 18 });
  expect(await hot()).toContain('p17');
});

test('the first backfill ends although there is always pending work, and not before all its results are written', async () => {
  await open('{ top: 10%, floor: 5 }', upTo(20));
  const { db, clock } = product.context;
  const run = await openRun(db, { job: 'backfill', slot: null, state: 'running' }, clock.now());
  await product.context.enqueue('sync-streams', { crm: 'hubspot' });
  await product.faults({ match: { path: 'batch/update', times: 4 }, action: { status: 503 } });
  await product.runUntilIdle();
  expect(await findRun(db, run!.id)).toMatchObject({ state: 'running' });
  await pollBusy(3);
  expect(await findRun(db, run!.id)).toMatchObject({ state: 'done' });
  expect(await hot()).toContain('p19');
});

test('by day, the first threshold of one model leaves that of another as it is until the night', async () => {
  const text = modelText('{ top: 10%, floor: 5 }');
  const settings = { MODEL_FILE: writeModels(folder, [{ name: 'best', text }]) };
  product = await openTestProduct({ dataset: rankedLeads(upTo(20)), settings });
  await product.backfill();
  expect(await threshold()).toMatchObject({ points: 19 });
  await setRank(product, 'p0', 50);
  await product.sync();
  const other = text.replace('name: best', 'name: other').replace('top: 10%', 'top: 20%');
  writeModels(folder, [
    { name: 'best', text },
    { name: 'other', text: other, role: 'shadow' },
  ]);
  await applyAndRestart();
  await product.poll();
  const { db, models } = product.context;
  const second = async () => (await thresholdsOf(db, models[1]?.hash ?? ''))[0];
  expect(await second()).toMatchObject({ points: 18 });
  expect(await threshold()).toMatchObject({ points: 19 });
  await setRank(product, 'p1', 51);
  await product.sync();
  await product.nightly();
  expect(await second()).toMatchObject({ points: 19 });
  expect(await threshold()).toMatchObject({ points: 50 });
});

// With one shared session, a transaction that locks a lead blocks all others.
const isShared = BACKEND.name === 'embedded';

test.skipIf(isShared)(
  'no lead is written by the floor alone, however long the thresholds of a new model take',
  async () => {
    await open('{ top: 10%, floor: 5 }', upTo(20));
    await product.backfill();
    await writeFile(join(folder, 'model.yaml'), modelText('{ top: 10%, floor: 2 }'));
    await applyAndRestart();
    const before = (await product.log()).at(-1)?.seq;
    const { db } = product.context;
    const id = await leadIdOf('p0');
    await db
      .updateTable('leads')
      .set({ due_at: product.clock.now(), due_reason: 'model' })
      .where('id', '=', id)
      .execute();
    // One lead is locked by another worker and scored later; the others are scored meanwhile.
    await db.transaction().execute(async (other) => {
      await other.selectFrom('leads').select('id').where('id', '=', id).forUpdate().execute();
      for (let minute = 0; minute < 2; minute++) {
        product.advanceClock(60_000);
        await product.context.enqueue('score-leads', {});
        await product.runUntilIdle();
      }
    });
    expect(await threshold()).toBeUndefined();
    expect(await product.writes(before)).toEqual([]);
    // A record that cannot be read does not delay the thresholds.
    await product.faults({ match: { path: 'contacts/batch/read' }, action: { status: 503, body: {} } });
    await setRank(product, 'p0', 3);
    product.advanceClock(60_000);
    await product.poll();
    expect(await threshold()).toMatchObject({ points: 19 });
    expect(await hot()).toEqual(['p18', 'p19']);
    expect((await product.writes(before)).flatMap((call) => call.writes ?? []).filter(isHot)).toEqual([]);
  },
);
