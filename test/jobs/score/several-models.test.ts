// Models side by side: two that write to the CRM, and a shadow that only keeps its results.
import { beforeEach, expect, test } from 'vitest';
import { scoreLeads } from '../../../jobs/score/score-leads.ts';
import { markDueByDecay } from '../../../src/store/leads/mark-due.ts';
import { leadgradeHere } from '../../cli/run-command.ts';
import { expectAsFresh } from '../../support/fresh-copy.ts';
import { type TestModel, writeModels } from '../../support/models.ts';
import { openTestProduct, type SeenContact, type TestProduct } from '../../support/product.ts';
import { testFolder } from '../../support/test-folder.ts';

/** Scores executives and directors only. */
const SENIOR: TestModel = {
  name: 'senior',
  where: '{ field: contact.title_level, one_of: [executive, director] }',
  replace: [['points: 30, label: Executive', 'points: 44, label: Executive']],
};
const NEXT: TestModel = {
  name: 'next',
  role: 'shadow',
  replace: [['points: 25, label: Director or head of', 'points: 5, label: Director or head of']],
};
const ALL = [{ name: 'everyone' }, SENIOR, NEXT];

let folder: string;
let product: TestProduct;
beforeEach(async () => {
  folder = await testFolder();
});

async function open(models: readonly TestModel[] = ALL): Promise<void> {
  product = await openTestProduct({ people: 40, settings: { MODEL_FILE: writeModels(folder, models) } });
  await product.backfill();
}

/** Opens the product again with other models, and scores what has become due. */
async function reopen(models: readonly TestModel[]): Promise<void> {
  writeModels(folder, models);
  await product.apply();
  // The fields of a model that is live now are known from the next start on.
  await product.restart();
  await product.setup();
  await product.sync();
}

const fieldOf = ({ properties }: SeenContact, name: string) => properties[`leadgrade_${name}`] ?? '';
const isSenior = (contact: SeenContact) => fieldOf(contact, 'senior_status') !== '';

/** The sum of the lines with points in an explanation. */
function sumOf(explanation: string): number {
  const points = explanation.split('\n').flatMap((line) => /^\s*([+-]\d+) /.exec(line)?.[1] ?? []);
  return points.reduce((sum, each) => sum + Number(each), 0);
}

const resultsOf = (model: string) =>
  product.context.db.selectFrom('results').selectAll().where('model', '=', model).execute();
const lastCall = async () => (await product.log()).at(-1)?.seq ?? 0;

test('the fields of each model add up, a model fills none of a lead outside its where, and a shadow none at all', async () => {
  await open();
  const contacts = (await product.contacts()).filter((contact) => fieldOf(contact, 'status') !== '');
  const senior = contacts.filter(isSenior);
  expect(senior.length).toBeGreaterThan(3);
  expect(senior.length).toBeLessThan(contacts.length);
  for (const contact of contacts) {
    for (const model of isSenior(contact) ? ['', 'senior_'] : ['']) {
      const [fit, behavior, total] = ['fit_score', 'behavior_score', 'total_score'].map((field) => {
        expect(fieldOf(contact, model + field)).toMatch(/^-?\d+$/);
        return Number(fieldOf(contact, model + field));
      });
      expect((fit ?? Number.NaN) + (behavior ?? Number.NaN)).toBe(total);
      expect(sumOf(fieldOf(contact, `${model}explanation`))).toBe(total);
    }
    expect(fieldOf(contact, 'model')).toMatch(/^everyone@/);
    expect(fieldOf(contact, 'senior_model')).toMatch(isSenior(contact) ? /^senior@/ : /^$/);
    expect(Object.keys(contact.properties).filter((name) => name.includes('next'))).toEqual([]);
  }
  expect((await resultsOf('next')).length).toBe(contacts.length);
});

test('two live models and a shadow are read and written in the same calls as one model', async () => {
  const calls: string[][] = [];
  for (const models of [[{ name: 'everyone' }], ALL]) {
    product = await openTestProduct({ people: 40, settings: { MODEL_FILE: writeModels(folder, models) } });
    const since = await lastCall();
    await product.backfill();
    const [contactId] = [...product.sandbox.contactIds.values()];
    await product.control('POST', 'activities', { contactId, type: 'form_submission', attributes: { form: 'demo' } });
    await product.nightly();
    const log = (await product.log()).filter(({ seq }) => seq > since);
    calls.push(log.map(({ method, path }) => `${method} ${path.split('?')[0]}`).toSorted());
    await product.close();
  }
  expect(calls[0]?.length).toBeGreaterThan(20);
  expect(calls[1]).toEqual(calls[0]);
});

