// The worked examples of the scoring rules; each result must be exact.
import { expect, test } from 'vitest';
import { explain } from '../../src/scoring/explanation/explain.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { DAY, did, leadOf, modelWith, NOW } from './build.ts';

const demo = { id: 'demo', activity: 'form_submission', points: 40 };

test.each([
  [0, 40, 40],
  [30, 20, 20],
  [45, 14.142135623730951, 14],
  [60, 10, 10],
])(
  'a demo request of 40 points with a half-life of 30 days is worth, after %d days, %d points',
  (days, exact, score) => {
    const model = modelWith({ behavior: { signals: [demo] } });
    const result = scoreLead(leadOf({ activities: [did('form_submission', days)] }), model, NOW);
    expect(result.behavior.exact).toBeCloseTo(exact, 12);
    expect(result.behavior.score).toBe(score);
  },
);

test('a half-life of 60 days leaves 28.284 of 40 points after 30 days', () => {
  const model = modelWith({ behavior: { half_life: '60d', signals: [demo] } });
  const result = scoreLead(leadOf({ activities: [did('form_submission', 30)] }), model, NOW);
  expect(result.behavior.exact).toBeCloseTo(28.284271247461902, 12);
});

test('9 points with a linear decay over 90 days are 8.7 points after 3 days', () => {
  const model = modelWith({ behavior: { decay: 'linear', signals: [{ ...demo, points: 9 }] } });
  const result = scoreLead(leadOf({ activities: [did('form_submission', 3)] }), model, NOW);
  expect(result.behavior.exact).toBeCloseTo(8.7, 12);
});

test.each([
  [1, 12],
  [2, 12],
  [3, 25],
  [7, 25],
])('%d pricing visits in the window are worth %d points, not the sum of the tiers', (visits, points) => {
  const tiers = [
    { count: 1, points: 12 },
    { count: 3, points: 25 },
  ];
  const model = modelWith({ behavior: { signals: [{ id: 'pricing', activity: 'page_view', tiers }] } });
  const activities = Array.from({ length: visits }, () => did('page_view', 0));
  expect(scoreLead(leadOf({ activities }), model, NOW).behavior.score).toBe(points);
});

test.each([
  [0, 3, 3],
  [30, 1.5, 2],
])('five opens %d days ago with a max_count of 3 are worth %d points', (days, exact, score) => {
  const model = modelWith({ behavior: { signals: [{ id: 'open', activity: 'email_open', points: 1, max_count: 3 }] } });
  const activities = Array.from({ length: 5 }, () => did('email_open', days));
  const { behavior } = scoreLead(leadOf({ activities }), model, NOW);
  expect(behavior).toEqual({ exact, score });
});

const fit = {
  criteria: [
    {
      id: 'seniority',
      label: 'Job title',
      field: 'contact.job_title',
      cases: [{ when: { has_word: ['vp', 'director'] }, points: 15, label: 'Decision maker' }],
    },
    { id: 'size', field: 'company.employees', cases: [{ when: { gte: 50, lt: 500 }, points: 15 }] },
    { id: 'industry', field: 'company.industry', cases: [{ when: { one_of: ['Software'] }, points: 15 }] },
    { id: 'region', field: 'company.country', cases: [{ when: { one_of: ['US', 'CA'] }, points: 5 }] },
    { id: 'tool', field: 'company.technologies', cases: [{ when: { contains: ['slack'] }, points: 10 }] },
  ],
  overrides: [{ id: 'student', when: { field: 'contact.job_title', has_word: ['student'] }, max_grade: 'D' }],
};
const bands = [
  { id: 'hot', at_least: 80, requires: { min_grade: 'B', min_behavior: 20 } },
  { id: 'mql', at_least: 60, requires: { min_behavior: 10, exclude_grades: ['D', 'F'] } },
  { id: 'engaged', at_least: 40 },
  { id: 'cold' },
];
const vp = {
  'contact.job_title': 'VP, Sales',
  'company.employees': 120,
  'company.industry': 'software',
  'company.country': 'US',
  'company.technologies': ['Slack', 'Jira'],
};

