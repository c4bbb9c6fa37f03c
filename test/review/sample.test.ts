// A sample report equals a count by hand.
import { expect, test } from 'vitest';
import type { Lead } from '../../src/domain/lead.ts';
import { printSample } from '../../src/review/print-sample.ts';
import { Sample } from '../../src/review/sample.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { did, leadOf, modelWith, NOW } from '../scoring/build.ts';

const model = modelWith({
  fit: {
    criteria: [
      {
        id: 'size',
        label: 'Size',
        field: 'company.employees',
        cases: [
          { when: { gte: 100 }, points: 20, label: 'Large' },
          { when: { gte: 10 }, points: 10, label: 'Medium' },
        ],
      },
    ],
  },
  behavior: {
    half_life: 'none',
    signals: [
      { id: 'demo', label: 'Demo', activity: 'form_submission', points: 30 },
      { id: 'opens', label: 'Opens', activity: 'email_open', points: 5, max_count: 4 },
    ],
    groups: [{ id: 'email', label: 'Email', signals: ['opens'], max: 8 }],
  },
  status: {
    bands: [
      { id: 'hot', label: 'Hot', at_least: 30 },
      { id: 'cold', label: 'Cold' },
    ],
  },
});

// Sizes and activities in every combination, so that no two counts are equal by chance.
const SIZES = [500, 200, 50, 5, 5, null, null, null];
const LEADS: readonly (readonly [Lead, boolean | null])[] = SIZES.flatMap((size, first) =>
  [0, 1, 2, 3, 4].map((opens, second) => {
    const demo = (first + second) % 3 === 0 ? [did('form_submission', 1)] : [];
    const unobserved = first === 7 ? ['email_open'] : [];
    const activities = [...demo, ...Array.from({ length: opens }, () => did('email_open', 2))];
    const lead = leadOf({ fields: { 'company.employees': size }, activities, unobserved });
    return [lead, second === 4 ? null : demo.length > 0] as const;
  }),
);

function sampleOf(leads: typeof LEADS) {
  const sample = new Sample(model);
  for (const [lead, outcome] of leads) sample.add(lead, scoreLead(lead, model, NOW), outcome);
  return sample.report();
}

test('the cases, signals, caps, grades, bands and outcomes of a sample equal a count by hand', () => {
  const report = sampleOf(LEADS);
  const results = LEADS.map(([lead, outcome]) => ({ result: scoreLead(lead, model, NOW), lead, outcome }));
  const naive = (chosen: typeof results) => {
    const known = chosen.filter(({ outcome }) => outcome !== null);
    const reached = known.filter(({ outcome }) => outcome).length;
    const share = known.length === 0 ? null : reached / known.length;
    return { leads: chosen.length, share: chosen.length / 40, outcome: { known: known.length, reached, share } };
  };
  const bySize = (test: (size: number | null) => boolean) =>
    naive(results.filter(({ lead }) => test(lead.fields['company.employees'] as number | null)));
  const points = (signal: string) =>
    results.flatMap(({ result }) => result.contributions.filter((each) => each.signal === signal));

  expect(report.leads).toBe(40);
  expect(report.fit).toMatchObject([{ criterion: 'size', unmatched: 10, unknown: 15, matched: { leads: 15 } }]);
  expect(report.fit[0]?.cases).toEqual([
    { label: 'Large', points: 20, ...bySize((size) => size !== null && size >= 100) },
    { label: 'Medium', points: 10, ...bySize((size) => size === 50) },
  ]);
  expect(report.fit[0]?.mean_points).toBe((10 * 20 + 5 * 10) / 40);
  expect(report.behavior.map(({ signal }) => signal)).toEqual(['demo', 'opens', 'cap:email']);
  for (const row of report.behavior) {
    const all = points(row.signal);
    const matched = all.filter(({ outcome }) => outcome === 'matched');
    const sum = all.reduce((total, { exact }) => total + exact, 0);
    expect(row.matched.leads).toBe(matched.length);
    expect(row.unknown).toBe(all.filter(({ outcome }) => outcome === 'unknown').length);
    expect(row.mean_points).toBeCloseTo(sum / 40, 9);
    expect(row.mean_points_when_matched).toBeCloseTo(sum / matched.length, 9);
  }
  expect(report.behavior[1]?.unknown).toBe(5);
  expect(report.bands).toEqual(
    ['cold', 'hot'].map((status) => ({
      status,
      label: status === 'hot' ? 'Hot' : 'Cold',
      ...naive(results.filter(({ result }) => result.status === status)),
    })),
  );
  expect(report.grades.map(({ grade }) => grade)).toEqual(['Ungraded', 'F', 'D', 'C', 'B', 'A']);
  for (const { grade, ...share } of report.grades) {
    expect(share).toEqual(naive(results.filter(({ result }) => result.grade === grade)));
  }
  expect(report.coverage.mean).toBe(25 / 40);
  expect(report.coverage.quarters.map(({ leads }) => leads)).toEqual([15, 0, 0, 25]);
  expect(report.outcome).toEqual(naive(results).outcome);
  const total = results.reduce((sum, { result }) => sum + result.total, 0);
  expect(report.mean.total).toBeCloseTo(total / 40, 9);
});

test('a sample without known outcomes reports no outcome, and a sample without leads contains no NaN', () => {
  const report = sampleOf(LEADS.map(([lead]) => [lead, null]));
  expect(JSON.stringify(report)).not.toContain('outcome');
  expect(printSample(report, '')).not.toContain('outcome');
  const empty = sampleOf([]);
  expect(JSON.stringify(empty)).not.toContain('NaN');
  expect(empty).toMatchObject({ leads: 0, mean: { total: 0 }, coverage: { mean: 0 } });
});

test('a sample report is printed as a table', () => {
  const lines = printSample(sampleOf(LEADS), 'Won').split('\n');
  expect(lines[1]).toBe('Outcome (Won): known for 32, reached by 11 (34.4 %).');
  expect(lines.find((line) => line.includes('Large'))).toMatch(/^ {2}Large +10 +20 +\d+\.\d %$/);
  expect(lines.find((line) => line.startsWith('Hot'))).toMatch(/^Hot +\d+ +\d+\.\d % +\d+\.\d %$/);
});
