// The worked example of docs/exports.md with the public file of 9,240 real leads, which is not part
// of this repository.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { leadgrade } from '../run-command.ts';

const ROOT = join(import.meta.dirname, '../../..');
const FILE = join(ROOT, '../shared/data/x-education-leads.csv');
const EXAMPLE = 'docs/examples/x-education';
const ARGS = ['--mapping', `${EXAMPLE}/mapping.yaml`, '--model', `${EXAMPLE}/model.yaml`];
const exists = existsSync(FILE);
if (!exists) console.warn('Skipped: the X Education example, because ../shared/data/x-education-leads.csv is absent.');

describe.skipIf(!exists)('the X Education export', () => {
  const score = (...args: readonly string[]) =>
    leadgrade(['score', '--csv', FILE, ...ARGS, '--as-of', '2026-11-22T00:00:00Z', '--json', ...args]);
  let sampled: Awaited<ReturnType<typeof score>>;
  let scored: Awaited<ReturnType<typeof score>>;
  beforeAll(async () => {
    [sampled, scored] = await Promise.all([score('--sample'), score()]);
  });

  test('is scored completely, and the conversion rate rises with every band and grade', () => {
    expect(sampled.code).toBe(0);
    const report = JSON.parse(sampled.stdout);
    expect(report).toMatchObject({ leads: 9240, refused: 0, outcome: { known: 9240, reached: 3561 } });
    for (const list of [report.bands, report.grades]) {
      const filled = list.filter((each: { leads: number }) => each.leads > 0);
      const shares = filled.map((each: { outcome: { share: number } }) => each.outcome.share);
      expect(shares.length).toBeGreaterThan(3);
      expect(shares).toEqual(shares.toSorted((a: number, b: number) => a - b));
      expect(new Set(shares).size).toBe(shares.length);
    }
  });

  test('gets explanations that sum to the scores, and the same bands as the sample', () => {
    const results = scored.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(results).toHaveLength(9240);
    const counts = new Map<string, number>();
    for (const { explanation, total, status } of results) {
      const points = [...explanation.matchAll(/^[+-]\d+/gm)].map(([text]) => Number(text));
      if (points.reduce((sum, each) => sum + each, 0) !== total)
        expect.fail('an explanation does not sum to its score');
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    for (const { status, leads } of JSON.parse(sampled.stdout).bands) expect(counts.get(status)).toBe(leads);
  });
});
