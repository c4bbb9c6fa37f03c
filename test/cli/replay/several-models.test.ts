// Replays and histories where several models score side by side.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { seededDataset } from '../../../sandbox/dataset/seeded.ts';
import { writeModels } from '../../support/models.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { NOW } from '../../support/running-product.ts';
import { testFolder } from '../../support/test-folder.ts';
import { leadgradeHere } from '../run-command.ts';
import { replayAll } from './replay-all.ts';

const SENIOR = 'one_of: [executive, director]';
let product: TestProduct;
/** Before the director became an assistant, and after it. */
let before: string;
let after: string;
let director: string;
let backfilled: string;

beforeAll(async () => {
  const folder = await testFolder();
  const models = writeModels(folder, [
    { name: 'others', where: `{ field: contact.title_level, not: { ${SENIOR} } }` },
    {
      name: 'senior',
      where: `{ field: contact.title_level, ${SENIOR} }`,
      replace: [['points: 30, label: Executive', 'points: 44, label: Executive']],
    },
    { name: 'next', role: 'shadow', replace: [['points: 15, label: Manager', 'points: 1, label: Manager']] },
  ]);
  const seeded = seededDataset({ contacts: 24, seed: 1, now: NOW });
  const people = seeded.people.map((person, index) => {
    return index === 0 ? { ...person, jobTitle: 'Sales Director', lifecycle: 'lead' } : person;
  });
  product = await openTestProduct({ dataset: { ...seeded, people }, settings: { MODEL_FILE: models } });
  const instant = () => product.clock.now().toISOString();
  await product.backfill();
  director = product.idOf(people[0]?.key ?? '');
  backfilled = instant();
  await product.nightly();
  before = instant();
  const contactId = director;
  await product.control('POST', 'activities', { contactId, type: 'form_submission', attributes: { form: 'demo' } });
  await product.control('PATCH', `contacts/${director}`, { properties: { jobtitle: 'Office assistant' } });
  await product.sync();
  for (const { key } of people.slice(1, 3)) {
    await product.nightly();
    const form = { type: 'form_submission', attributes: { form: 'demo' } };
    await product.control('POST', 'activities', { contactId: product.idOf(key), ...form });
    await product.sync();
  }
  after = instant();
});
afterAll(() => product.close());

const leadgrade = (...args: readonly string[]) => leadgradeHere(args, { env: product.env });
const explain = (...args: readonly string[]) => leadgrade('explain', `hubspot:${director}`, ...args);

test('every result of three days by two live models and a shadow is replayed with the same numbers, also of a lead that went from one model to the other', async () => {
  const { results, refused } = await replayAll(product.context);
  expect(refused).toEqual([]);
  expect(new Set(results.map(({ model }) => model))).toEqual(new Set([null, 'senior', 'next']));
  for (const { stored, replayed } of results) expect(replayed).toEqual(stored);
});

test('a replay prints every live model that was in force by its name, and why one did not score the lead then', async () => {
  const then = (await explain('--as-of', before)).stdout;
  expect(then).toMatch(/^others \(live\): not scored, as contact\.title_level is director$/m);
  expect(then).toMatch(/^senior \(live\): \w+, grade \w+ \(senior@/m);
  expect(then).not.toContain('next');
  const now = (await explain('--as-of', after)).stdout;
  expect(now).toMatch(/^others \(live\): \w+, grade \w+ \(others@/m);
  expect(now).toMatch(/^senior \(live\): not scored, as contact\.title_level is assistant$/m);
  const json: unknown = JSON.parse((await explain('--as-of', before, '--json')).stdout);
  expect(json).toMatchObject({
    models: [
      { name: 'others', scored: false, outside: 'contact.title_level is director' },
      { name: 'senior', role: 'live', scored: true, model: expect.stringMatching(/^senior@/) },
    ],
  });
});

test('a replay from before an activity was read does not know it with any model, although it had happened', async () => {
  const { at, seen_at } = await product.context.db
    .selectFrom('activities')
    .select(['at', 'seen_at'])
    .where('record_id', '=', director)
    .where('type', '=', 'form_submission')
    .orderBy('seen_at', 'desc')
    .executeTakeFirstOrThrow();
  const unread = new Date(seen_at.getTime() - 1);
  expect(at.getTime()).toBeLessThan(unread.getTime());
  for (const model of [[], ['--model', 'next']]) {
    const replay = async (instant: Date) => (await explain('--as-of', instant.toISOString(), ...model)).stdout;
    expect(await replay(unread)).not.toContain('Requested a demo');
    expect(await replay(seen_at)).toContain('Requested a demo');
  }
});

test('a replay with the name of a model is that model alone, also a shadow; a name that none had is refused with those in force', async () => {
  const shadow = (await explain('--as-of', before, '--model', 'next')).stdout;
  expect(shadow).toMatch(/^hubspot:\d+ as of \S+, from what was known then: \w+, grade \w+ \(next@/);
  expect(await explain('--as-of', before, '--model', 'later')).toMatchObject({
    ...{ code: 2, stdout: '' },
    stderr: expect.stringMatching(/^There was no model "later" at .* In force: others, senior, next\./),
  });
  const { stdout } = await explain('--model', 'next');
  expect(stdout).toMatch(/^hubspot:\d+: \w+, grade \w+$/m);
  expect(stdout).not.toContain('senior');
});

test('score --store replays each lead with the models that scored it', async () => {
  const { stdout, stderr } = await leadgrade('score', '--store', '--as-of', before, '--json');
  const lines = stdout.trim().split('\n');
  const scored = lines.map((line) => z.object({ name: z.string(), id: z.string() }).parse(JSON.parse(line)));
  const senior = scored.filter(({ name }) => name === 'senior');
  expect(senior.map(({ id }) => id)).toContain(`hubspot:${director}`);
  expect(new Set(scored.map(({ id }) => id)).size).toBe(scored.length);
  const others = scored.length - senior.length;
  expect(others).toBeGreaterThan(5);
  expect(stderr).toContain(`${others} leads replayed by others, ${senior.length} by senior, 0 refused.`);
  const shadow = await leadgrade('score', '--store', '--as-of', backfilled, '--model', 'next');
  expect(shadow.stdout.trim().split('\n').length).toBeGreaterThanOrEqual(scored.length);
});

test('the history names each model that scored the lead, and the reason why one scores it no more', async () => {
  const { stdout } = await explain('--history');
  expect(stdout).toMatch(/^History of others \(live\), newest first \(UTC\):\n {2}2026-/m);
  expect(stdout).toMatch(
    /^History of senior \(live\), newest first \(UTC\):\n {2}no score now, as contact\.title_level is assistant\n {2}2026-/m,
  );
  expect(stdout).toMatch(/^History of next \(shadow\), newest first/m);
  expect(stdout).not.toContain('out of scope');
  const history = z.array(z.object({ model: z.string() }));
  const printed = z.object({ models: z.array(z.object({ name: z.string(), history })) });
  const { models } = printed.parse(JSON.parse((await explain('--json')).stdout));
  for (const { name, history: changes } of models) {
    expect(changes.length).toBeGreaterThan(0);
    for (const { model } of changes) expect(model.startsWith(`${name}@`)).toBe(true);
  }
});
