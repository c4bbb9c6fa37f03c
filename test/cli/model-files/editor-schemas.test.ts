// The JSON Schemas for editors: they equal those of the code, accept every shipped file, describe
// every key, and refuse common mistakes.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { editorSchemas } from '../../../cli/model-files/editor-schemas.ts';
import { readMapping } from '../../../src/mapping/mapping.ts';
import { readModel } from '../../../src/scoring/schemas/model.ts';

const ROOT = join(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

const MODEL = 'mappings/schema/model.schema.json';
const MAPPING = 'mappings/schema/mapping.schema.json';
const SHIPPED = globSync('{mappings,docs/examples}/**/*.yaml', { cwd: ROOT }).toSorted();
const CSV_MAPPING = 'mappings/schema/csv-mapping.schema.json';
const PEOPLE = 'mappings/schema/people.schema.json';
const EVENTS = 'mappings/schema/events.schema.json';
const LEAD = 'mappings/schema/lead.schema.json';
const schemas = new Map(
  [MODEL, MAPPING, CSV_MAPPING, PEOPLE, EVENTS, LEAD].map((file) => [file, JSON.parse(read(file))]),
);

/** Schemas read from the JSON alone, as editors read them. */
const checks = new Map([...schemas].map(([file, schema]) => [file, z.fromJSONSchema(schema)]));

function accepts(schema: string, yaml: string): boolean {
  return checks.get(schema)?.safeParse(parse(yaml)).success ?? false;
}

test.each([...editorSchemas()])('%s equals the schema of the code ("npm run gen" writes it)', (file, text) => {
  expect(read(file)).toBe(text);
});

test.each(SHIPPED)('%s names its schema in the first line, and is valid', (file) => {
  const [first = ''] = read(file).split('\n');
  const named = /^# yaml-language-server: \$schema=(\S+)$/.exec(first)?.[1] ?? '';
  // The guide copies those into mappings/.
  const folder = file.startsWith('docs/examples/procurement/') ? 'mappings' : dirname(file);
  const schema = join(folder, named);
  expect(existsSync(join(ROOT, schema))).toBe(true);
  expect(checks.get(schema)?.safeParse(parse(read(file))).error?.issues ?? []).toEqual([]);
});

test('every model in docs/model-reference.md is valid', () => {
  const examples = [...read('docs/model-reference.md').matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1] ?? '');
  expect(examples.length).toBeGreaterThanOrEqual(3);
  expect(examples.filter((example) => !accepts(MODEL, example))).toEqual([]);
});

const MODEL_WITH = (parts: string) => `{ name: m, version: "1", status: { bands: [{ id: all }] }, ${parts} }`;
const FIT = (keys: string) => MODEL_WITH(`fit: { criteria: [], ${keys} }`);
const CASE = (when: string, points = '1') =>
  MODEL_WITH(`fit: { criteria: [{ id: c, field: f, cases: [{ when: ${when}, points: ${points} }] }] }`);
const SIGNAL = (keys: string) => MODEL_WITH(`behavior: { signals: [{ id: s, ${keys} }] }`);
const STATUS = (keys: string) => `{ name: m, version: "1", status: { ${keys} } }`;
const BAND = (keys: string) => STATUS(`behavior_levels: { 1: 5 }, bands: [{ id: b, ${keys} }, { id: all }]`);

/** The result of `leadgrade validate`, with which the schema must agree. */
const isModel = (text: string) => readModel(text, 'model.yaml').model !== null;

