// Bands of the best share of all leads (`top: 5%`): what that is in points follows the leads, night by night. The score of a lead here
// is the number in its job title: "Rank 40" is worth 40.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { thresholdsOf } from '../../../src/store/leads/band-thresholds.ts';
import { findRun, openRun } from '../../../src/store/sync/runs.ts';
import { leadgradeHere } from '../../cli/run-command.ts';
import { BACKENDS } from '../../support/backends.ts';
import { leads } from '../../support/leads.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';

const MOST = 60;
const CASES = Array.from({ length: MOST }, (_, at) => `{ when: { is: Rank ${at + 1} }, points: ${at + 1} }`);
const modelText = (hot: string, more = '') => `
name: best
version: "1"
fit: { criteria: [{ id: rank, field: contact.job_title, cases: [${CASES.join(', ')}] }] }
status: { basis: fit, bands: [{ id: hot, at_least: ${hot} }, { id: cold }] }
${more}`;

let folder: string;
let product: TestProduct;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-thresholds-'));
});
afterEach(async () => {
  await product.close();
  await rm(folder, { recursive: true });
});

/** Opens the product with leads p0, p1 ... of these ranks. */
async function open(hot: string, ranks: readonly number[]): Promise<void> {
  const file = join(folder, 'model.yaml');
  await writeFile(file, modelText(hot));
  const { people, ...rest } = leads(ranks.length);
  const dataset = { ...rest, people: people.map((each, at) => ({ ...each, jobTitle: `Rank ${ranks[at]}` })) };
  product = await openTestProduct({ dataset, settings: { MODEL_FILE: file } });
}

function setRank(key: string, rank: number): Promise<unknown> {
  return product.control('PATCH', `contacts/${product.idOf(key)}`, { properties: { jobtitle: `Rank ${rank}` } });
}

const threshold = async () => (await thresholdsOf(product.context.db, product.context.model.hash))[0];

/** Keys of the leads that are hot in the CRM. */
async function hot(): Promise<readonly string[]> {
  const shown = await product.contacts();
  const keys = new Map([...product.sandbox.contactIds].map(([key, id]) => [id, key]));
  return shown.filter(({ properties }) => properties.leadgrade_status === 'hot').map(({ id }) => keys.get(id) ?? id);
}

/** Results since then, as `p3 threshold`. */
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

const isHot = ({ properties }: { readonly properties: Readonly<Record<string, string>> }) =>
  properties.leadgrade_status === 'hot';

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

test('the best five percent are hot, from the first backfill on, and a night in which nothing moved changes nothing', async () => {
  await open('{ top: 5%, floor: 10 }', upTo(40));
  expect((await product.backfill()).state).toBe('done');
  expect(await threshold()).toMatchObject({ band: 'hot', points: 39, leads: 40 });
  expect((await hot()).toSorted()).toEqual(['p38', 'p39']);
  const explained = await leadgradeHere(['explain', `hubspot:${product.idOf('p38')}`], { env: product.env });
  expect(explained.stdout).toContain('hot: from 39 points (of 40 leads on 2026-03-10)');
  const [since, writes] = [await lastResult(), await product.writes()];
  // Whoever was never hot was not written as hot in between.
  const everHot = writes.flatMap((each) => each.writes ?? []).filter(isHot);
  expect(everHot).toHaveLength(2);
  const stamps = await product.context.db
    .selectFrom('results')
    .select('thresholds')
    .where('status', '=', 'cold')
    .execute();
  expect(stamps.some((each) => each.thresholds?.hot === 39)).toBe(true);

  await product.nightly();
  await product.nightly();
  expect(await results(since)).toEqual([]);
  expect(await product.writes()).toEqual(writes);
  const nights = await product.context.db.selectFrom('runs').selectAll().where('job', '=', 'nightly').execute();
  expect(nights.map(({ state, progress }) => [state, progress.thresholds, progress.moved])).toEqual([
    ['done', true, 0],
    ['done', true, 0],
  ]);
});

test('a lead between the old threshold and the new one is scored again in the morning, and nobody else', async () => {
  await open('{ top: 10%, floor: 5 }', upTo(20));
  await product.backfill();
  expect(await threshold()).toMatchObject({ points: 19 });
  await setRank('p19', 4);
  await product.sync();
  expect((await hot()).toSorted()).toEqual(['p18']);
  const since = await lastResult();
  await product.nightly();
  expect(await threshold()).toMatchObject({ points: 18 });
  expect(await results(since)).toEqual(['p17 threshold hot']);
  expect((await hot()).toSorted()).toEqual(['p17', 'p18']);

  await setRank('p0', 50);
  await setRank('p1', 51);
  await product.sync();
  const risen = await lastResult();
  await product.nightly();
  expect(await threshold()).toMatchObject({ points: 50 });
  expect((await results(risen)).toSorted()).toEqual(['p17 threshold cold', 'p18 threshold cold']);
});

test('hysteresis keeps a lead hot when the threshold rises a little, not when it rises a lot', async () => {
  await open('{ top: 10%, floor: 5, hysteresis: 3 }', upTo(20));
  await product.backfill();
  expect((await hot()).toSorted()).toEqual(['p18', 'p19']);
  await setRank('p0', 22);
  await setRank('p1', 21);
  await product.sync();
  const since = await lastResult();
  await product.nightly();
  expect(await threshold()).toMatchObject({ points: 21 });
  expect(await results(since)).toEqual([]);
  expect((await hot()).toSorted()).toEqual(['p0', 'p1', 'p18', 'p19']);
  await setRank('p2', 23);
  await setRank('p3', 23);
  await product.sync();
  const again = await lastResult();
  await product.nightly();
  expect(await threshold()).toMatchObject({ points: 23 });
  expect(await results(again)).toEqual(['p18 threshold cold']);
});

