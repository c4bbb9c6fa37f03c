// Webhooks come twice, in any order, too early or never: whatever happens to them, and whenever jobs run and the product is started
// again, scores and the CRM end as they would have without all that. What that is, a second product says, which was not there
// meanwhile: it reads the portal as it is in the end, and is told of each demo once.
//
// FC_SEED repeats a run, FC_RUNS says how many there are, FC_PATH repeats the one that failed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pendingWork } from '../../../src/store/sync/pending-work.ts';
import { DEFAULT_BACKEND } from '../../support/backends.ts';
import { changed, PUBLIC_URL, storeWebhook } from '../../support/hubspot-webhooks.ts';
import { ACME, leads } from '../../support/leads.ts';
import { writeMeetingModel } from '../../support/meeting-model.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { type RunningProduct, runProduct } from '../../support/running-product.ts';
import { expectInSync, logEnd, timesWritten } from '../faults/assertions.ts';
import { KINDS, type Kind, portalChanges, sendDemoRequest } from './random-portal-changes.ts';

const CONTACTS = 5;
const RUNS = Number(process.env.FC_RUNS ?? 4);

const wish = {
  kind: fc.constantFrom(...KINDS),
  who: fc.nat(2 * CONTACTS),
  other: fc.nat(2 * CONTACTS),
  title: fc.constantFrom('VP Sales', 'Student', 'Chief Revenue Officer', 'Sales intern', 'Head of Sales'),
  passMs: fc.nat(20_000),
};
type Job = 'none' | 'settle' | 'tick' | 'restart';

interface Step {
  readonly kind: Kind;
  readonly who: number;
  readonly other: number;
  readonly title: string;
  /** One delivery of all events each, so many steps late; none: the webhooks are lost. */
  readonly deliveries: readonly number[];
  /** Whether there is one more, before the change can be read. */
  readonly early: boolean;
  readonly passMs: number;
  readonly job: Job;
}

const scripts = (each: fc.Arbitrary<Step>) => fc.array(each, { minLength: 8, maxLength: 20, size: 'max' });
const disturbed = scripts(
  fc.record({
    ...wish,
    deliveries: fc.array(fc.nat(4), { maxLength: 3 }),
    early: fc.boolean(),
    job: fc.constantFrom('none', 'none', 'settle', 'settle', 'tick', 'restart'),
  }),
);
const toldOfAll = scripts(
  fc.record({
    ...wish,
    deliveries: fc.array(fc.nat(4), { minLength: 1, maxLength: 3 }),
    early: fc.constant(false),
    job: fc.constantFrom('none', 'settle'),
  }),
);

