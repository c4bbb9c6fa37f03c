// Names and expressions that attack a program rather than describe a lead: names of JavaScript's prototypes, and
// expressions that take exponential time elsewhere.
import { expect, test } from 'vitest';
import { readMapping } from '../../src/mapping/mapping.ts';
import { projectFields } from '../../src/mapping/project-fields.ts';
import { parseLead } from '../../src/scoring/lead-input/parse-lead.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { patient } from '../support/patience.ts';
import { modelWith } from './build.ts';

const PROTOTYPE_NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf'];
const NOW = Date.parse('2026-11-20T12:00:00Z');
const BANDS = 'status: { bands: [ { id: all } ] }\n';
const DID = '"id":"1","type":"chat","at":"2026-11-19T12:00:00Z"';

/** The fit and the behavior score of a lead in JSON. */
function scoresOf(model: ReturnType<typeof modelWith>, { fields = '{}', attributes = '{}' }) {
  const text = `{"id":"1","fields":${fields},"activities":[{${DID},"attributes":${attributes}}]}`;
  const parsed = parseLead(JSON.parse(text));
  if (!('lead' in parsed)) throw new Error(parsed.error.message);
  const { fit, behavior } = scoreLead(parsed.lead, model, NOW);
  return { fit: fit.score, behavior: behavior.score };
}

test('a model with a condition on __proto__ is refused, not read without it', () => {
  const signal = '{ id: b, activity: chat, where: { __proto__: { is: x } }, points: 8 }';
  const { model, problems } = readModel(
    `name: m\nversion: "1"\nbehavior: { signals: [ ${signal} ] }\n${BANDS}`,
    'm.yaml',
  );
  expect(model).toBeNull();
  expect(problems.map(({ message }) => message).join()).toContain('a key cannot be __proto__');
});

test.each(PROTOTYPE_NAMES.slice(1))('a lead without a field or attribute named "%s" does not have it', (name) => {
  const when = { present: true };
  const model = modelWith({
    fit: { criteria: [{ id: 'a', field: name, cases: [{ when, points: 10 }] }] },
    behavior: { signals: [{ id: 'b', activity: 'chat', where: { [name]: when }, points: 8, half_life: 'none' }] },
  });
  expect(scoresOf(model, {})).toEqual({ fit: 0, behavior: 0 });
});

test('a lead in JSON with __proto__ and constructor as keys pollutes no prototype', () => {
  const text =
    '{"id":"1","fields":{"__proto__":{"polluted":true}},"activities":[],"constructor":{"prototype":{"polluted":true}}}';
  parseLead(JSON.parse(text));
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

test.each(PROTOTYPE_NAMES)('the value "%s" of a CRM is not found in a table that does not have it', (value) => {
  const text = 'crm: x\nfields:\n  contact.need: { from: c.need, table: t }\ntables: { t: { A: B } }\nwrite_back: {}\n';
  const { mapping } = readMapping(text, 'x.yaml');
  if (mapping === null) throw new Error('The mapping is not valid.');
  expect(projectFields(mapping, { c: { need: value } }).fields).toEqual({ 'contact.need': value });
  expect(projectFields(mapping, { c: {} }).fields).toEqual({ 'contact.need': null });
});

test.each(['__proto__', 'constructor'])('a model with the key %s is refused and pollutes no prototype', (key) => {
  const { model } = readModel(`name: m\nversion: "1"\n${key}: { polluted: true }\n${BANDS}`, 'm.yaml');
  expect(model).toBeNull();
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

test.each(['(a+)+$', '(a|a)*b', '([a-zA-Z]+)*$', '(.*a){12}$'])(
  'the expression %s, exponential elsewhere, takes linear time on 20,000 letters',
  (expression) => {
    const cases = [{ when: { matches: expression }, points: 1 }];
    const model = modelWith({ fit: { criteria: [{ id: 'a', field: 'contact.need', cases }] } });
    const since = performance.now();
    scoresOf(model, { fields: JSON.stringify({ 'contact.need': `${'a'.repeat(20_000)}!` }) });
    expect(performance.now() - since).toBeLessThan(patient(2_000));
  },
);
