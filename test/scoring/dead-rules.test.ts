// What a valid model says that is surely or probably not meant.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fieldFacts } from '../../cli/model-files/field-facts.ts';
import { judgeModel } from '../../cli/model-files/judge-file.ts';
import { readMapping } from '../../src/mapping/mapping.ts';
import type { FieldFacts } from '../../src/scoring/dead-rules/field-types.ts';

const ROOT = join(import.meta.dirname, '../..');

async function shippedFacts(): Promise<FieldFacts> {
  const files = ['mappings/hubspot.yaml', 'mappings/salesforce.yaml'];
  const mappings = await Promise.all(
    files.map(async (file) => readMapping(await readFile(join(ROOT, file), 'utf8'), file).mapping ?? []),
  );
  return fieldFacts(mappings.flat());
}

/** `error 14 message` for each problem. */
function found(text: string, facts: FieldFacts = new Map()): string[] {
  const { problems } = judgeModel(text, 'm.yaml', facts);
  return problems
    .filter(({ level }) => level !== 'note')
    .map(({ level, line, message }) => `${level} ${line} ${message}`);
}

const OPTED_OUT = '{ id: out, when: { field: contact.email_opt_out, is: true }, points: -5 }';

const model = (parts: { cases?: string; criteria?: string; behavior?: string; status?: string }) => `name: m
version: "1"
fit:
  criteria:
    - { id: c, field: company.employees, cases: [ ${parts.cases ?? '{ when: { gte: 1 }, points: 30 }'} ] }
${parts.criteria ?? ''}
behavior:
  ${parts.behavior ?? `signals: [ { id: demo, activity: form_submission, points: 40 }, ${OPTED_OUT} ]`}
status:
  ${parts.status ?? 'bands: [ { id: hot, at_least: 50 }, { id: cold } ]'}
`;

test.each([
  [
    'band-order',
    'error 25 the bands do not fall: cold begins at 0 and, after it, mql at 50, so no lead is ever mql. All leads below 0 are hot.',
  ],
  [
    'band-order-negative',
    'error 25 the bands do not fall: cold begins at 0 and, after it, mql at 50, so no lead is ever mql. All leads below 0 are hot.',
  ],
  ['overlap', 'error 16 this case can never match: case 3 above takes every lead that it is for.'],
  ['overlap', 'warning 14 50 is in case 1 and in case 2; case 1 counts.'],
  ['overlap', 'warning 15 500 is in case 2 and in case 3; case 2 counts.'],
  ['boolean-yes', 'error 6 contact.email_opt_out is true or false, never the text "yes".'],
  ['boolean-yes', 'error 7 contact.email_opt_out is true or false, never the text "true".'],
])('the real case model-%s: %s', async (name, expected) => {
  const text = await readFile(join(ROOT, `test/cli/real-cases/model-${name}.yaml`), 'utf8');
  expect(found(text, await shippedFacts())).toContain(expected);
});

