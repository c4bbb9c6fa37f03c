// What changed in the score of a lead, and why, from two results after each other.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StoredLine } from '../../src/domain/stored-lines.ts';
import { changesOf, type HistoryModels, type HistoryResult } from '../../src/review/history/history.ts';
import { changeLine } from '../../src/review/history/history-texts.ts';
import { lineReader } from '../../src/review/history/read-lines.ts';
import { compileModel } from '../../src/scoring/compile/compile.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';

const MODEL = `
name: small
version: "1"
fit:
  criteria:
    - { id: size, label: Company size, field: company.employees, cases: [ { when: { gte: 100 }, points: 20 }, { when: { gte: 30 }, points: 10 } ] }
behavior:
  signals:
    - { id: pricing, label: Viewed pricing, activity: page_view, where: { path: { starts_with: [/pricing] } }, points: 25 }
    - { id: form, label: Sent a form, activity: form_submission, points: 40 }
    - { id: silent, label: No email opened for 90 days, absent: { activity: email_open, for: 90d }, points: -10 }
    - { id: opted_out, label: Unsubscribed, when: { field: contact.email_opt_out, is: true }, points: -20 }
  groups: [ { id: all, label: Everything, signals: [pricing, form], max: 60 } ]
status: { bands: [ { id: sales, at_least: 70 }, { id: nurture } ] }
`;

const { model } = readModel(MODEL, 'model.yaml');
if (model === null) throw new Error('The model is valid.');
const reader = lineReader(model, compileModel(model));
const MODELS: HistoryModels = { readerOf: () => reader, differences: () => ['pricing: points 25 → 30'] };

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 24, 8, 0);

/** `minutes` after the start, with the points of these lines. */
function result(minutes: number, lines: readonly StoredLine[], more: Partial<HistoryResult> = {}): HistoryResult {
  const sum = (ids: readonly string[]) =>
    lines.reduce((all, [signal, points]) => (ids.includes(signal) ? all + points : all), 0);
  const total = lines.reduce((all, [, points]) => all + points, 0);
  const fit = sum(['size']);
  return {
    ...{ at: START + minutes * MINUTE, cause: 'changed', grade: 'B', status: 'nurture', cell: null },
    ...{ fit, behavior: total - fit, total, model: 'small@1', modelHash: 'm1' },
    ...{ lines, thresholds: null, gates: [] },
    ...more,
  };
}

const viewed = { type: 'page_view', attributes: { path: '/pricing/teams' }, goneAt: null };

test('a change names the activity with its date, the field before and after, and what faded meanwhile', () => {
  const before = result(
    0,
    [
      ['size', 10, 10],
      ['form', 30, 30.2],
    ],
    { grade: 'C' },
  );
  const after = result(
    12,
    [
      ['size', 20, 20],
      ['form', 27, 27.1],
      ['pricing', 25, 25],
    ],
    { grade: 'B', status: 'sales' },
  );
  const evidence = {
    activities: [
      { ...viewed, at: START + 5 * MINUTE, seenAt: START + 6 * MINUTE },
      { ...viewed, at: START - 90 * MINUTE, seenAt: START - 80 * MINUTE },
    ],
    fields: [{ field: 'company.employees', before: 40, after: 120, seenAt: START + 3 * MINUTE }],
  };
  const [change, ...others] = changesOf([after, before], evidence, MODELS, false);
  expect(others).toEqual([]);
  expect(change && changeLine(change)).toBe(
    '2026-11-24 08:12  C nurture → B sales  40 → 72  Viewed pricing on 2026-11-24 (+25), company.employees 40 → 120 (+10), decay (-3)',
  );
});

test.each([
  [
    'another model, in words',
    { modelHash: 'm2', model: 'small@2', cause: 'model' },
    'B nurture  10 → 15  model small@1 → small@2 (pricing: points 25 → 30), Viewed pricing (+5)',
  ],
  [
    'a threshold that moved',
    { status: 'sales', cause: 'threshold', thresholds: { sales: 68 } },
    'B nurture → B sales  10 → 15  sales begins at 68 points instead of 70, other (+5)',
  ],
  [
    'records of the person',
    { cause: 'person' },
    'B nurture  10 → 15  records of the person linked, merged or deleted, other (+5)',
  ],
  ['a gate', { gates: [] }, 'B nurture  10 → 15  gate lifted: No decision maker known, other (+5)'],
])('a change names %s', (_what, more, text) => {
  const gates = 'gates' in more ? ['No decision maker known'] : [];
  const before = result(0, [['pricing', 10, 10]], { thresholds: { sales: 70 }, gates });
  const after = result(1, [['pricing', 15, 15]], { thresholds: { sales: 70 }, ...more });
  const [change] = changesOf([after, before], { activities: [], fields: [] }, MODELS, false);
  expect(change && changeLine(change)).toBe(`2026-11-24 08:01  ${text}`);
});

