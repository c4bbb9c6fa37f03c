// What `validate` advises on a valid model, with the line and what to write.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { judgeModel } from '../../cli/model-files/judge-file.ts';
import { formatProblemsWithLevel } from '../../src/domain/problem.ts';

const ROOT = join(import.meta.dirname, '../..');
const NEGATIVE = '{ id: out, when: { field: contact.email_opt_out, is: true }, points: -5 }';
const BANDS = 'bands: [ { id: hot, at_least: 80 }, { id: mql, label: MQL, at_least: 60 }, { id: cold } ]';

function said(text: string): string[] {
  const { problems } = judgeModel(text, 'm.yaml', new Map());
  return formatProblemsWithLevel(problems.filter(({ level }) => level !== 'note'));
}

/** A model with these signals, and enough fit to reach every band. */
const withSignals = (signals: readonly string[], { rest = '', status = BANDS } = {}) => `name: m
version: "1"
fit:
  criteria: [ { id: c, field: company.employees, cases: [ { when: { gte: 1 }, points: 60 } ] } ]
behavior:
  ${rest}
  signals:
${signals.map((each) => `    - ${each}`).join('\n')}
status: { ${status} }
`;
const demo = (points: number) => `{ id: demo, activity: form_submission, points: ${points} }`;

test('a model with fit, fading signals and a signal that takes points has nothing to advise', () => {
  expect(said(withSignals([demo(40), NEGATIVE]))).toEqual([]);
});

test.each(['mappings/model.yaml', ...globSync('mappings/presets/*.yaml', { cwd: ROOT }).toSorted()])(
  'the shipped %s has nothing to advise',
  (file) => {
    const { problems } = judgeModel(readFileSync(join(ROOT, file), 'utf8'), file, new Map());
    expect(problems.filter(({ level }) => level !== 'note')).toEqual([]);
  },
);

const many = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    return `{ id: s${index}, activity: page_view, where: { path: { is: /${index} } }, points: 1 }`;
  });

test('15 signals are few enough, 16 are a warning, 31 an error', () => {
  const sized = (count: number) => said(withSignals([NEGATIVE, demo(40), ...many(count - 2)]));
  expect(sized(15)).toEqual([]);
  expect(sized(16)).toEqual([
    'warning: m.yaml:8:5 behavior.signals: the model has 16 signals; with more than 15, a score is hard to explain. Remove those that decide least: npx leadgrade score --sample prints how often each one counts.',
  ]);
  expect(sized(31)).toEqual([
    'error: m.yaml:8:5 behavior.signals: the model has 31 signals; with more than 30, a score cannot be explained. Remove or merge some, or write allow_large: true at the top of the model.',
  ]);
});

test('16 criteria are a warning', () => {
  const criteria = Array.from({ length: 16 }, (_, index) => {
    return `    - { id: c${index}, field: company.employees, cases: [ { when: { gte: ${index} }, points: 1 } ] }\n`;
  });
  const text = `name: m\nversion: "1"\nfit:\n  criteria:\n${criteria.join('')}status: { bands: [ { id: a, at_least: 5 }, { id: b } ] }\n`;
  expect(said(text)).toEqual([
    'warning: m.yaml:5:5 fit.criteria: the model has 16 criteria; with more than 15, a score is hard to explain. Remove those that decide least: npx leadgrade score --sample prints how often each one counts.',
  ]);
});

test('a model that allows it may have more than 30 signals', () => {
  expect(said(`${withSignals([NEGATIVE, demo(40), ...many(40)])}allow_large: true\n`)).toEqual([]);
});

test('a model whose signals never take points is advised to add one', () => {
  expect(said(withSignals([demo(40)]))).toEqual([
    'warning: m.yaml:8:5 behavior.signals: no signal takes points, so a lead that unsubscribed scores as before. Add - { id: unsubscribed, label: Unsubscribed, when: { field: contact.email_opt_out, is: true }, points: -20 }',
  ]);
});

test('a tier that takes points is a signal that takes points', () => {
  const bounces = '{ id: b, activity: email_bounce, tiers: [ { count: 3, points: -10 } ] }';
  expect(said(withSignals([demo(40), bounces]))).toEqual([]);
});

