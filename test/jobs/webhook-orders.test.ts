// Webhooks come twice, in any order, too early or never: whatever happens to them, and whenever jobs run and the product is started
// again, scores and the CRM end as if nothing had. FC_SEED and FC_RUNS try others; FC_PATH repeats the one that failed.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toArrivedEvent } from '../../connectors/webhook.ts';
import { putInInbox } from '../../src/store/inbox.ts';
import { changed, PUBLIC_URL, signed } from '../support/hubspot-webhooks.ts';
import { ACME, leads } from '../support/leads.ts';
import { openTestProduct, type TestProduct } from '../support/product.ts';
import { expectSettled, logEnd, scores, timesWritten } from './faults/oracle.ts';
import { type Change, KINDS, type Kind, portalChanges } from './portal-changes.ts';

const CONTACTS = 5;
const SEED = Number(process.env.FC_SEED ?? 20_260_310);
const RUNS = Number(process.env.FC_RUNS ?? 2);

const wish = {
  kind: fc.constantFrom(...KINDS),
  who: fc.nat(CONTACTS - 1),
  other: fc.nat(CONTACTS - 1),
  title: fc.constantFrom('VP Sales', 'Student', 'Chief Revenue Officer', 'Sales intern', 'Head of Sales'),
  passMs: fc.nat(20_000),
};
type Job = 'none' | 'settle' | 'tick' | 'restart';

interface Step {
  readonly kind: Kind;
  readonly who: number;
  readonly other: number;
  readonly title: string;
  /** One delivery each, so many steps late; none: the webhook is lost. */
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
  model = join(folder, 'model.yaml');
  const shipped = await readFile(new URL('../../mappings/model.yaml', import.meta.url), 'utf8');
  // The shipped one scores no meetings.
  const meeting = '    - { id: met, label: Met us, activity: meeting, points: 9, max_count: 5 }\n';
  await writeFile(model, shipped.replace('  signals:\n', `  signals:\n${meeting}`));
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

/** Through the connector's own receiver into the inbox, as the web role does it. */
async function deliver(product: TestProduct, payloads: readonly object[]): Promise<void> {
  if (payloads.length === 0) return;
  const { context, clock, sandbox } = product;
  const receivedAt = clock.now();
  const body = JSON.stringify(payloads);
  const verdict = context.crms.get('hubspot')?.connector.webhook?.receive({
    ...{ method: 'POST', url: `${PUBLIC_URL}/webhooks/hubspot`, rest: '', body: Buffer.from(body), receivedAt },
    headers: signed(body, { secret: sandbox.clientSecret, at: receivedAt }),
  });
  expect(verdict).toMatchObject({ kind: 'accepted', unread: [], ignored: {} });
  if (verdict?.kind !== 'accepted') return;
  await putInInbox(context.db, 'hubspot', verdict.events.map(toArrivedEvent), receivedAt);
  await context.ring('intake', {});
}

async function run(product: TestProduct, job: Job): Promise<void> {
  if (job === 'settle') await product.settle();
  if (job === 'tick') await product.tick();
  // What was rung for is lost with it, as with a queue that is lost.
  if (job === 'restart') await product.restart();
}

/** @returns how often each contact was touched */
async function play(product: TestProduct, script: readonly Step[]): Promise<ReadonlyMap<string, number>> {
  const contacts = leads(CONTACTS).people.map(({ key }) => product.idOf(key));
  const seen = await product.contacts();
  const companies = [...new Set(seen.flatMap(({ companyId }) => companyId ?? []))].toSorted();
  const portal = portalChanges(product, contacts, companies);
  const touched = new Map<string, number>();
  const waiting: { readonly at: number; readonly payload: object }[] = [];
  const payloadOf = ({ event }: Change, occurredAt: number) =>
    changed('0', { portalId: Number(product.sandbox.portalId), occurredAt, attemptNumber: occurredAt % 5, ...event });
  for (const [at, { deliveries, early, passMs, job, ...wish }] of script.entries()) {
    const change = portal.change(wish);
    if (change !== null) {
      const occurredAt = product.clock.now().getTime();
      if (early && deliveries.length > 0 && change.event !== null && change.isNew === undefined) {
        await deliver(product, [payloadOf(change, occurredAt)]);
        await product.settle();
      }
      await change.happens();
      for (const id of change.touches) touched.set(id, (touched.get(id) ?? 0) + 1);
      const payload = change.event === null ? null : payloadOf(change, occurredAt);
      if (payload !== null) waiting.push(...deliveries.map((late) => ({ at: at + late, payload })));
    }
    const now = waiting.filter((each) => each.at === at).map(({ payload }) => payload);
    await deliver(product, now.toReversed());
    product.pass(passMs);
    await run(product, job);
  }
  await deliver(
    product,
    waiting.filter((each) => each.at >= script.length).map(({ payload }) => payload),
  );
  return touched;
}

async function check(script: readonly Step[], find: (product: TestProduct) => Promise<void>): Promise<void> {
  const product = await open();
  try {
    product.pass(60_000);
    await product.backfill();
    const begin = await logEnd(product);
    const touched = await play(product, script);
    await find(product);
    // Once for each change, and once for what has faded.
    for (const [id, times] of await timesWritten(product, begin)) {
      expect(times, `writes of ${id}`).toBeLessThanOrEqual((touched.get(id) ?? 0) + 1);
    }
    const [before, end] = [await scores(product), await logEnd(product)];
    await product.backfill();
    expect(await product.writes(end)).toEqual([]);
    expect(await scores(product)).toEqual(before);
    product.pass(10_000);
    await expectSettled(product);
  } finally {
    await product.close();
  }
}

// Shrinking would take longer than to look at the script that failed.
const PATH = process.env.FC_PATH === undefined ? {} : { path: process.env.FC_PATH };
const MANNER = { seed: SEED, numRuns: RUNS, endOnFailure: true, ...PATH };

test('whatever becomes of webhooks, polls and the night make up for it', { timeout: 600_000 }, async () => {
  const find = async (product: TestProduct) => {
    for (let round = 1; round <= 2; round++) {
      product.pass(60_000);
      await product.tick();
    }
    await product.nightly();
    product.pass(60_000);
    await product.tick();
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
      product.pass(20_000);
      await product.settle();
    }
  };
  await fc.assert(
    fc.asyncProperty(toldOfAll, (script) => check(script, find)),
    MANNER,
  );
});
