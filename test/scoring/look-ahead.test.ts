// The dates and steps that an explanation names, beside what later scorings of the same lead give.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ScoreResult, ScoringContext } from '../../src/domain/score-result.ts';
import { standingOf } from '../../src/scoring/assess.ts';
import { compileModel } from '../../src/scoring/compile/compile.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import { parseLead } from '../../src/scoring/lead-input/parse-lead.ts';
import { findNextChange } from '../../src/scoring/look-ahead/next-change.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { scoreLead, scoreLeadOnly } from '../../src/scoring/score-lead.ts';
import { DAY, did, leadOf, modelWith, NOW } from './build.ts';
import { context, contextAfter, contextOf, lead, model, NOW as RANDOM_NOW } from './random.ts';

const RUNS = Number(process.env.PROPERTY_RUNS ?? 300);
const UTC = { timezone: 'UTC' };

test('the next status of a random lead comes exactly when scorings at each of its changes give it', () => {
  fc.assert(
    fc.property(model, lead, context, (m, l, given) => {
      const read = readModel(JSON.stringify(m), 'random.json');
      const found = parseLead(l);
      if (read.model === null || 'error' in found) throw new Error('not a valid model and lead');
      const rules = compileModel(read.model);
      const { fit, behavior } = scoreLeadOnly(found.lead, rules, RANDOM_NOW);
      let before: ScoringContext = contextOf(given, { fit: fit.score, behavior: behavior.score });
      const result = scoreLead(found.lead, rules, RANDOM_NOW, before);
      const told = findNextChange(standingOf(result, found.lead, rules), RANDOM_NOW, 'status');
      let next: ScoreResult = result;
      for (let change = 0; change < 60 && next.status === result.status; change++) {
        if (next.nextChangeAt === null) {
          expect(told).toBeNull();
          return;
        }
        before = contextAfter(next, before);
        next = scoreLead(found.lead, rules, next.nextChangeAt, before);
        if (told !== null) expect(next.asOf).toBeLessThanOrEqual(told.at);
      }
      if (next.status === result.status) return;
      expect(told).toEqual({ at: next.asOf, bandIndex: rules.bands.findIndex(({ id }) => id === next.status) });
    }),
    { numRuns: RUNS },
  );
});

const fading = modelWith({
  behavior: {
    half_life: '30d',
    signals: [
      { id: 'demo', activity: 'demo', points: 90, max_count: 2, label: 'Demo' },
      { id: 'visit', activity: 'visit', points: 2, max_count: 9, label: 'Visit' },
    ],
  },
  status: {
    basis: 'behavior',
    bands: [
      { id: 'sales', label: 'Sales', at_least: { capacity: '9 per week', floor: 20, hysteresis: 4 } },
      { id: 'rest', label: 'Rest' },
    ],
  },
});
/** A lead with 60 points now. */
const fadingLead = leadOf({ activities: [did('demo', 30 * Math.log2(1.5))] });

/** The explanation of a lead that was last judged by the threshold `held`, while `current` is in force. */
function explained(previousStatus: string, held: number, current: number) {
  const earlier = { fit: 0, behavior: 60, thresholds: { sales: held } };
  const before = { thresholds: { sales: current }, previousStatus, earlier };
  const result = scoreLead(fadingLead, fading, NOW, before);
  return { result, before, text: explain(result, fadingLead, fading, NOW, UTC) };
}

test('the date on which a lead falls is the one after which the night gives it the lower status, by whatever threshold it is held', () => {
  const thresholds = fc.integer({ min: 20, max: 100 });
  fc.assert(
    fc.property(thresholds, thresholds, (held, current) => {
      const { result, before, text } = explained('sales', held, current);
      const date = /^Falls to Rest on (.*) without further activity$/m.exec(text)?.[1];
      expect(date === undefined).toBe(result.status === 'rest');
      if (date === undefined) return;
      let [night, last, context] = [NOW, result, contextAfter(result, before)];
      while (last.status === 'sales' && night < NOW + 200 * DAY) {
        night += DAY;
        last = scoreLead(fadingLead, fading, night, context);
        context = contextAfter(last, context);
      }
      // The night of the following day finds what changed in the 24 hours before it.
      const day = Date.parse(`${date} UTC`);
      expect([day, day + DAY]).toContain(night);
    }),
  );
});

test.each([
  ['that falls at once, as it is held by a lower threshold than that in force', 'sales', 50, 80, '22 Nov 2026'],
  ['that is held by a higher threshold than that in force', 'sales', 60, 40, '14 Dec 2026'],
])('a lead %s is said to fall on the right day', (_what, status, held, current, date) => {
  const { text } = explained(status, held, current);
  expect(text).toContain(`Falls to Rest on ${date} without further activity`);
});

test('a lead outside a band is told the step that reaches the threshold in force, not the one that holds it out', () => {
  const { result, text } = explained('rest', 90, 61);
  expect(result.status).toBe('rest');
  expect(text).toContain('Would reach Sales with one more: Visit');
});