test('a VP at a perfect company without activity is an A with 60 points, and neither hot nor an MQL', () => {
  const model = modelWith({ fit, behavior: { signals: [demo] }, status: { bands } });
  const result = scoreLead(leadOf({ fields: vp }), model, NOW);
  expect(result).toMatchObject({ grade: 'A', fit: { raw: 60, attainable: 60, score: 60 }, status: 'engaged' });
});

test('a student with a behavior score of 100 is at best a D, and not an MQL', () => {
  const model = modelWith({ fit, behavior: { signals: [{ ...demo, points: 100 }] }, status: { bands } });
  const fields = { ...vp, 'contact.job_title': 'Student, VP of the chess club' };
  const result = scoreLead(leadOf({ fields, activities: [did('form_submission', 0)] }), model, NOW);
  expect(result).toMatchObject({ grade: 'D', behavior: { score: 100 }, status: 'engaged' });
});

test('a gate caps 85 points without a known decision maker at MQL, and the explanation names the field that lifts it', () => {
  const unless = { field: 'contact.authority', is: true };
  const gates = [{ id: 'authority', label: 'No decision maker known', unless, max_band: 'mql' }];
  const model = modelWith({ fit, behavior: { signals: [{ ...demo, points: 25 }] }, status: { bands, gates } });
  const lead = leadOf({ fields: vp, activities: [did('form_submission', 0)] });
  const result = scoreLead(lead, model, NOW);
  expect(result).toMatchObject({ total: 85, status: 'mql' });
  expect(result.gates).toEqual([
    { id: 'authority', label: 'No decision maker known', max_band: 'mql', lift: ['contact.authority'] },
  ]);
  expect(explain(result, lead, model, NOW, { timezone: 'UTC' })).toContain('contact.authority');
  const known = leadOf({ ...lead, fields: { ...vp, 'contact.authority': true } });
  expect(scoreLead(known, model, NOW)).toMatchObject({ status: 'hot', gates: [] });
});

test('ten signals of 5 points and two required signals of 25 total the same, but only the latter make a lead hot', () => {
  const small = Array.from({ length: 10 }, (_, index) => ({ id: `small${index}`, activity: 'email_click', points: 5 }));
  const large = ['chat', 'meeting'].map((activity) => ({ id: activity, activity, points: 25 }));
  const status = {
    bands: [{ id: 'hot', at_least: 50, requires: { any_signal: ['chat', 'meeting'] } }, { id: 'cold' }],
  };
  const model = modelWith({ behavior: { signals: [...small, ...large] }, status });
  const lukewarm = scoreLead(leadOf({ activities: [did('email_click', 0)] }), model, NOW);
  const targeted = scoreLead(leadOf({ activities: [did('chat', 0), did('meeting', 0)] }), model, NOW);
  expect([lukewarm.total, lukewarm.status]).toEqual([50, 'cold']);
  expect([targeted.total, targeted.status]).toEqual([50, 'hot']);
});

test('contributions of 1.4 and -0.6 points are displayed as 2 and -1, which sum to the score of 1', () => {
  const signals = [
    { id: 'plus', activity: 'chat', points: 1.4 },
    { id: 'minus', activity: 'call', points: -0.6 },
  ];
  const model = modelWith({ behavior: { signals } });
  const { contributions, behavior } = scoreLead(leadOf({ activities: [did('chat', 0), did('call', 0)] }), model, NOW);
  expect(behavior.score).toBe(1);
  expect(contributions.map((each) => each.points)).toEqual([2, -1]);
});

test('the next change is the first whole second with a different score', () => {
  const model = modelWith({ behavior: { signals: [demo] } });
  const lead = leadOf({ activities: [did('form_submission', 0)] });
  const { nextChangeAt } = scoreLead(lead, model, NOW);
  // 40 * 2^(-t/30d) falls below 39.5 after 30 * log2(40/39.5) days.
  const expected = NOW + Math.ceil((30 * DAY * Math.log2(40 / 39.5)) / 1000) * 1000;
  expect(nextChangeAt).toBe(expected);
});
