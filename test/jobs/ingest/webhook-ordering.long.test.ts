// Webhooks arrive twice, in any order, too early or never. Whenever jobs run and the product is
// restarted, the scores and the CRM must end as without these disturbances. The expected end is
// that of a second product, which reads the portal once at the end and receives each demo request
// once.
//
// FC_SEED repeats a run, FC_RUNS is the number of runs, FC_PATH repeats the failed one.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pendingWork } from '../../../src/store/sync/pending-work.ts';
import { BACKEND } from '../../support/backends.ts';
import { repetitions } from '../../support/fault-runs.ts';
import { changed, PUBLIC_URL, storeWebhook } from '../../support/hubspot-webhooks.ts';
import { ACME, leads } from '../../support/leads.ts';
import { writeMeetingModel } from '../../support/meeting-model.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { type RunningProduct, runProduct } from '../../support/running-product.ts';
import { expectInSync, logEnd, timesWritten } from '../faults/assertions.ts';
import { KINDS, type Kind, portalChanges, sendDemoRequest } from './random-portal-changes.ts';

const CONTACTS = 5;
const RUNS = Number(process.env.FC_RUNS ?? repetitions({ usual: 2, full: 8 }));

const request = {
  kind: fc.constantFrom(...KINDS),
  who: fc.nat(2 * CONTACTS),
  other: fc.nat(2 * CONTACTS),
  title: fc.constantFrom('VP Sales', 'Student', 'Chief Revenue Officer', 'Sales intern', 'Head of Sales'),
  passMs: fc.nat(20_000),
};
type Job = 'none' | 'run' | 'poll' | 'restart';

interface Step {
  readonly kind: Kind;
  readonly who: number;
  readonly other: number;
  readonly title: string;
  /** For each delivery of all events, its delay in steps. Empty: the webhooks are lost. */
  readonly deliveries: readonly number[];
  /** Whether the events are also delivered before the change can be read. */
  readonly early: boolean;
  readonly passMs: number;
  readonly job: Job;
}