test.each([
  [
    'a case below a wider range',
    '{ when: { gte: 50 }, points: 5 }, { when: { gte: 100, lt: 200 }, points: 9 }',
    'error 5 this case can never match: case 1 above takes every lead that it is for.',
  ],
  [
    'a case that two others cover',
    '{ when: { lt: 100 }, points: 5 }, { when: { gte: 100 }, points: 9 }, { when: { gte: 50, lt: 500 }, points: 1 }',
    'error 5 this case can never match: the cases above it take every lead that it is for.',
  ],
  [
    'a number in an earlier range',
    '{ when: { gte: 50 }, points: 5 }, { when: { is: 70 }, points: 9 }',
    'error 5 this case can never match: case 1 above takes every lead that it is for.',
  ],
  [
    'a longer text below a shorter one',
    '{ when: { field: contact.job_title, contains: [sales] }, points: 5 }, { when: { field: contact.job_title, starts_with: [Sales Manager] }, points: 9 }',
    'error 5 this case can never match: case 1 above takes every lead that it is for.',
  ],
  [
    'a word that an earlier case takes',
    '{ when: { field: contact.job_title, has_word: [president] }, points: 5 }, { when: { field: contact.job_title, has_word: [vice president, svp] }, points: 9 }',
    'warning 5 "vice president" never counts in case 2: case 1 above takes such leads.',
  ],
  [
    'a case below one that takes every known value',
    '{ when: { present: true }, points: 5 }, { when: { gte: 100 }, points: 9 }',
    'error 5 this case can never match: case 1 above takes every lead that it is for.',
  ],
  [
    'an empty range',
    '{ when: { gt: 10, lt: 5 }, points: 5 }',
    'error 5 this case can never match: no number is above 10 and below 5.',
  ],
  [
    'an empty range in two conditions',
    '{ when: { all: [ { gte: 10 }, { lte: 9 } ] }, points: 5 }',
    'error 5 this case can never match: no number is from 10 to 9.',
  ],
  [
    'an unknown value that is tested',
    '{ when: { present: false, gte: 5 }, points: 5 }',
    'error 5 this case can never match: an unknown company.employees meets no other condition.',
  ],
  [
    'a value and its exclusion',
    '{ when: { is: 5, not: { one_of: [5, 6] } }, points: 5 }',
    'error 5 this case can never match: 5 is excluded by not.',
  ],
  [
    'a value outside the range',
    '{ when: { is: 5, gt: 10 }, points: 5 }',
    'error 5 this case can never match: 5 is not above 10.',
  ],
])('%s is found', (_what, cases, expected) => {
  expect(found(model({ cases }))).toContain(expected);
});

test.each([
  [
    'cases from the largest to the smallest',
    '{ when: { gte: 1000 }, points: 20 }, { when: { gte: 500 }, points: 10 }, { when: { gte: 1 }, points: 5 }',
  ],
  [
    'ranges that meet',
    '{ when: { lt: 10 }, points: 1 }, { when: { gte: 10, lt: 50 }, points: 2 }, { when: { gte: 50 }, points: 3 }',
  ],
  [
    'a shorter word below a longer one',
    '{ when: { field: contact.job_title, has_word: [vice president] }, points: 9 }, { when: { field: contact.job_title, has_word: [president] }, points: 5 }',
  ],
  [
    'an exclusion, which a list with two values can pass',
    '{ when: { field: company.technologies, not: { one_of: [a] } }, points: 9 }, { when: { field: company.technologies, is: b }, points: 5 }',
  ],
  ['an unknown value first', '{ when: { present: false }, points: -5 }, { when: { gte: 1 }, points: 5 }'],
])('%s have no problem', (_what, cases) => {
  const status = 'bands: [ { id: hot, at_least: 41 }, { id: cold } ]';
  expect(found(model({ cases, status }))).toEqual([]);
});

