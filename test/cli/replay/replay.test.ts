// Replays: what a score was, from what Leadgrade had read by then.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endWithTest } from '../../../sandbox/test/end-with-test.ts';
import { openTestProduct, type TestProduct } from '../../support/product.ts';
import { leadgradeHere } from '../run-command.ts';
import { replayAll } from './replay-all.ts';

const DAY_MS = 86_400_000;
let product: TestProduct;

const person = (index: number) => [...product.sandbox.contactIds.values()][index] ?? '';

/** Three nights with days between, on which people act, and one record is deleted. */
beforeAll(async () => {
  product = await openTestProduct({ people: 30 });
  await product.backfill();
  for (let day = 0; day < 3; day++) {
    await product.nightly();
    const contactId = person(day);
    await product.control('POST', 'activities', { contactId, type: 'form_submission', attributes: { form: 'demo' } });
    await product.control('PATCH', `contacts/${person(9)}`, { properties: { jobtitle: `VP Sales ${day}` } });
    if (day === 1) await product.control('DELETE', `contacts/${person(8)}`);
    product.advanceClock(3_600_000);
    await product.sync();
  }
});

afterAll(() => product.close());

test('every result of three days is replayed with the same grade, scores, status and lines, but for the record that was deleted since', async () => {
  const { results, refused } = await replayAll(product.context);
  expect(results.length).toBeGreaterThan(40);
  for (const { stored, replayed } of results) expect(replayed).toEqual(stored);
  expect(refused.length).toBeLessThan(5);
  const { db } = product.context;
  const changed = await db.selectFrom('leads').select('id').where('records_changed_at', 'is not', null).execute();
  const ids = changed.map(({ id }) => id);
  expect(refused.map(({ lead }) => lead).filter((lead) => !ids.includes(lead))).toEqual([]);
});

test('a replay from before an activity was seen does not know it', async () => {
  const contact = person(2);
  const seen = await product.context.db
    .selectFrom('activities')
    .select('seen_at')
    .where('record_id', '=', contact)
    .where('type', '=', 'form_submission')
    .orderBy('seen_at', 'desc')
    .executeTakeFirstOrThrow();
  const before = new Date(seen.seen_at.getTime() - 1);
  const [knew, knows] = await Promise.all(
    [before, seen.seen_at].map((at) =>
      leadgradeHere(['explain', `hubspot:${contact}`, '--as-of', at.toISOString(), '--json'], { env: product.env }),
    ),
  );
  const demo = (text: string | undefined) =>
    JSON.parse(text ?? '').contributions.find(({ signal }: { signal: string }) => signal === 'demo_request');
  expect(demo(knows?.stdout).points).toBeGreaterThan(demo(knew?.stdout).points);
});

test('a replay from before the records of a person changed is refused with the date', async () => {
  const { db, clock } = product.context;
  await db.updateTable('leads').set({ records_changed_at: clock.now() }).where('id', '=', 1).execute();
  const { id } = await db.selectFrom('records').select('id').where('lead_id', '=', 1).executeTakeFirstOrThrow();
  const at = new Date(clock.now().getTime() - DAY_MS).toISOString();
  expect(await leadgradeHere(['explain', `hubspot:${id}`, '--as-of', at], { env: product.env })).toMatchObject({
    ...{ code: 2, stdout: '' },
    stderr: expect.stringMatching(/^The records of this person changed on 2026-/),
  });
});

test('score --store replays all leads with another model, and an instant in the future is refused', async () => {
  const text = await readFile(new URL('../../../mappings/model.yaml', import.meta.url), 'utf8');
  const file = join(tmpdir(), `leadgrade-replay-${process.pid}.yaml`);
  endWithTest(() => rm(file));
  await writeFile(file, text.replace('demo, contact sales] } }, points: 40', 'demo, contact sales] } }, points: 90'));
  const at = product.context.clock.now().toISOString();
  const run = (...args: readonly string[]) => leadgradeHere(['score', '--store', ...args], { env: product.env });
  const { stdout } = await run('--as-of', at, '--json', '--model', file);
  const scored = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(scored.length).toBeGreaterThan(25);
  const demo = scored.flatMap(({ contributions }) =>
    contributions.filter(({ signal }: { signal: string }) => signal === 'demo_request'),
  );
  expect(Math.max(...demo.map(({ points }) => points))).toBeGreaterThan(40);
  expect(await run('--as-of', '2099-01-01T00:00:00Z')).toMatchObject({ code: 2, stdout: '' });
  expect(await run('--as-of', '2019-01-01T00:00:00Z')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('HISTORY_DAYS'),
  });
  for (const args of [[], ['--as-of', 'yesterday']]) {
    expect(await run(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining('--as-of with an instant') });
  }
});
