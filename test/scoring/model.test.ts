// Mistakes in a model file are reported with level, line and path.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { modelSchema, readModel } from '../../src/scoring/schemas/model.ts';

const HEAD = 'name: m\nversion: "1"\n';
const STATUS = 'status: { bands: [ { id: all } ] }\n';

function found(text: string): string[] {
  const { model, problems } = readModel(text, 'm.yaml');
  expect(model === null).toBe(problems.some((problem) => problem.level === 'error'));
  return problems.map(({ level, line, path }) => `${level} ${line} ${path}`);
}

test('a model with a status only is valid', () => {
  expect(found(HEAD + STATUS)).toEqual([]);
});

test.each([
  ['a missing status', HEAD, 'error 1 status'],
  ['an unquoted version', `name: m\nversion: 2026.11\n${STATUS}`, 'error 2 version'],
  ['an unknown key', `${HEAD}fitt: {}\n${STATUS}`, 'error 3 fitt'],
  ['a duplicate key', `${HEAD}name: n\n${STATUS}`, 'error 3 '],
])('%s in a model file is an error', (_, text, expected) => {
  expect(found(text)).toEqual([expected]);
});

const signal = (json: string) => `${HEAD}${STATUS}behavior:\n  signals:\n    - ${json}\n`;
test.each([
  ['{ id: a, activity: chat, points: 1, half_life: 30 d }', 'behavior.signals[0].half_life'],
  ['{ id: a, activity: chat, points: 1, half_life: 0d }', 'behavior.signals[0].half_life'],
  ['{ id: a, activity: chat, points: 1, half_life: 1d, lifetime: 2d }', 'behavior.signals[0].lifetime'],
  ['{ id: a, activity: chat, points: 1, decay: linear }', 'behavior.signals[0].decay'],
  ['{ id: a, activity: chat }', 'behavior.signals[0]'],
  ['{ id: a, points: 1 }', 'behavior.signals[0]'],
  ['{ id: a, activity: chat, points: 1, window: 3d }', 'behavior.signals[0].window'],
  ['{ id: a, activity: chat, points: 1, tiers: [ { count: 1, points: 1 } ] }', 'behavior.signals[0].points'],
  ['{ id: a, activity: chat, points: 1, when: { field: contact.need, is: 1 } }', 'behavior.signals[0].activity'],
  [
    '{ id: a, activity: chat, tiers: [ { count: 1, points: 1 }, { count: 1, points: 2 } ] }',
    'behavior.signals[0].tiers[1].count',
  ],
  ['{ id: a, activity: chat, points: 1, where: { path: { is: 1, like: 1 } } }', 'behavior.signals[0].where.path.like'],
  ['{ id: a, when: { field: contact.need, matches: "(" }, points: 1 }', 'behavior.signals[0].when.matches'],
  ['{ id: a, when: { is: 1 }, points: 1 }', 'behavior.signals[0].when'],
  ['{ id: a, absent: { activity: chat }, points: 1 }', 'behavior.signals[0].absent.for'],
])('the invalid signal %s is an error at %s', (json, path) => {
  expect(found(signal(json))).toEqual([`error 6 ${path}`]);
});

test.each([
  ['fit: { criteria: [], grades: { A: 10 } }', 'error fit.grades'],
  [
    'fit: { criteria: [ { id: a, cases: [ { when: { is: 1 }, points: 1 } ] } ] }',
    'error fit.criteria[0].cases[0].when',
  ],
  ['fit: { criteria: [], overrides: [ { id: a, when: { field: contact.need, is: 1 } } ] }', 'error fit.overrides[0]'],
  ['behavior: { signals: [], groups: [ { id: g, signals: [nope], max: 1 } ] }', 'error behavior.groups[0].signals[0]'],
  ['behavior: { signals: [], groups: [ { id: g, signals: [] } ] }', 'error behavior.groups[0]'],
  ['behavior: { signals: [], min: 5, max: 1 }', 'error behavior.max'],
  [
    'fit: { criteria: [ { id: a, field: contact.shoe_size, cases: [ { when: { is: 1 }, points: 1 } ] } ] }',
    'warning fit.criteria[0].field',
  ],
  ['behavior: { signals: [ { id: a, activity: dance, points: 1 } ] }', 'warning behavior.signals[0].activity'],
])('a model with %s is reported as: %s', (part, expected) => {
  const [level, path] = expected.split(' ');
  expect(found(`${HEAD}${STATUS}${part}\n`)).toEqual([`${level} 4 ${path}`]);
});

