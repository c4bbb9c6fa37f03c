// The history of a score, as `npx leadgrade explain` prints it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { leads } from '../../support/leads.ts';
import { openTestProduct } from '../../support/product.ts';
import { testFolder } from '../../support/test-folder.ts';
import { leadgradeHere } from '../run-command.ts';

const modelText = (version: string, points: number) => `
name: titles
version: "${version}"
fit:
  criteria:
    - { id: title, label: Job title, field: contact.job_title, cases: [ { when: { is: Director }, points: ${points} }, { when: { is: Manager }, points: 10 } ] }
status: { basis: fit, bands: [ { id: hot, at_least: 20 }, { id: cold } ] }
`;

const printed = z.object({
  history: z.array(
    z.object({
      before: z.object({ total: z.number() }).nullable(),
      after: z.object({ total: z.number() }),
      parts: z.array(z.object({ kind: z.string(), points: z.number() })),
    }),
  ),
});

test('explain prints each change of a score with the field or the model that caused it, newest first, and that the lead left the scope', async () => {
  const folder = await testFolder();
  const file = join(folder, 'model.yaml');
  await writeFile(file, modelText('1', 30));
  const { people, ...rest } = leads(2);
  const dataset = { ...rest, people: people.map((person) => ({ ...person, jobTitle: 'Manager' })) };
  const product = await openTestProduct({ dataset, settings: { MODEL_FILE: file } });
  await product.backfill();
  const id = product.idOf('p0');
  const change = (properties: Readonly<Record<string, string>>) =>
    product.control('PATCH', `contacts/${id}`, { properties });
  const explain = async (...options: readonly string[]) =>
    (await leadgradeHere(['explain', `hubspot:${id}`, ...options], { env: product.env })).stdout;

  await change({ jobtitle: 'Director' });
  await product.sync();
  await writeFile(file, modelText('2', 40));
  await product.apply();
  await product.poll();

  const lines = (await explain('--history')).split('\n');
  expect(lines[0]).toBe('History, newest first (UTC):');
  expect(lines[1]).toMatch(
    /^ {2}2026-03-10 \d\d:\d\d {2}A hot {2}30 → 40 {2}model titles@1 → titles@2 \(title, case \{ is: Director \}: points 30 → 40\), Job title \(\+10\)$/,
  );
  expect(lines[2]).toMatch(/ {2}\w cold → A hot {2}10 → 30 {2}contact\.job_title Manager → Director \(\+20\)$/);
  expect(lines[3]).toMatch(/ {2}\w cold {2}10 {2}first score, Job title \(\+10\)$/);
  const recent = await explain('--limit', '1');
  expect(recent).toContain('History, newest first (UTC):\n');
  expect(recent).toContain('Older changes: --history, with --limit for more.');
  for (const { before, after, parts } of printed.parse(JSON.parse(await explain('--json'))).history) {
    expect(parts.reduce((sum, { points }) => sum + points, 0)).toBe(after.total - (before?.total ?? 0));
  }

  const { db } = product.context;
  const first = await db.selectFrom('results').select('id').where('previous_status', 'is', null).execute();
  const ids = first.map((row) => row.id);
  await db.deleteFrom('results').where('id', 'in', ids).execute();
  expect(await explain('--history')).toMatch(
    /Older changes were deleted: points are kept for \d+ days, grade and status for \d+\./,
  );

  await change({ lifecyclestage: 'customer' });
  await product.sync();
  expect((await explain('--history')).split('\n')[1]).toMatch(/no score: out of scope, or without a live record$/);
});