describe('a model, for the schema and for leadgrade validate,', () => {
  test.each([
    ['a condition by the field around it', CASE('{ is: 1 }')],
    ['a condition on a field of its own', CASE('{ field: g, is: 1 }')],
    ['conditions inside conditions', CASE('{ any: [{ is: 1 }, { all: [{ field: g, not: { present: true } }] }] }')],
    ['a counted signal', SIGNAL('activity: a, points: 1, max_count: 2, half_life: none')],
    ['a signal with linear decay', SIGNAL('activity: a, points: 1, lifetime: 30d')],
    ['a tiered signal', SIGNAL('activity: a, tiers: [{ count: 1, points: 2 }], window: 1.5h')],
    ['an absence signal', SIGNAL('absent: { activity: a, for: 90d }, points: -1')],
    ['a state', SIGNAL('when: { field: f, is: true }, points: -1')],
    ['a number as a threshold', BAND('at_least: 5')],
    ['points with hysteresis', BAND('at_least: { points: 5, hysteresis: 1 }')],
    ['a percentile threshold', BAND('at_least: { top: 5%, floor: 5 }')],
  ])('may have %s', (_what, model) => expect([accepts(MODEL, model), isModel(model)]).toEqual([true, true]));

  test.each([
    ['a version that is a number', '{ name: m, version: 1, status: { bands: [{ id: all }] } }'],
    ['no status', '{ name: m, version: "1" }'],
    ['an unknown key', MODEL_WITH('fits: {}')],
    ['an unknown operator', CASE('{ equals: 1 }')],
    ['an unknown operator next to a valid one', CASE('{ is: 1, has_words: [a] }')],
    ['a condition without an operator', CASE('{}')],
    ['a field without an operator', CASE('{ field: g }')],
    ['an unknown operator inside "any"', CASE('{ any: [{ is: 1, equals: 2 }] }')],
    ['an unknown operator inside "not"', CASE('{ not: { equals: 2 } }')],
    ['"field" inside "not"', CASE('{ not: { field: g, is: 2 } }')],
    ['a list operator without a list', CASE('{ has_word: vp }')],
    ['a number as text', CASE('{ gte: "10" }')],
    ['points as text', CASE('{ is: 1 }', '"1"')],
    ['a coverage in per cent', FIT('min_coverage: 40')],
    ['an unknown grade', FIT('grades: { E: 10 }')],
    ['an override that does nothing', FIT('overrides: [{ id: o, when: { field: f, is: 1 } }]')],
    ['a signal without activity, absence or condition', SIGNAL('points: 1')],
    ['a counted signal without points', SIGNAL('activity: a')],
    ['a signal with activity and condition', SIGNAL('activity: a, points: 1, when: { field: f, is: 1 }')],
    ['a signal with two kinds of decay', SIGNAL('activity: a, points: 1, half_life: 30d, lifetime: 30d')],
    ['a state with decay', SIGNAL('when: { field: f, is: 1 }, points: 1, half_life: 30d')],
    ['a misspelled key of a signal', SIGNAL('activity: a, points: 1, maxcount: 2')],
    ['a misspelled key of a tier', SIGNAL('activity: a, tiers: [{ counts: 1, points: 2 }]')],
    ['a duration without a unit', SIGNAL('activity: a, points: 1, half_life: 30')],
    ['a duration in words', SIGNAL('activity: a, points: 1, half_life: 30 days')],
    ['a group without a limit', MODEL_WITH('behavior: { signals: [], groups: [{ id: g, signals: [] }] }')],
    ['points and a percentile in one threshold', BAND('at_least: { points: 5, top: 5%, floor: 5 }')],
    ['a percentile without a floor', BAND('at_least: { top: 5% }')],
    ['a percentile as a number', BAND('at_least: { top: 5, floor: 5 }')],
    ['a cell without a grade', BAND('at_least: 5, cells: [1A]')],
    ['a misspelled requirement', BAND('at_least: 5, requires: { min_grades: B }')],
    ['an unknown basis', STATUS('basis: sum, bands: [{ id: all }]')],
    ['a gate without "unless"', STATUS('bands: [{ id: all }], gates: [{ id: g, max_band: all }]')],
  ])('may not have %s', (_what, model) => expect([accepts(MODEL, model), isModel(model)]).toEqual([false, false]));
});

describe('a mapping, for the schema and for leadgrade validate,', () => {
  const MAPPED = (parts: { fields?: string; write_back?: string; more?: string }) =>
    `{ crm: c, fields: { ${parts.fields ?? ''} }, write_back: { ${parts.write_back ?? ''} }, ${parts.more ?? ''} }`;
  const FIELD = (source: string) => MAPPED({ fields: `contact.email: ${source}` });
  const isMapping = (text: string) => readMapping(text, 'mapping.yaml').mapping !== null;

  test.each([
    ['a field from one property', FIELD('{ from: contacts.email }')],
    ['a field from the first of several', FIELD('{ from: [contacts.email, contacts.mail], as: text }')],
    ['activities', MAPPED({ more: 'activities: [{ from: calls, type: call, at: [a, b], attributes: { x: y } }]' })],
    ['custom properties to write to', MAPPED({ write_back: 'fit_grade: our_grade' })],
  ])('may have %s', (_what, text) => expect([accepts(MAPPING, text), isMapping(text)]).toEqual([true, true]));

  test.each([
    ['a field without a source', FIELD('{}')],
    ['a property without its object', FIELD('{ from: email }')],
    ['an unknown kind of value', FIELD('{ from: contacts.email, as: date }')],
    ['a misspelled key of a field', FIELD('{ from: contacts.email, tables: t }')],
    ['an activity without a date', MAPPED({ more: 'activities: [{ from: calls, type: call }]' })],
    ['an unknown operator', MAPPED({ more: 'leads: { where: { field: f, equals: 1 } }' })],
    ['an unknown score field', MAPPED({ write_back: 'grade: g' })],
    ['an unknown key', MAPPED({ more: 'field: {}' })],
  ])('may not have %s', (_what, text) => expect([accepts(MAPPING, text), isMapping(text)]).toEqual([false, false]));
});

interface Node {
  readonly [key: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}

/** Every node of a JSON document, with its path. */
function* nodesIn(value: unknown, path = ''): Generator<{ readonly path: string; readonly node: Node }> {
  if (!isNode(value)) return;
  yield { path, node: value };
  for (const [key, child] of Object.entries(value)) yield* nodesIn(child, `${path}/${key}`);
}

describe.each([...schemas])('%s', (_file, schema) => {
  const properties = [...nodesIn(schema)].flatMap(({ path, node }) => {
    if (!path.endsWith('/properties')) return [];
    return Object.entries(node).map(([key, value]) => ({ path: `${path}/${key}`, value }));
  });

  test('describes every key', () => {
    expect(properties.length).toBeGreaterThan(5);
    const explained = ({ value }: { value: unknown }): boolean => {
      if (!isNode(value)) return false;
      const [, name = ''] = /^#\/definitions\/(\w+)$/.exec(String(value.$ref)) ?? [];
      return typeof value.description === 'string' || (name !== '' && explained({ value: schema.definitions[name] }));
    };
    expect(properties.filter((each) => !explained(each)).map(({ path }) => path)).toEqual([]);
  });

  test('contains no empty schema, and closes every object', () => {
    const open = [...nodesIn(schema)].filter(({ node }) => {
      const isEmpty = Object.keys(node).length === 0;
      return isEmpty || (node.type === 'object' && node.additionalProperties === undefined);
    });
    expect(open.map(({ path }) => path)).toEqual([]);
  });
});