test.each([
  [
    'equal thresholds',
    'bands: [ { id: a, at_least: 50 }, { id: b, at_least: 50 }, { id: c } ]',
    'error 9 the bands do not fall: a begins at 50 and, after it, b at 50, so no lead is ever b.',
  ],
  [
    'a band above the highest total',
    'bands: [ { id: a, at_least: 200 }, { id: c } ]',
    'warning 9 no lead is ever a: it begins at 200, and the highest total is 70.',
  ],
  [
    'a band that every lead reaches',
    'bands: [ { id: a, at_least: -10 }, { id: c } ]',
    'warning 9 every lead reaches a (from -10; the lowest total is 0), so no lead is ever c.',
  ],
  [
    'min_fit above the highest fit',
    'bands: [ { id: a, at_least: 50, requires: { min_fit: 40 } }, { id: c } ]',
    'warning 9 no lead is ever a: the highest fit is 30, below min_fit 40.',
  ],
  [
    'min_behavior above the highest behavior',
    'bands: [ { id: a, at_least: 50, requires: { min_behavior: 45 } }, { id: c } ]',
    'warning 9 no lead is ever a: the highest behavior is 40, below min_behavior 45.',
  ],
  [
    'more signals than there are',
    'bands: [ { id: a, at_least: 50, requires: { min_signals: 2 } }, { id: c } ]',
    'warning 9 no lead is ever a: only 1 signals can be worth 1 point or more, and min_signals is 2.',
  ],
  [
    'all grades excluded',
    'bands: [ { id: a, at_least: 50, requires: { exclude_grades: [A, B, C, D, F, Ungraded] } }, { id: c } ]',
    'warning 9 no lead is ever a: exclude_grades A, B, C, D, F, Ungraded leave none of the grades that leads have (A, B, C, D, F, Ungraded).',
  ],
  [
    'a gate at the best band',
    'bands: [ { id: a, at_least: 50 }, { id: c } ], gates: [ { id: g, unless: { field: contact.need, is: x }, max_band: a } ]',
    'warning 9 the gate g never holds a lead back: a is the best band.',
  ],
])('%s is found', (_what, status, expected) => {
  expect(found(model({ status: `{ ${status} }` }).replace('status:\n  {', 'status: {'))).toContain(expected);
});

test('equal thresholds are right where the better band has requires', () => {
  const status =
    'bands: [ { id: a, at_least: 50, requires: { min_behavior: 10 } }, { id: b, at_least: 50 }, { id: c } ]';
  expect(found(model({ status }))).toEqual([]);
});

test.each([
  [
    'a signal without points',
    'signals: [ { id: demo, activity: form_submission, points: 40 }, { id: a, activity: chat, points: 0 } ]',
    'the signal a gives no points.',
  ],
  [
    'two signals for one activity',
    'signals: [ { id: demo, activity: form_submission, points: 40 }, { id: a, activity: form_submission, points: 5 } ]',
    'the signals demo and a count the same, so it counts twice.',
  ],
  [
    'a half-life of minutes',
    'signals: [ { id: demo, activity: form_submission, points: 40, half_life: 30m } ]',
    'half_life is 30m: after a day nothing is left of the points. m is minutes.',
  ],
  [
    'fewer points for more activities',
    'signals: [ { id: demo, activity: form_submission, tiers: [ { count: 1, points: 60 }, { count: 3, points: 50 } ] } ]',
    '3 activities give 50 points, fewer than the 60 for 1.',
  ],
  [
    'a signal that never counts',
    'signals: [ { id: demo, activity: form_submission, points: 40 }, { id: s, activity: call, where: { seconds: { gt: 60, lt: 30 } }, points: 5 } ]',
    'the signal s can never count: no number is above 60 and below 30.',
  ],
])('%s is found', (_what, behavior, expected) => {
  const text = model({ behavior: '' }).replace('behavior:\n  \n', `behavior: { ${behavior} }\n`);
  expect(found(text).join('\n')).toContain(expected);
});

test.each([
  [
    'a country in words',
    'company.country',
    'is: Germany',
    'error 5 company.country is a country code of two letters, never the text "Germany".',
  ],
  [
    'a number in quotes',
    'company.employees',
    'is: "100"',
    'error 5 company.employees is a number, never the text "100".',
  ],
  [
    'a comparison of a boolean',
    'contact.email_opt_out',
    'gte: 1',
    'error 5 contact.email_opt_out is true or false, so a comparison of numbers never holds.',
  ],
])('%s is found with the mapping', async (_what, field, condition, expected) => {
  const cases = `{ when: { field: ${field}, ${condition} }, points: 30 }`;
  expect(found(model({ cases }), await shippedFacts())).toContain(expected);
});

test.each([
  'model.yaml',
  'presets/scale-100.yaml',
  'presets/scale-200.yaml',
  'presets/fit-only.yaml',
  'presets/engagement-only.yaml',
  'presets/matrix.yaml',
  'presets/bant.yaml',
  'presets/meddic.yaml',
  'presets/five-bands.yaml',
  'presets/product-led.yaml',
])('the shipped %s has no dead rules', async (file) => {
  const text = await readFile(join(ROOT, 'mappings', file), 'utf8');
  expect(found(text, await shippedFacts())).toEqual([]);
});

