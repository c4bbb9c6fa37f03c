// What is written to a CRM is exported by its users, and opened in a spreadsheet.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { beginsLikeFormula, isFormula } from '../../src/domain/texts/formula.ts';
import { toScoreFields } from '../../src/mapping/write-back.ts';
import { compileModel } from '../../src/scoring/compile/compile.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { did, leadOf, NOW } from '../scoring/build.ts';

const text = fc.oneof(
  fc.constantFrom('=HYPERLINK("http://x";"y")', '+cmd|x', '-2+A1', '@SUM(A1)', ' =1', '＝1', 'Hot', '-', '+49'),
  fc.string({ unit: fc.constantFrom(...'=+-@ \t\naA1('), minLength: 1, maxLength: 5 }),
);
const texts = fc.record({ name: text, band: text, bandLabel: text, label: text, title: text });
const points = fc.integer({ min: -60, max: 60 });

test('no text that is written to a CRM begins like a formula, whatever the model calls things and however short the field is', () => {
  fc.assert(
    fc.property(texts, points, points, fc.integer({ min: 0, max: 200 }), (said, fit, behavior, maxLength) => {
      const source = {
        name: said.name,
        version: '1',
        fit: {
          criteria: [
            { id: said.label, field: 'title', cases: [{ when: { present: true }, points: fit, label: said.label }] },
          ],
          overrides: [{ id: said.label, when: { field: 'title', present: true }, max_grade: 'D' }],
        },
        behavior: { signals: [{ id: said.title, activity: 'chat', points: behavior }] },
        status: {
          bands: [{ id: said.band, label: said.bandLabel, at_least: 0, requires: { min_fit: 50 } }, { id: 'last' }],
          gates: [{ id: said.label, unless: { field: 'other', present: true }, max_band: 'last' }],
        },
      };
      const { model } = readModel(JSON.stringify(source), 'model.json');
      const isRefused = [said.name, said.band, said.bandLabel].some(beginsLikeFormula);
      expect(model === null).toBe(isRefused);
      if (model === null) return;
      const compiled = compileModel(model);
      const lead = leadOf({ fields: { title: said.title }, activities: [did('chat', 1)] });
      const result = scoreLead(lead, compiled, NOW);
      const explanation = explain(result, lead, compiled, NOW, { timezone: 'UTC', maxLength });
      const values = Object.values(toScoreFields(result, explanation));
      expect(values.filter((value) => typeof value === 'string' && isFormula(value))).toEqual([]);
    }),
    // A blank name and a version: " @1".
    { examples: [[{ name: ' ', band: 'hot', bandLabel: 'Hot', label: 'a', title: 'a' }, 0, 0, 0]] },
  );
});