test('the first threshold of a band is named where it lets a lead in whose points stay', () => {
  const lines: readonly [string, number, number][] = [['pricing', 90, 90]];
  const before = result(0, lines, { status: 'nurture', thresholds: {} });
  const after = result(1, lines, { status: 'sales', thresholds: { sales: 72 } });
  const [change] = changesOf([after, before], { activities: [], fields: [] }, MODELS, false);
  expect(change && changeLine(change)).toBe(
    '2026-11-24 08:01  B nurture → B sales  90 → 90  sales begins at 72 points, its first threshold',
  );
});

test('a deleted activity, a signal that time switched, and a field that is gone are named', () => {
  const before = result(0, [
    ['form', 40, 40],
    ['opted_out', -20, -20],
  ]);
  const after = result(2, [['silent', -10, -10]]);
  const gone = { type: 'form_submission', attributes: {}, at: START - 9, seenAt: START - 8, goneAt: START + MINUTE };
  const fields = [{ field: 'contact.email_opt_out', before: true, after: null, seenAt: START + MINUTE }];
  const [change] = changesOf([after, before], { activities: [gone], fields }, MODELS, false);
  expect(change?.parts.map(({ text, points }) => `${text} ${points}`)).toEqual([
    'Sent a form on 2026-11-24, deleted -40',
    'contact.email_opt_out true → unknown 20',
    'No email opened for 90 days -10',
  ]);
});

test('the first score is a change if it is stored, and results that differ in texts alone are none', () => {
  const results = [result(1, [['pricing', 10, 10.3]]), result(0, [['pricing', 10, 10]])];
  const none = { activities: [], fields: [] };
  const [first, ...others] = changesOf(results, none, MODELS, true);
  expect(first && changeLine(first)).toBe('2026-11-24 08:00  B nurture  10  first score, Viewed pricing (+10)');
  expect(others).toEqual([]);
  expect(changesOf(results, none, MODELS, false)).toEqual([]);
});

test('the parts of each change add up to the difference of the totals, whatever was read in between', () => {
  const ids = ['size', 'pricing', 'form', 'silent', 'opted_out', 'cap:all', 'limit:behavior', 'unknown_line'];
  const lines = fc
    .uniqueArray(fc.tuple(fc.constantFrom(...ids), fc.integer({ min: -30, max: 60 })), { selector: ([id]) => id })
    .map((all) => all.map(([id, points]): StoredLine => [id, points, points]));
  const instant = fc.integer({ min: START - 3 * MINUTE, max: START + 12 * MINUTE });
  const activity = fc.record({
    ...{ type: fc.constantFrom('page_view', 'form_submission', 'email_open'), at: instant, seenAt: instant },
    ...{ attributes: fc.constantFrom({}, { path: '/pricing' }), goneAt: fc.option(instant) },
  });
  const field = fc.record({
    ...{ field: fc.constantFrom('company.employees', 'contact.email_opt_out'), seenAt: instant },
    ...{ before: fc.jsonValue(), after: fc.jsonValue() },
  });
  const past = fc.array(fc.tuple(lines, fc.constantFrom('m1', 'm2'), fc.integer({ min: -2, max: 2 })), {
    minLength: 1,
  });
  fc.assert(
    fc.property(past, fc.array(activity), fc.array(field), fc.boolean(), (given, activities, fields, isComplete) => {
      const results = given.map(([each, modelHash, off], index) => {
        const { total, ...rest } = result(index, each, { modelHash });
        return { ...rest, total: total + off };
      });
      for (const { before, after, parts } of changesOf(
        results.toReversed(),
        { activities, fields },
        MODELS,
        isComplete,
      )) {
        const sum = parts.reduce((all, { points }) => all + points, 0);
        expect(sum).toBe(after.total - (before?.total ?? 0));
        expect(parts.every(({ text }) => text !== '')).toBe(true);
      }
    }),
  );
});