test('a change of the shadow model gives new results and writes nothing', async () => {
  await open();
  const [before, since] = [await resultsOf('next'), await lastCall()];
  await reopen([
    { name: 'everyone' },
    SENIOR,
    { ...NEXT, replace: [['points: 15, label: Manager', 'points: 2, label: Manager']] },
  ]);
  expect(await product.writes(since)).toEqual([]);
  expect((await resultsOf('next')).length).toBeGreaterThan(before.length);
});

test('a lead that leaves the where of a model has its fields of that model cleared, and keeps those of the other', async () => {
  await open();
  const contact = (await product.contacts()).find(isSenior);
  const id = contact?.id ?? '';
  await product.control('PATCH', `contacts/${id}`, { properties: { jobtitle: 'Office assistant' } });
  await product.sync();
  const after = await product.contact(id);
  expect(fieldOf(after, 'status')).not.toBe('');
  for (const field of ['status', 'fit_grade', 'total_score', 'explanation', 'model', 'scored_at']) {
    expect(fieldOf(after, `senior_${field}`)).toBe('');
  }
  const since = await lastCall();
  await product.sync();
  expect(await product.writes(since)).toEqual([]);
});

test('a shadow that becomes live gets its fields in the CRM', async () => {
  await open();
  await reopen([{ name: 'everyone' }, SENIOR, { ...NEXT, role: 'live' }]);
  for (const contact of await product.contacts()) {
    expect(fieldOf(contact, 'next_status') === '').toBe(fieldOf(contact, 'status') === '');
  }
});

test('a shadow that becomes live gets its fields also where the service scored all leads before its restart', async () => {
  await open();
  writeModels(folder, [{ name: 'everyone' }, SENIOR, { ...NEXT, role: 'live' }]);
  await product.apply();
  // With the written fields of the start.
  await product.context.enqueue('score-leads', {});
  await product.runUntilIdle();
  await product.restart();
  await product.setup();
  await product.context.enqueue('score-leads', {});
  await product.runUntilIdle();
  const scored = (await product.contacts()).filter((contact) => fieldOf(contact, 'status') !== '');
  expect(scored.length).toBeGreaterThan(0);
  expect(scored.filter((contact) => fieldOf(contact, 'next_status') === '')).toEqual([]);
});

test('a night of decay scores with three models from the stored states, without activities', async () => {
  await open();
  const { db } = product.context;
  await db.deleteFrom('activities').execute();
  product.advanceClock(20 * 86_400_000);
  await markDueByDecay(db, product.clock.now());
  await scoreLeads(product.context);
  const decayed = await db.selectFrom('results').selectAll().where('cause', '=', 'decay').execute();
  expect(new Set(decayed.map(({ model }) => model))).toEqual(new Set([null, 'senior', 'next']));
  expect(decayed.filter(({ behavior_score }) => behavior_score > 0).length).toBeGreaterThan(5);
});

test('explain prints each model that scores the lead by its name and role, and why another does not', async () => {
  await open();
  const contacts = (await product.contacts()).filter((contact) => fieldOf(contact, 'status') !== '');
  const [senior, other] = [contacts.find(isSenior), contacts.find((contact) => !isSenior(contact))];
  const explain = (id = '', ...more: readonly string[]) =>
    leadgradeHere(['explain', `hubspot:${id}`, ...more], { env: product.env });
  const ofSenior = (await explain(senior?.id)).stdout;
  for (const heading of [/^everyone \(live\): /m, /^senior \(live\): \w+, grade/m, /^next \(shadow\): /m]) {
    expect(ofSenior).toMatch(heading);
  }
  expect((await explain(other?.id)).stdout).toMatch(/^senior \(live\): not scored, as contact\.title_level is \w+$/m);
  const json: unknown = JSON.parse((await explain(other?.id, '--json')).stdout);
  expect(json).toMatchObject({
    models: [
      { name: 'everyone', role: 'live', scored: true },
      { name: 'senior', scored: false },
      { name: 'next', role: 'shadow', scored: true },
    ],
  });
});

test('compare says which leads differ between a live model and a shadow, and by which line', async () => {
  await open();
  const compare = (...args: readonly string[]) => leadgradeHere(['compare', 'models', ...args], { env: product.env });
  const { stdout } = await compare('everyone', 'next');
  expect(stdout).toMatch(/^\d+ leads by everyone \(everyone@[\d.]+, live\) and next \(next@[\d.]+, shadow\), as of /);
  expect(stdout).toMatch(/Director or head of, -20 points on average/);
  const json: unknown = JSON.parse((await compare('everyone', 'senior', '--json')).stdout);
  expect(json).toMatchObject({ models: [{ name: 'everyone' }, { name: 'senior' }], only: [expect.any(Number), 0] });
  expect(await compare('everyone', 'unknown')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('There is no model "unknown". MODEL_FILE lists everyone, senior, next.'),
  });
});

test('a backfill and a night give the same results of all models as a fresh database', async () => {
  await open();
  await product.nightly();
  await expectAsFresh(product);
});