test.each([
  ['bands: [ { id: a }, { id: b } ]', 'error status.bands[0]'],
  ['bands: [ { id: a, at_least: 1 }, { id: a } ]', 'error status.bands[1].id'],
  ['bands: [ { id: a, at_least: { top: 5, floor: 1 } }, { id: b } ]', 'error status.bands[0].at_least.top'],
  ['bands: [ { id: a, at_least: { top: 5% } }, { id: b } ]', 'error status.bands[0].at_least'],
  [
    'bands: [ { id: a, at_least: { capacity: 0 per week, floor: 1 } }, { id: b } ]',
    'error status.bands[0].at_least.capacity',
  ],
  ['bands: [ { id: a, at_least: { capacity: 60, floor: 1 } }, { id: b } ]', 'error status.bands[0].at_least.capacity'],
  [
    'bands: [ { id: a, at_least: { capacity: 5 per week, top: 5%, floor: 1 } }, { id: b } ]',
    'error status.bands[0].at_least',
  ],
  ['bands: [ { id: a, at_least: { capacity: 5 per week } }, { id: b } ]', 'error status.bands[0].at_least'],
  [
    'bands: [ { id: a, at_least: { capacity: 5 per day, floor: 2 } }, { id: m, at_least: { capacity: 30 per week, floor: 1 } }, { id: b } ]',
    'error status.bands[1].at_least.capacity',
  ],
  [
    'bands: [ { id: a, at_least: 1, requires: { any_signal: [x] } }, { id: b } ]',
    'error status.bands[0].requires.any_signal[0]',
  ],
  [
    'bands: [ { id: a, at_least: 1, requires: { min_grade: Ungraded } }, { id: b } ]',
    'error status.bands[0].requires.min_grade',
  ],
  [
    'bands: [ { id: a } ], gates: [ { id: g, unless: { field: contact.need, is: 1 }, max_band: x } ]',
    'error status.gates[0].max_band',
  ],
  [
    'basis: matrix, behavior_levels: { 1: 0 }, bands: [ { id: a, cells: [A2] }, { id: b } ]',
    'error status.bands[0].cells[0]',
  ],
  ['basis: matrix, bands: [ { id: b } ]', 'error status'],
  ['bands: [ { id: a, at_least: 1 } ]', 'warning status.bands[0].at_least'],
])('a model with the status %s is reported as: %s', (part, expected) => {
  const [level, path] = expected.split(' ');
  expect(found(`${HEAD}status: { ${part} }\n`)).toEqual([`${level} 3 ${path}`]);
});

test('a signal in two groups is an error', () => {
  const groups = 'groups: [ { id: g, signals: [a], max: 1 }, { id: h, signals: [a], max: 1 } ]';
  const text = `${HEAD}${STATUS}behavior: { signals: [ { id: a, activity: chat, points: 1 } ], ${groups} }\n`;
  expect(found(text)).toEqual(['error 4 behavior.groups[1].signals[0]']);
});

test('the JSON Schema of a model contains every part of a signal', () => {
  const schema = JSON.stringify(z.toJSONSchema(modelSchema, { io: 'input' }));
  for (const key of ['tiers', 'requires_activity', 'half_life', 'has_word', 'hysteresis', 'max_band']) {
    expect(schema).toContain(`"${key}"`);
  }
});