const scripts = (step: fc.Arbitrary<Step>) => fc.array(step, { minLength: 8, maxLength: 20, size: 'max' });
const disturbed = scripts(
  fc.record({
    ...request,
    deliveries: fc.array(fc.nat(4), { maxLength: 3 }),
    early: fc.boolean(),
    job: fc.constantFrom('none', 'none', 'run', 'run', 'poll', 'restart'),
  }),
);
const allDelivered = scripts(
  fc.record({
    ...request,
    deliveries: fc.array(fc.nat(4), { minLength: 1, maxLength: 3 }),
    early: fc.constant(false),
    job: fc.constantFrom('none', 'run'),
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
    // The search lists a change a moment later than a read by ID shows it.
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
  if (job === 'run') await product.runUntilIdle();
  if (job === 'poll') await product.poll();
  // Enqueued jobs are lost with the process, as with a lost queue.
  if (job === 'restart') await product.restart();
}

interface PlayedScript {
  readonly portal: ReturnType<typeof portalChanges>;
  /** The number of changes of each contact. */
  readonly changes: ReadonlyMap<string, number>;
}

async function play(product: TestProduct, script: readonly Step[]): Promise<PlayedScript> {
  const seen = await product.contacts();
  const companies = [...new Set(seen.flatMap(({ companyId }) => companyId ?? []))].toSorted();
  const portal = portalChanges(
    product,
    seen.map(({ id }) => id),
    companies,
  );
  const changes = new Map<string, number>();
  const undelivered: { readonly at: number; readonly payload: object }[] = [];
  const payload = (event: object, occurredAt: number) =>
    changed('0', { portalId: Number(product.sandbox.portalId), occurredAt, attemptNumber: occurredAt % 5, ...event });
  for (const [at, { deliveries, early, passMs, job, ...request }] of script.entries()) {
    const change = portal.change(request);
    if (change !== null) {
      const occurredAt = product.clock.now().getTime();
      if (early && deliveries.length > 0 && change.isNew === undefined) {
        await deliver(
          product,
          change.events.map((event) => payload(event, occurredAt)),
        );
        await product.runUntilIdle();
      }
      await change.apply();
      for (const id of change.touches) changes.set(id, (changes.get(id) ?? 0) + 1);
      const payloads = change.events.map((event) => payload(event, occurredAt));
      for (const delay of deliveries) undelivered.push(...payloads.map((sent) => ({ at: at + delay, payload: sent })));
    }
    const due = undelivered.filter((delivery) => delivery.at === at).map((delivery) => delivery.payload);
    await deliver(product, due.toReversed());
    product.advanceClock(passMs);
    await run(product, job);
  }
  await deliver(
    product,
    undelivered.filter((delivery) => delivery.at >= script.length).map((delivery) => delivery.payload),
  );
  return { portal, changes };
}

/** The score, the reasons and the activities of each live contact in the store, by ID. */
async function scoredContacts({ context: { db } }: RunningProduct): Promise<Readonly<Record<string, object>>> {
  const rows = await db
    .selectFrom('records')
    .innerJoin('leads', 'leads.id', 'records.lead_id')
    .leftJoin('results', 'results.id', 'leads.result_id')
    .select(['records.id', 'records.lead_id', 'grade', 'fit_score', 'behavior_score', 'total', 'status'])
    .select('contributions')
    .where('state', '=', 'live')
    .execute();
  const activities = await db
    .selectFrom('activities')
    .select(['lead_id', 'type', 'at'])
    .where('gone_at', 'is', null)
    .execute();
  return Object.fromEntries(
    rows.map(({ id, lead_id, contributions, ...score }) => {
      // A repeated demo request scores once, and is visible only in the activities.
      const done = activities
        .filter((activity) => activity.lead_id === lead_id)
        .map(({ type, at }) => `${at.toISOString()} ${type}`);
      // A change of the wording alone (dates, counts) inserts no new result.
      const reasons = contributions?.map(([signal, points]) => [signal, points]);
      return [id, { ...score, reasons: reasons ?? null, done: done.toSorted() }];
    }),
  );
}

/** The contacts whose score has decayed since it was computed. */
async function decayedContacts({ context }: RunningProduct): Promise<ReadonlySet<string>> {
  const rows = await context.db
    .selectFrom('records')
    .innerJoin('leads', 'leads.id', 'records.lead_id')
    .select('records.id')
    .where('next_change_at', '<=', context.clock.now())
    .execute();
  return new Set(rows.map(({ id }) => id));
}

/**
 * A product that was not running meanwhile computes the same scores, and has nothing to write to
 * the CRM.
 */
async function expectAsUndisturbed(product: TestProduct, { portal }: PlayedScript): Promise<void> {
  const installation = await BACKEND.create();
  const other = await runProduct({ ...product.env, ...installation.env }, product.clock);
  try {
    const since = await logEnd(product);
    for (const demo of portal.demos()) await sendDemoRequest(other, demo);
    await other.backfill();
    other.advanceClock(60_000);
    await other.runUntilIdle();
    const { db, clock } = other.context;
    expect(await pendingWork(db, clock.now(), ['hubspot'])).toMatchObject({ dirty: 0, due: 0, outbox: 0 });
    const decayed = await decayedContacts(product);
    const withoutDecayed = (all: Readonly<Record<string, object>>) =>
      Object.fromEntries(Object.entries(all).filter(([id]) => !decayed.has(id)));
    const expected = await scoredContacts(other);
    expect(Object.keys(expected).toSorted()).toEqual(portal.live().toSorted());
    expect(withoutDecayed(await scoredContacts(product))).toEqual(withoutDecayed(expected));
    expect([...(await timesWritten(product, since)).keys()].filter((id) => !decayed.has(id))).toEqual([]);
  } finally {
    await other.close();
    await installation.destroy();
  }
}

/** No data is left of contacts that the CRM has erased. */
async function expectErased({ context: { db } }: TestProduct, { portal }: PlayedScript): Promise<void> {
  const ids = portal.erased();
  if (ids.length === 0) return;
  const records = await db.selectFrom('records').selectAll().where('id', 'in', ids).execute();
  for (const record of records) {
    expect(record).toMatchObject({ state: 'gone', erased_at: expect.any(Date), fields: {}, crm_values: {} });
  }
  expect(await db.selectFrom('activities').select('id').where('record_id', 'in', ids).execute()).toEqual([]);
}

/** How a product learns what the webhooks did not tell it. */
interface CatchUp {
  /** What must happen until the scores are right again. */
  readonly scores: (product: TestProduct) => Promise<void>;
  /** What must happen until erased contacts are erased here too, if more than that. */
  readonly erasures: (product: TestProduct) => Promise<void>;
}

async function check(script: readonly Step[], catchUp: CatchUp): Promise<void> {
  const product = await open();
  try {
    product.advanceClock(60_000);
    await product.backfill();
    const begin = await logEnd(product);
    const played = await play(product, script);
    await catchUp.scores(product);
    // One write per change, and one for the decay.
    for (const [id, times] of await timesWritten(product, begin)) {
      expect(times, `writes of ${id}`).toBeLessThanOrEqual((played.changes.get(id) ?? 0) + 1);
    }
    await expectAsUndisturbed(product, played);
    const end = await logEnd(product);
    await product.backfill();
    expect(await product.writes(end)).toEqual([]);
    product.advanceClock(10_000);
    await expectInSync(product);
    await catchUp.erasures(product);
    await expectErased(product, played);
  } finally {
    await product.close();
  }
}

// Without shrinking, which would take longer than reading the failed script. Its seed and path are
// printed.
const { FC_SEED, FC_PATH } = process.env;
const SEED = Number(FC_SEED ?? Date.now() % 2 ** 31);
console.log(`webhook ordering: ${RUNS} random scripts for each test, 8 in npm run test:faults, FC_SEED=${SEED}`);
const FC_OPTIONS = {
  ...{ numRuns: RUNS, endOnFailure: true, seed: SEED },
  ...(FC_PATH === undefined ? {} : { path: FC_PATH }),
};

test('polls and a night repair lost, duplicate, reordered and early webhooks', { timeout: 600_000 }, async () => {
  const catchUp: CatchUp = {
    scores: async (product) => {
      for (let count = 0; count < 2; count++) {
        product.advanceClock(60_000);
        await product.poll();
      }
      await product.nightly();
      product.advanceClock(60_000);
      await product.poll();
    },
    // A contact that is not there can be part of a merge: only the second night erases it.
    erasures: async (product) => {
      product.advanceClock(24 * 3_600_000);
      await product.nightly();
    },
  };
  await fc.assert(
    fc.asyncProperty(disturbed, (script) => check(script, catchUp)),
    FC_OPTIONS,
  );
});

test('no poll is needed if every webhook arrives at least once', { timeout: 600_000 }, async () => {
  const catchUp: CatchUp = {
    scores: async (product) => {
      // For debounced records and the jobs that they enqueue.
      for (let count = 0; count < 3; count++) {
        product.advanceClock(20_000);
        await product.runUntilIdle();
      }
    },
    erasures: async () => {},
  };
  await fc.assert(
    fc.asyncProperty(allDelivered, (script) => check(script, catchUp)),
    FC_OPTIONS,
  );
});
