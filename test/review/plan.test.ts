// What a plan says about a change of the model: differences in words, who moves and why.
import { expect, test } from 'vitest';
import { modelDifferences } from '../../src/review/plan/model-differences.ts';
import { tallyPlan } from '../../src/review/plan/plan.ts';
import { planPage } from '../../src/review/plan/plan-page.ts';
import type { Standing } from '../../src/review/plan/plan-report.ts';
import { driftOf, hashOfSources, type PlanSources, staleParts } from '../../src/review/plan/plan-sources.ts';
import { planText } from '../../src/review/plan/print-plan.ts';
import { whyMoved, whyRescored } from '../../src/review/plan/why-moved.ts';
import { yamlValue } from '../../src/yaml/yaml-value.ts';

const MODEL = `
name: small
version: "1"
fit:
  criteria:
    - id: title
      field: contact.job_title
      cases: [ { when: { has_word: [vp] }, points: 30 }, { when: { has_word: [manager] }, points: 10 } ]
behavior:
  half_life: 30d
  signals:
    - { id: pricing, label: Viewed pricing, activity: page_view, points: 25 }
    - { id: demo, label: Requested a demo, activity: form_submission, points: 40 }
status: { bands: [ { id: mql, at_least: 60, requires: { min_behavior: 10 } }, { id: cold } ] }
`;

const differencesTo = (edit: (text: string) => string) => modelDifferences(yamlValue(MODEL), yamlValue(edit(MODEL)));

test.each([
  ['points of a signal', 'points: 25', 'points: 30', ['pricing: points 25 → 30']],
  ['points of a case', 'points: 30', 'points: 35', ['title, case { has_word: [vp] }: points 30 → 35']],
  ['the half-life', '30d', '14d', ['behavior: half_life 30d → 14d']],
  ['a threshold', 'at_least: 60', 'at_least: 55', ['band mql: at_least 60 → 55']],
  [
    'the grades of a requirement',
    'min_behavior: 10',
    'min_behavior: 10, exclude_grades: [F]',
    ['band mql, requires: exclude_grades [F] is new'],
  ],
  ['a requirement', 'min_behavior: 10', 'min_behavior: 5', ['band mql, requires: min_behavior 10 → 5']],
  [
    'a signal that is gone',
    '    - { id: pricing, label: Viewed pricing, activity: page_view, points: 25 }\n',
    '',
    ['signal pricing is gone'],
  ],
  [
    'a new signal',
    '    - { id: pricing',
    '    - { id: call, label: Spoke to us, activity: call, points: 5 }\n    - { id: pricing',
    ['new signal call ("Spoke to us", 5 points)'],
  ],
  ['the version', 'version: "1"', 'version: "2"', []],
])('two models that differ in %s are compared in the words of the file', (_what, from, to, lines) => {
  expect(differencesTo((text) => text.replace(from, to))).toEqual(lines);
});

