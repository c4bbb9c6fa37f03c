// Bands, hysteresis, percentile thresholds, gates and cells, on leads with simple behavior scores.
import { expect, test } from 'vitest';
import type { ScoringContext } from '../../src/domain/score-result.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { DAY, did, leadOf, modelWith, NOW } from './build.ts';

function statusAt(points: number, status: unknown, context?: ScoringContext): string {
  const model = modelWith({ behavior: { signals: [{ id: 'chat', activity: 'chat', points }] }, status });
  return scoreLead(leadOf({ activities: [did('chat', 0)] }), model, NOW, context).status;
}

const sticky = {
  bands: [
    { id: 'hot', at_least: { points: 80, hysteresis: 5 } },
    { id: 'mql', at_least: { points: 60, hysteresis: 5 } },
    { id: 'cold' },
  ],
};

test.each([
  [78, undefined, 'mql'],
  [78, 'hot', 'hot'],
  [75, 'hot', 'hot'],
  [74, 'hot', 'mql'],
  [78, 'mql', 'mql'],
  [56, 'mql', 'mql'],
  [56, 'hot', 'mql'],
  [56, 'cold', 'cold'],
  [56, 'a band of an older model', 'cold'],
])('with a hysteresis of 5, %d points after the status "%s" are %s', (points, previousStatus, expected) => {
  expect(statusAt(points, sticky, previousStatus === undefined ? {} : { previousStatus })).toBe(expected);
});

const top = { bands: [{ id: 'hot', at_least: { top: '5%', floor: 60, hysteresis: 5 } }, { id: 'cold' }] };

test.each([
  [65, undefined, 'hot', 60],
  [65, 70, 'cold', 70],
  [70, 70, 'hot', 70],
  [60, 20, 'hot', 60],
  [50, 20, 'cold', 60],
])('%d points with a stored percentile threshold of %s are %s', (points, stored, expected, applied) => {
  const model = modelWith({ behavior: { signals: [{ id: 'chat', activity: 'chat', points }] }, status: top });
  const context = stored === undefined ? {} : { thresholds: { hot: stored } };
  const result = scoreLead(leadOf({ activities: [did('chat', 0)] }), model, NOW, context);
  expect(result).toMatchObject({ status: expected, thresholds: { hot: applied } });
});

test('a result of a model without percentile bands has no thresholds', () => {
  const model = modelWith({ status: sticky });
  expect(scoreLead(leadOf(), model, NOW)).not.toHaveProperty('thresholds');
});

test('next_change_at respects hysteresis: a lead with 80 points stays hot until it falls to 74', () => {
  const status = { ...sticky, basis: 'behavior' };
  const model = modelWith({ behavior: { signals: [{ id: 'chat', activity: 'chat', points: 80 }] }, status });
  const lead = leadOf({ activities: [did('chat', 0)] });
  let [at, previousStatus] = [NOW, 'hot'];
  for (let change = 0; previousStatus === 'hot' && change < 50; change++) {
    const { nextChangeAt, status: found, behavior } = scoreLead(lead, model, at, { previousStatus });
    expect(found === 'hot').toBe(behavior.score >= 75);
    [at, previousStatus] = [nextChangeAt ?? at, found];
  }
  expect(previousStatus).toBe('mql');
});

test('a result lists only the gates below its band, and the lowest of them sets the status', () => {
  const unless = {
    any: [
      { field: 'contact.authority', is: true },
      { field: 'contact.budget', is: true },
    ],
  };
  const gates = [
    { id: 'soft', unless: { field: 'contact.need', is: true }, max_band: 'hot' },
    { id: 'hard', label: 'No budget or authority', unless, max_band: 'mql' },
  ];
  const model = modelWith({
    behavior: { signals: [{ id: 'chat', activity: 'chat', points: 90 }] },
    status: { ...sticky, gates },
  });
  const activities = [did('chat', 0)];
  expect(scoreLead(leadOf({ activities }), model, NOW)).toMatchObject({
    status: 'mql',
    gates: [
      { id: 'hard', label: 'No budget or authority', max_band: 'mql', lift: ['contact.authority', 'contact.budget'] },
    ],
  });
  const lifted = leadOf({ activities, fields: { 'contact.budget': true, 'contact.authority': false } });
  expect(scoreLead(lifted, model, NOW)).toMatchObject({ status: 'hot', gates: [] });
});

test('with basis matrix the cell decides the status, and an ungraded lead has no cell', () => {
  const size = { id: 'size', field: 'company.employees', cases: [{ when: { gte: 50 }, points: 10 }] };
  const status = {
    basis: 'matrix',
    behavior_levels: { 1: 60, 2: 20 },
    bands: [{ id: 'hot', cells: ['A1', 'A2'] }, { id: 'cold' }],
  };
  const model = modelWith({
    fit: { criteria: [size] },
    behavior: { signals: [{ id: 'chat', activity: 'chat', points: 40 }] },
    status,
  });
  const fields = { 'company.employees': 80 };
  const at = (days: number) => scoreLead(leadOf({ fields, activities: [did('chat', days)] }), model, NOW);
  expect(at(0)).toMatchObject({ grade: 'A', cell: 'A2', status: 'hot' });
  expect(at(60)).toMatchObject({ grade: 'A', cell: null, status: 'cold' });
  expect(scoreLead(leadOf({ activities: [did('chat', 0)] }), model, NOW)).toMatchObject({ cell: null, status: 'cold' });
});

test('a required signal that decays below 1 point changes the status before the score changes', () => {
  const signals = [
    { id: 'steady', activity: 'call', points: 10, half_life: 'none' },
    { id: 'fading', activity: 'chat', points: 1.2, half_life: '10d' },
  ];
  const status = { bands: [{ id: 'hot', at_least: 5, requires: { any_signal: ['fading'] } }, { id: 'cold' }] };
  const model = modelWith({ behavior: { signals }, status });
  const lead = leadOf({ activities: [did('call', 0), did('chat', 0)] });
  const expected = NOW + Math.ceil((10 * DAY * Math.log2(1.2)) / 1000) * 1000;
  expect(scoreLead(lead, model, NOW)).toMatchObject({ status: 'hot', nextChangeAt: expected });
  expect(scoreLead(lead, model, expected)).toMatchObject({ status: 'cold', behavior: { score: 11 } });
});