test('the highest scores and the way to each band are told', () => {
  const { reach } = judgeModel(model({}), 'm.yaml', new Map());
  expect(reach).toEqual([
    'highest attainable: fit 30, behavior 40, total 70. Bands by total:',
    '  hot: from 50: reached by fit and behavior together',
    '  cold: all other leads',
  ]);
});

test('sla and action of a band are noted in one line, as nothing acts on them yet', () => {
  const status = 'bands: [ { id: hot, at_least: 50, sla: 1h, action: Call }, { id: cold, action: Wait } ]';
  const { problems } = judgeModel(model({ status }), 'm.yaml', new Map());
  expect(problems.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'note sla and action of a band have no effect yet (hot, cold).',
  ]);
});

test.each([
  ['has_word: []', 'error 5 has_word is an empty list, so it never holds.'],
  ['contains: [""]', 'error 5 contains has an empty text, which every text has.'],
  ['is: ""', 'error 5 is has an empty text, and an empty value is unknown, so it never holds.'],
  ['one_of: [a, " "]', 'error 5 one_of has an empty text, and an empty value is unknown, so it never holds.'],
  ['has_word: [ceo*]', 'warning 5 has_word reads "*" as a sign of the text "ceo*", not as "anything".'],
  ['contains: ["^ceo$"]', 'warning 5 contains reads "^ceo$" as a text, not as a pattern.'],
  ['has_word: ["ceo, cfo"]', 'warning 5 has_word looks for "ceo, cfo" with its comma.'],
  ['not: { is: "" }', 'error 5 is has an empty text, and an empty value is unknown, so it never holds.'],
  ['any: [ { is: x }, { has_word: [] } ]', 'error 5 has_word is an empty list, so it never holds.'],
])('a text that says something else than was meant is found: %s', (condition, expected) => {
  expect(found(model({ cases: `{ when: { field: contact.job_title, ${condition} }, points: 30 }` }))).toContain(
    expected,
  );
});

test.each([
  [
    'a misspelled attribute',
    '{ id: d, activity: form_submission, where: { form_name: { contains: [demo] } }, points: 60 }',
    'warning 8 form_submission has no attribute "form_name" in the mappings that come with Leadgrade: did you mean form?',
  ],
  [
    'a path without its slash',
    '{ id: p, activity: page_view, where: { path: { starts_with: [pricing] } }, points: 60 }',
    'warning 8 the path of a page begins with "/" and has no host, so "pricing" never begins one.',
  ],
  [
    'a path with its host',
    '{ id: p, activity: page_view, where: { path: { is: "https://acme.example/pricing" } }, points: 60 }',
    'warning 8 the path of a page begins with "/" and has no host, so "https://acme.example/pricing" never is one.',
  ],
])('%s in a where is found', (_what, signal, expected) => {
  expect(found(model({ behavior: `signals: [ ${signal} ]` }))).toContain(expected);
});

test.each(['directer', 'vp', 'owner'])('the level "%s", which no title gets, is found', async (level) => {
  const text = model({ cases: `{ when: { field: contact.title_level, is: ${level} }, points: 30 }` });
  expect(found(text, await shippedFacts())).toContain(
    `warning 5 contact.title_level comes from the word lists of job titles, which does not give the text "${level}".`,
  );
  expect(found(text.replace(`is: ${level}`, 'is: Director'), await shippedFacts())).toEqual([]);
});

test('two bands with one label are found', () => {
  const bands = 'bands: [ { id: a, label: Hot, at_least: 50 }, { id: b, label: hot, at_least: 20 }, { id: c } ]';
  expect(found(model({ status: bands }))).toContain(
    'warning 10 a and b have the same label "hot", which a CRM cannot tell apart.',
  );
});