test('nobody is hot below the floor, customers do not count, and another model has thresholds of its own', async () => {
  await open('{ top: 50%, floor: 8 }', upTo(10));
  await product.control('PATCH', `contacts/${product.idOf('p9')}`, { properties: { lifecyclestage: 'customer' } });
  await product.backfill();
  expect(await threshold()).toMatchObject({ points: 8, leads: 9 });
  expect((await hot()).toSorted()).toEqual(['p7', 'p8']);

  await writeFile(join(folder, 'model.yaml'), modelText('{ top: 50%, floor: 2 }'));
  await product.restart();
  expect(await threshold()).toBeUndefined();
  await product.poll();
  expect(await threshold()).toMatchObject({ points: 5, leads: 9 });
  expect((await hot()).toSorted()).toEqual(['p4', 'p5', 'p6', 'p7', 'p8']);
});

test('killed before its thresholds were noted, a night works them out again and marks nobody twice', async () => {
  await open('{ top: 10%, floor: 5 }', upTo(20));
  await product.backfill();
  await product.nightly();
  const since = await lastResult();
  const { db } = product.context;
  await db
    .updateTable('runs')
    .set({ state: 'running', progress: '{"marked":true,"pulled hubspot":true}' })
    .where('job', '=', 'nightly')
    .execute();
  await product.poll();
  expect(await results(since)).toEqual([]);
  const [night] = await db.selectFrom('runs').selectAll().where('job', '=', 'nightly').execute();
  expect(night).toMatchObject({ state: 'done', progress: { thresholds: true, moved: 0 } });
});

/** As by day, when somebody has always just been scored and rests for a moment, and somebody else has just been changed in the CRM. */
async function somebodyIsBusy(): Promise<void> {
  const { db, clock } = product.context;
  const now = clock.now();
  const soon = new Date(now.getTime() + 4_000);
  const [rests, changed] = [await leadIdOf('p0'), product.idOf('p1')];
  await db.updateTable('leads').set({ due_at: soon, due_reason: 'changed' }).where('id', '=', rests).execute();
  await db.updateTable('records').set({ dirty_at: now, debounced_until: soon }).where('id', '=', changed).execute();
}

/** Rings as the service does, while somebody is always busy. */
async function minutes(count: number): Promise<void> {
  for (let minute = 0; minute < count; minute++) {
    product.advanceClock(60_000);
    await somebodyIsBusy();
    await product.poll();
  }
}

test('the thresholds of a new model, and a night, do not wait for the moment in which nobody is busy', async () => {
  await open('{ top: 10%, floor: 5 }', upTo(20));
  await product.backfill();
  await writeFile(join(folder, 'model.yaml'), modelText('{ top: 10%, floor: 2 }'));
  await product.restart();
  await minutes(1);
  expect(await threshold()).toMatchObject({ points: 19 });
  await setRank('p19', 4);
  product.clock.forwardTo(new Date('2026-03-11T02:00:01Z'));
  await somebodyIsBusy();
  await product.context.enqueue('nightly', {});
  await product.runUntilIdle();
  const { db } = product.context;
  const nights = db.selectFrom('runs').select(['state', 'progress']).where('job', '=', 'nightly');
  expect(await nights.execute()).toMatchObject([{ state: 'running' }]);
  await minutes(2);
  expect(await nights.execute()).toMatchObject([{ state: 'done', progress: { thresholds: true } }]);
  expect(await threshold()).toMatchObject({ points: 18 });
  expect(await hot()).toContain('p17');
});

test('a first backfill comes to its end although somebody is always busy, and not before everybody is written', async () => {
  await open('{ top: 10%, floor: 5 }', upTo(20));
  const { db, clock } = product.context;
  const run = await openRun(db, { job: 'backfill', slot: null, state: 'running' }, clock.now());
  await product.context.enqueue('sync-streams', { crm: 'hubspot' });
  await product.faults({ match: { path: 'batch/update', times: 4 }, action: { status: 503 } });
  await product.runUntilIdle();
  expect(await findRun(db, run!.id)).toMatchObject({ state: 'running' });
  await minutes(3);
  expect(await findRun(db, run!.id)).toMatchObject({ state: 'done' });
  expect(await hot()).toContain('p19');
});

// Where one session is shared, whoever holds a lead holds up everybody.
const isShared = !BACKENDS.some(({ name }) => name === 'postgres');

test.skipIf(isShared)(
  'nobody is written by the floor alone, however long the thresholds of a new model take',
  async () => {
    await open('{ top: 10%, floor: 5 }', upTo(20));
    await product.backfill();
    await writeFile(join(folder, 'model.yaml'), modelText('{ top: 10%, floor: 2 }'));
    await product.restart();
    const before = (await product.log()).at(-1)?.seq;
    const { db } = product.context;
    const id = await leadIdOf('p0');
    await db
      .updateTable('leads')
      .set({ due_at: product.clock.now(), due_reason: 'model' })
      .where('id', '=', id)
      .execute();
    // One is still to be scored, as another worker has it: meanwhile the others are.
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
    // And one that cannot be read just now holds nobody up.
    await product.faults({ match: { path: 'contacts/batch/read' }, action: { status: 503, body: {} } });
    await setRank('p0', 3);
    product.advanceClock(60_000);
    await product.poll();
    expect(await threshold()).toMatchObject({ points: 19 });
    expect((await hot()).toSorted()).toEqual(['p18', 'p19']);
    expect((await product.writes(before)).flatMap((each) => each.writes ?? []).filter(isHot)).toEqual([]);
  },
);