test('a model whose points never fade is advised to let them', () => {
  const warning = 'no signal fades: an activity of two years ago gives as many points as one of today.';
  expect(said(withSignals([demo(40), NEGATIVE], { rest: 'half_life: none' }))).toEqual([
    `warning: m.yaml:6:14 behavior.half_life: ${warning} Write half_life: 30d`,
  ]);
  expect(said(withSignals([demo(40).replace(' }', ', half_life: none }'), NEGATIVE]))).toEqual([
    `warning: m.yaml:7:3 behavior: ${warning} Remove half_life: none from the signals.`,
  ]);
});

test.each([
  ['one signal fades', { rest: 'half_life: none' }, '{ id: p, activity: page_view, points: 5, half_life: 30d }'],
  ['points fall in a straight line', { rest: 'decay: linear' }, '{ id: p, activity: page_view, points: 5 }'],
])('where %s, nothing is said about decay', (_what, parts, signal) => {
  expect(said(withSignals([demo(40), signal, NEGATIVE], parts))).toEqual([]);
});

test('one signal that makes a lead hot alone is named, with what it gives', () => {
  expect(
    said(withSignals([demo(40), '{ id: visits, activity: page_view, points: 9, max_count: 9 }', NEGATIVE])),
  ).toEqual([
    'warning: m.yaml:9:7 behavior.signals[1]: visits alone makes a lead hot: it gives up to 81 points, and hot begins at 80. If that is not meant, write requires: { min_signals: 2 } at hot.',
  ]);
});

test.each([
  ['the band needs a grade', 'requires: { min_grade: B }'],
  ['the band excludes leads without a grade', 'requires: { exclude_grades: [D, F, Ungraded] }'],
  ['the band needs two signals', 'requires: { min_signals: 2 }'],
  ['the band needs fit', 'requires: { min_fit: 10 }'],
  ['the band needs another signal', 'requires: { any_signal: [visits] }'],
])('no signal makes a lead hot alone where %s', (_what, requires) => {
  const status = `bands: [ { id: hot, at_least: 50, ${requires} }, { id: cold } ]`;
  const visits = '{ id: visits, activity: page_view, points: 5 }';
  expect(said(withSignals([demo(60), visits, NEGATIVE], { status }))).toEqual([]);
});

test('no signal makes a lead hot alone where a gate holds leads back', () => {
  const gates = 'gates: [ { id: g, unless: { field: contact.authority, is: true }, max_band: mql } ]';
  expect(said(withSignals([demo(90), NEGATIVE], { status: `${BANDS}, ${gates}` }))).toEqual([]);
});

test('opened emails that reach a band of sales alone are named, with the group to write', () => {
  const opens = '{ id: opens, activity: email_open, points: 3, max_count: 20 }';
  expect(said(withSignals([opens, demo(40), NEGATIVE]))).toEqual([
    'warning: m.yaml:8:7 behavior.signals[0]: opened emails alone make a lead mql: they give up to 60 points, and mql begins at 60. Mail programs open emails, too. Limit them under groups: - { id: opens, label: Opened emails, signals: [opens], max: 10 }',
  ]);
});

test('opened emails in a group with a low cap reach no band of sales', () => {
  const opens = '{ id: opens, activity: email_open, points: 3, max_count: 20 }';
  const rest = 'groups: [ { id: email, signals: [opens], max: 15 } ]';
  expect(said(withSignals([opens, demo(40), NEGATIVE], { rest }))).toEqual([]);
});

test('opened emails may reach a band in which sales has nothing to do', () => {
  const opens = '{ id: opens, activity: email_open, points: 1, max_count: 20 }';
  const status = 'bands: [ { id: hot, at_least: 80 }, { id: light, at_least: 20 }, { id: cold } ]';
  expect(said(withSignals([opens, demo(40), NEGATIVE], { status }))).toEqual([]);
});

test.each([
  [
    'a group',
    'groups: [ { id: forms, signals: [demo, chat], max: 10 } ]',
    'm.yaml:6:54 behavior.groups[0].max: the group forms has max 10, so demo (40) never counts in full.',
  ],
  ['behavior', 'max: 30', 'm.yaml:6:8 behavior.max: behavior has max 30, so demo (40) never counts in full.'],
])('a cap of %s that is below one activity of a signal is named', (_what, rest, sentence) => {
  const signals = [demo(40), '{ id: chat, activity: chat, points: 5 }', NEGATIVE];
  expect(said(withSignals(signals, { rest }))).toContain(
    `warning: ${sentence} Write max: 40 or more, or give the signal fewer points.`,
  );
});