test('a value that is added to a long list, and one that is gone, are named alone', () => {
  const words = Array.from({ length: 30 }, (_, index) => `industry_${index}`);
  const listed = (values: readonly string[]) => yamlValue(MODEL.replace('[vp]', `[${values.join(', ')}]`));
  const when = (lines: readonly string[]) => lines.map((line) => line.replace(/case .*?(?= is gone| \()/, 'case ...'));
  expect(modelDifferences({ words }, { words: [...words.slice(1), 'new'] })).toEqual(['words: + new, - industry_0']);
  // Cases are told apart by the whole of their condition.
  expect(when(modelDifferences(listed(words), listed([...words, 'more'])))).toEqual([
    'title: case ... is gone',
    'title: new case ... (30 points)',
  ]);
});

test('two models whose cases are in another order are said to differ in it, as the first case that fits counts', () => {
  const [vp, manager] = ['{ when: { has_word: [vp] }, points: 30 }', '{ when: { has_word: [manager] }, points: 10 }'];
  const swapped = (text: string) => text.replace(`${vp}, ${manager}`, `${manager}, ${vp}`);
  expect(differencesTo(swapped)).toEqual(['title: the order of cases changed']);
});

function standing(
  status: string,
  total: number,
  points: Readonly<Record<string, number>>,
  gates: readonly string[] = [],
): Standing {
  const lines = Object.entries(points).map(([signal, each]) => [signal, { label: signal, points: each }] as const);
  return { status, grade: 'B', total, points: new Map(lines), gates };
}

test.each([
  [
    'more points for one line',
    standing('cold', 50, { pricing: 25, title: 25 }),
    standing('mql', 62, { pricing: 37, title: 25 }),
    'pricing 25 → 37',
  ],
  [
    'a line that is new',
    standing('cold', 50, { title: 50 }),
    standing('mql', 60, { title: 50, industry: 10 }),
    'industry 0 → 10',
  ],
  [
    'another threshold',
    standing('cold', 50, { title: 50 }),
    standing('mql', 50, { title: 50 }),
    'the limits of the bands',
  ],
  [
    'a gate that is lifted',
    standing('cold', 70, { title: 70 }, ['No authority']),
    standing('mql', 70, { title: 70 }),
    'no gate any more: No authority',
  ],
  ['a scope that takes the lead in', null, standing('mql', 70, { title: 70 }), 'in scope now, or not scored yet'],
])('a lead that rises by %s is told so', (_why, before, after, detail) => {
  expect(whyMoved({ before, after }, true).detail).toBe(detail);
});

test('a lead that falls with the same points, as they are a smaller share of what can be reached, is told its grade', () => {
  const before = standing('mql', 62, { pricing: 37, title: 25 });
  expect(whyMoved({ before, after: { ...before, status: 'cold', grade: 'C' } }, false).detail).toBe('grade B → C');
});

test('a lead that keeps its status is told which lines and which grade change', () => {
  const before = standing('mql', 62, { pricing: 37, title: 25 });
  const after = standing('mql', 72, { pricing: 37, title: 35 });
  expect(whyRescored({ before, after: { ...after, grade: 'A' } })).toBe('title 25 → 35; grade B → A');
  expect(whyRescored({ before, after: before })).toBe('');
});

test('a lead that falls although one line rose is told the line that fell', () => {
  const [before, after] = [
    standing('mql', 62, { pricing: 37, title: 25 }),
    standing('cold', 52, { pricing: 7, title: 45 }),
  ];
  expect(whyMoved({ before, after }, false).detail).toBe('pricing 37 → 7');
});

const BANDS = [
  { id: 'mql', label: 'MQL' },
  { id: 'cold', label: 'Cold <b>' },
];

function report() {
  const tally = tallyPlan({ before: BANDS, after: BANDS });
  tally.add({
    lead: 'hubspot:1',
    before: standing('cold', 50, { pricing: 25 }),
    after: standing('mql', 62, { pricing: 37 }),
  });
  tally.add({ lead: 'hubspot:2', before: standing('mql', 80, { title: 80 }), after: null });
  tally.add({
    lead: 'hubspot:3',
    before: standing('cold', 10, { title: 10 }),
    after: standing('cold', 12, { title: 12 }),
  });
  tally.addWon({ lead: 'hubspot:1', before: 'cold', after: 'mql' });
  tally.addWon({ lead: 'hubspot:2', before: 'mql', after: null });
  return tally.report();
}

test('a plan counts leads by band before and after, those that move up and down, and the won deals of each band', () => {
  expect(report()).toMatchObject({
    ...{ leads: 3, moved: 2, better: 1, worse: 1, rescored: 1, won_deals: 2 },
    won_worse: { leads: 1, first: [{ lead: 'hubspot:2', before: 'mql', after: null }] },
    bands: [
      { id: 'mql', before: 1, after: 1, won_before: 1, won_after: 1 },
      { id: 'cold', before: 2, after: 1, won_before: 1, won_after: 0 },
    ],
    moves: [
      { lead: 'hubspot:2', reason: 'out of scope now' },
      { lead: 'hubspot:1', reason: 'pricing 25 → 37' },
    ],
  });
});

const SOURCES: PlanSources = {
  ...{ file: 'mappings/model.yaml', model: 'b'.repeat(64), applied: 'a'.repeat(64), mappings: { hubspot: 'm' } },
  ...{ people: 'p', titles: 't', timezone: 'UTC', leads: 200, newest_result: 900 },
};

const PLAN = {
  ...report(),
  as_of: '2026-11-30T00:00:00.000Z',
  model: { before: { name: 'small@1', hash: 'a'.repeat(64) }, after: { name: 'small@2', hash: 'b'.repeat(64) } },
  other_models: [],
  changes: ['pricing: points 25 → 37'],
  writes: [{ crm: 'hubspot', records: 3, writes: 3, calls: 1, seconds: 0.1 }],
  warnings: ['No lead fits <b>.'],
  capacity: [
    { band: 'mql', label: 'MQL', capacity: 60, points: 68, floor: 40, per_week: 57.6 },
    { band: 'mql', label: 'MQL', capacity: 60, points: 40, floor: 40, per_week: null },
  ],
  ...{
    due: 0,
    failed: 0,
    new_options: [{ id: 'mql', label: 'MQL' }],
    reads_anew: ['hubspot'],
    made_from: 'c',
    other_inputs: false,
    sources: SOURCES,
  },
};

test('the text of a plan names the change, who moves, what it costs, and what it does not know', () => {
  const text = planText(PLAN);
  for (const part of [
    'Model in use: small@1 (aaaaaaaa). Planned: small@2 (bbbbbbbb).',
    '  pricing: points 25 → 37',
    '  2 of 3 leads get another status (66.7 %): 1 a better one, 1 a worse one.',
    '  hubspot:1  Cold <b> → MQL  50 → 62: pricing 25 → 37',
    '  1 of them would have been in a worse band after:\n    hubspot:2  MQL → not scored\n',
    '  hubspot: 3 of 3 records would be written, in 1 API call (1 s at most, by its rate limit).',
    'WARNINGS\n  No lead fits <b>.',
    'mappings/hubspot.yaml reads other values than those that are stored',
  ])
    expect(text).toContain(part);
});

test('a label with markup is text on the page of a plan', () => {
  expect(planPage(PLAN)).toContain('Cold &lt;b&gt;');
  expect(planPage(PLAN)).not.toContain('Cold <b>');
});

test('a plan puts the arrivals of a week against the capacity, and says when they are not known', () => {
  expect(planText(PLAN)).toContain(
    '  MQL: from 68 points: 58 leads a week would have reached it in the last 4 weeks; its capacity is 60. requires and gates come after the points.\n' +
      '  MQL: from 40 points, its floor; its capacity is 60 a week, which counts when activities were read for two weeks after the first backfill.',
  );
  expect(planPage(PLAN)).toContain('<h2>Capacity</h2>');
});

test('a plan is stale when the model file, the applied model, a mapping, people.yaml or the time zone changed, and names each', () => {
  expect(staleParts(SOURCES, { ...SOURCES, leads: 1, newest_result: 5_000 })).toEqual([]);
  const other = { model: 'c'.repeat(64), applied: 'd'.repeat(64), people: 'q', timezone: 'Europe/Berlin' };
  expect(staleParts(SOURCES, { ...SOURCES, ...other, mappings: { hubspot: 'n', salesforce: 'm' } })).toEqual([
    'mappings/model.yaml was bbbbbbbb and is cccccccc',
    'the applied model was aaaaaaaa and is dddddddd',
    'mappings/hubspot.yaml changed',
    'salesforce was not set up when the plan was made',
    'people.yaml changed',
    'TIMEZONE was UTC and is Europe/Berlin',
  ]);
  expect(staleParts(SOURCES, { ...SOURCES, mappings: {} })).toEqual(['hubspot is not set up any more']);
});

test('scores that changed since a plan was made are said when they are more than a tenth of its leads', () => {
  expect(driftOf(SOURCES, 210, 20)).toBeNull();
  expect(driftOf(SOURCES, 200, 21)).toContain('21 results were stored');
  expect(driftOf(SOURCES, 230, 0)).toContain('went from 200 to 230');
});

test('the hash of a plan is another one when any of its sources is another one', () => {
  const hash = hashOfSources(SOURCES);
  expect(hashOfSources({ ...SOURCES })).toBe(hash);
  const others = Object.keys(SOURCES).map((key) => hashOfSources({ ...SOURCES, [key]: 'other' }));
  expect(new Set([hash, ...others]).size).toBe(1 + others.length);
});

test('a plan says that other inputs than the model changed as well, and when they take effect', () => {
  expect(planText(PLAN)).not.toContain('Besides the model');
  expect(planText({ ...PLAN, other_inputs: true })).toMatch(
    /people\.yaml.* comes with the next start of the service, not with apply/,
  );
});