let folder: string;
let model: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-orders-'));
  model = await writeMeetingModel(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function open(): Promise<TestProduct> {
  const dataset = leads(CONTACTS);
  const other = { ...ACME, key: 'other', name: 'Other', domain: 'other.example', industry: 'RETAIL', employees: 3 };
  const elsewhere = dataset.people.map((person, at) => (at === 0 ? { ...person, company: 'other' } : person));
  return openTestProduct({
    dataset: { ...dataset, companies: [ACME, other], people: elsewhere },
    // The search shows a change a moment later than a read by id does.
    sandbox: { searchLagMs: 2_000 },
    settings: { MODEL_FILE: model, PUBLIC_URL },
  });
}

async function deliver(product: TestProduct, payloads: readonly object[]): Promise<void> {
  if (payloads.length === 0) return;
  expect(await storeWebhook(product, payloads)).toMatchObject({ kind: 'accepted', unparsed: [], ignored: {} });
  await product.context.enqueue('process-inbox', {});
}

async function run(product: TestProduct, job: Job): Promise<void> {
  if (job === 'settle') await product.runUntilIdle();
  if (job === 'tick') await product.poll();
  // What was rung for is lost with it, as with a queue that is lost.
  if (job === 'restart') await product.restart();
}

interface Played {
  readonly portal: ReturnType<typeof portalChanges>;
  /** How often each contact was touched. */
  readonly touched: ReadonlyMap<string, number>;
}

async function play(product: TestProduct, script: readonly Step[]): Promise<Played> {
  const seen = await product.contacts();
  const companies = [...new Set(seen.flatMap(({ companyId }) => companyId ?? []))].toSorted();
  const portal = portalChanges(
    product,
    seen.map(({ id }) => id),
    companies,
  );
  const touched = new Map<string, number>();
  const waiting: { readonly at: number; readonly payload: object }[] = [];
  const payload = (event: object, occurredAt: number) =>
    changed('0', { portalId: Number(product.sandbox.portalId), occurredAt, attemptNumber: occurredAt % 5, ...event });
  for (const [at, { deliveries, early, passMs, job, ...wish }] of script.entries()) {
    const change = portal.change(wish);
    if (change !== null) {
      const occurredAt = product.clock.now().getTime();
      if (early && deliveries.length > 0 && change.isNew === undefined) {
        await deliver(
          product,
          change.events.map((event) => payload(event, occurredAt)),
        );
        await product.runUntilIdle();
      }
      await change.happens();
      for (const id of change.touches) touched.set(id, (touched.get(id) ?? 0) + 1);
      const payloads = change.events.map((event) => payload(event, occurredAt));
      for (const late of deliveries) waiting.push(...payloads.map((each) => ({ at: at + late, payload: each })));
    }
    const now = waiting.filter((each) => each.at === at).map((each) => each.payload);
    await deliver(product, now.toReversed());
    product.advanceClock(passMs);
    await run(product, job);
  }
  await deliver(
    product,
    waiting.filter((each) => each.at >= script.length).map((each) => each.payload),
  );
  return { portal, touched };
}

/** What each contact that is there is worth, and has done, as the store says; by its id. */
async function worths({ context: { db } }: RunningProduct): Promise<Readonly<Record<string, object>>> {
  const rows = await db
    .selectFrom('records')
    .innerJoin('leads', 'leads.id', 'records.lead_id')
    .leftJoin('results', 'results.id', 'leads.result_id')
    .select(['records.id', 'records.lead_id', 'grade', 'fit_score', 'behavior_score', 'total', 'status'])
    .select('contributions')
    .where('state', '=', 'live')
    .execute();
  const ledger = await db
    .selectFrom('activities')
    .select(['lead_id', 'type', 'at'])
    .where('gone_at', 'is', null)
    .execute();
  return Object.fromEntries(
    rows.map(({ id, lead_id, contributions, ...worth }) => {
      // A demo counts once however often it is asked for: it shows in what was done alone.
      const done = ledger
        .filter((each) => each.lead_id === lead_id)
        .map(({ type, at }) => `${at.toISOString()} ${type}`);
      // When and how often is wording, for which no result is kept anew.
      const shown = contributions?.filter(({ points }) => points !== 0).map(({ signal, points }) => [signal, points]);
      return [id, { ...worth, reasons: shown ?? null, done: done.toSorted() }];
    }),
  );
}

/** Whose score has changed by itself since it was last told. */
async function faded({ context }: RunningProduct): Promise<ReadonlySet<string>> {
  const rows = await context.db
    .selectFrom('records')
    .innerJoin('leads', 'leads.id', 'records.lead_id')
    .select('records.id')
    .where('next_change_at', '<=', context.clock.now())
    .execute();
  return new Set(rows.map(({ id }) => id));
}

/** A product that was not there while all that happened finds everybody worth the same, and the CRM as it would leave it. */
async function expectAsUndisturbed(product: TestProduct, { portal }: Played): Promise<void> {
  const installation = await DEFAULT_BACKEND.create();
  const other = await runProduct({ ...product.env, ...installation.env }, product.clock);
  try {
    const since = await logEnd(product);
    for (const demo of portal.demos()) await sendDemoRequest(other, demo);
    await other.backfill();
    other.advanceClock(60_000);
    await other.runUntilIdle();
    const { db, clock } = other.context;
    expect(await pendingWork(db, clock.now(), ['hubspot'])).toMatchObject({ dirty: 0, due: 0, outbox: 0 });
    const hasFaded = await faded(product);
    const stays = (all: Readonly<Record<string, object>>) =>
      Object.fromEntries(Object.entries(all).filter(([id]) => !hasFaded.has(id)));
    const expected = await worths(other);
    expect(Object.keys(expected).toSorted()).toEqual(portal.live().toSorted());
    expect(stays(await worths(product))).toEqual(stays(expected));
    expect([...(await timesWritten(product, since)).keys()].filter((id) => !hasFaded.has(id))).toEqual([]);
  } finally {
    await other.close();
    await installation.destroy();
  }
}

/** Nothing is known any more of whom the CRM has erased. */
async function expectErased({ context: { db } }: TestProduct, { portal }: Played): Promise<void> {
  const ids = portal.erased();
  if (ids.length === 0) return;
  const known = await db.selectFrom('records').selectAll().where('id', 'in', ids).execute();
  for (const each of known) {
    expect(each).toMatchObject({ state: 'gone', erased_at: expect.any(Date), fields: {}, held: {} });
  }
  expect(await db.selectFrom('activities').select('id').where('record_id', 'in', ids).execute()).toEqual([]);
}

async function check(script: readonly Step[], find: (product: TestProduct) => Promise<void>): Promise<void> {
  const product = await open();
  try {
    product.advanceClock(60_000);
    await product.backfill();
    const begin = await logEnd(product);
    const played = await play(product, script);
    await find(product);
    // Once for each change, and once for what has faded.
    for (const [id, times] of await timesWritten(product, begin)) {
      expect(times, `writes of ${id}`).toBeLessThanOrEqual((played.touched.get(id) ?? 0) + 1);
    }
    await expectErased(product, played);
    await expectAsUndisturbed(product, played);
    const end = await logEnd(product);
    await product.backfill();
    expect(await product.writes(end)).toEqual([]);
    product.advanceClock(10_000);
    await expectInSync(product);
  } finally {
    await product.close();
  }
}

// Shrinking would take longer than to look at the script that failed: its seed and path are told.
const { FC_SEED, FC_PATH } = process.env;
const MANNER = {
  ...{ numRuns: RUNS, endOnFailure: true },
  ...(FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }),
  ...(FC_PATH === undefined ? {} : { path: FC_PATH }),
};

test('whatever becomes of webhooks, polls and the night make up for it', { timeout: 600_000 }, async () => {
  const find = async (product: TestProduct) => {
    for (let round = 1; round <= 2; round++) {
      product.advanceClock(60_000);
      await product.poll();
    }
    await product.nightly();
    product.advanceClock(60_000);
    await product.poll();
  };
  await fc.assert(
    fc.asyncProperty(disturbed, (script) => check(script, find)),
    MANNER,
  );
});

test('while every change is told of at least once, nobody need poll', { timeout: 600_000 }, async () => {
  const find = async (product: TestProduct) => {
    // For what rests, and for what is rung for then.
    for (let wait = 1; wait <= 3; wait++) {
      product.advanceClock(20_000);
      await product.runUntilIdle();
    }
  };
  await fc.assert(
    fc.asyncProperty(toldOfAll, (script) => check(script, find)),
    MANNER,
  );
});
