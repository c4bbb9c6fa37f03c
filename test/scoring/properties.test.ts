// Properties of scoring on random models and leads, and a comparison with a slow reference
// implementation.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Lead, UNREADABLE } from '../../src/domain/lead.ts';
import type { ScoreResult } from '../../src/domain/score-result.ts';
import { type CompiledModel, compileModel } from '../../src/scoring/compile/compile.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import { parseLead } from '../../src/scoring/lead-input/parse-lead.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { scoreLead, scoreLeadOnly } from '../../src/scoring/score-lead.ts';
import { type Json, NOT_SHOWN } from './naive-conditions.ts';
import { naiveScore } from './naive-score.ts';
import { context, contextAfter, contextOf, lead, model, NOW, notShown } from './random.ts';

const RUNS = Number(process.env.PROPERTY_RUNS ?? 300);
const HOUR = 3_600_000;
const UTC = { timezone: 'UTC' };

function parsed(value: Json): Lead {
  const result = parseLead(value);
  if ('error' in result) throw new Error(`${result.error.path}: ${result.error.message}`);
  return result.lead;
}

function compiled(value: Json): CompiledModel {
  const read = readModel(JSON.stringify(value), 'random.json');
  if (!read.model) throw new Error(JSON.stringify(read.problems));
  return compileModel(read.model);
}

function fieldsWith<T>(names: readonly string[], value: T): Readonly<Record<string, T>> {
  return Object.fromEntries(names.map((name) => [name, value]));
}

function comparable(result: ScoreResult): Json {
  return {
    grade: result.grade,
    coverage: result.coverage,
    raw: result.fit.raw,
    attainable: result.fit.attainable,
    fit: result.fit.score,
    behavior: result.behavior.score,
    status: result.status,
    cell: result.cell,
    gates: result.gates.map(({ lift: _, ...gate }) => gate),
    thresholds: result.thresholds ?? {},
    contributions: result.contributions.map(({ latestAt: _, count: __, exact: ___, ...line }) => line),
  };
}

test('a random lead with a random model scores exactly as in the reference implementation', () => {
  fc.assert(
    fc.property(model, lead, context, notShown, (m, l, given, hidden) => {
      const seen = { ...l, fields: { ...l.fields, ...fieldsWith(hidden, NOT_SHOWN) } };
      const c = contextOf(given, naiveScore(seen, m, NOW));
      const read = parsed(l);
      const unreadable = { ...read, fields: { ...read.fields, ...fieldsWith(hidden, UNREADABLE) } };
      const result = scoreLead(unreadable, compiled(m), NOW, c);
      const { exact, contributions, ...expected } = naiveScore(seen, m, NOW, c);
      const lines = contributions.map(({ exact: _, ...line }) => line);
      expect(comparable(result)).toEqual({ ...expected, contributions: lines });
      expect(result.behavior.exact).toBeCloseTo(exact, 9);
      result.contributions.forEach((line, index) => {
        expect(line.exact).toBeCloseTo(contributions[index]!.exact, 9);
      });
    }),
    { numRuns: RUNS },
  );
});

function referenceAt(m: Json, l: Json, c: Json, at: number): Json {
  const { behavior, grade, cell, status } = naiveScore(l, m, at, c);
  return { behavior, grade, cell, status };
}

test('a score does not change before next_change_at, changes at it, and never changes if it is null', () => {
  fc.assert(
    fc.property(
      model,
      lead,
      context,
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
      (m, l, given, fractions) => {
        const before = contextOf(given, naiveScore(l, m, NOW));
        const result = scoreLead(parsed(l), compiled(m), NOW, before);
        const c = contextAfter(result, before);
        const { grade, cell, status } = result;
        const now = { behavior: result.behavior.score, grade, cell, status };
        const change = result.nextChangeAt;
        const first = Math.floor(NOW / 1000 + 1) * 1000;
        if (change !== null) {
          expect(change).toBeGreaterThanOrEqual(first);
          expect(change % 1000).toBe(0);
          expect(referenceAt(m, l, c, change)).not.toEqual(now);
        }
        const last = change === null ? NOW + 50_000 * HOUR : change - 1000;
        const nearby = [first, first + 1000, last - 1000, last];
        const between = fractions.map((part) => first + Math.floor((part ** 2 * (last - first)) / 1000) * 1000);
        for (const at of [...nearby, ...between]) {
          if (at >= first && at <= last) expect({ at, ...referenceAt(m, l, c, at) }).toEqual({ at, ...now });
        }
      },
    ),
    { numRuns: RUNS },
  );
});

test('the contributions of a result sum to its displayed scores', () => {
  fc.assert(
    fc.property(model, lead, (m, l) => {
      const { contributions, fit, behavior, total } = scoreLead(parsed(l), compiled(m), NOW);
      const sumOf = (dimension: string) =>
        contributions.filter((line) => line.dimension === dimension).reduce((sum, line) => sum + line.points, 0);
      expect([sumOf('fit'), sumOf('behavior')]).toEqual([fit.score, behavior.score]);
      expect(total).toBe(fit.score + behavior.score);
    }),
    { numRuns: RUNS },
  );
});

test('the order of activities with unique ids does not change the result', () => {
  fc.assert(
    fc.property(model, lead, (m, l) => {
      const unique = new Map((l.activities ?? []).map((each: Json) => [String(each.id), each]));
      const forward = { ...l, activities: [...unique.values()] };
      const backward = { ...l, activities: [...unique.values()].reverse() };
      const ready = compiled(m);
      expect(scoreLead(parsed(backward), ready, NOW)).toEqual(scoreLead(parsed(forward), ready, NOW));
    }),
    { numRuns: RUNS / 2 },
  );
});

test('the signed lines of an explanation sum to the total, at any length', () => {
  fc.assert(
    fc.property(model, lead, fc.integer({ min: 30, max: 600 }), (m, l, maxLength) => {
      const ready = compiled(m);
      const person = parsed(l);
      const result = scoreLead(person, ready, NOW);
      for (const options of [{ timezone: 'UTC' }, { timezone: 'Asia/Tokyo', maxLength }]) {
        const text = explain(result, person, ready, NOW, options);
        expect(text.length).toBeLessThanOrEqual(options.maxLength ?? Infinity);
        const signed = text.split('\n').filter((line) => /^[+-]\d+ /.test(line));
        expect(signed.reduce((sum, line) => sum + Number.parseInt(line, 10), 0)).toBe(result.total);
      }
    }),
    { numRuns: RUNS / 2 },
  );
});

test('a model that has scored other leads scores and explains a lead as a new model does', () => {
  fc.assert(
    fc.property(model, fc.array(lead, { minLength: 2, maxLength: 4 }), context, (m, list, c) => {
      const used = compiled(m);
      const leads = list.map(parsed);
      const results = leads.map((each) => scoreLead(each, used, NOW, c));
      leads.forEach((each, index) => {
        const fresh = compiled(m);
        const result = results[index]!;
        expect(result).toEqual(scoreLead(each, fresh, NOW, c));
        // The model has read the other leads since it scored this one.
        expect(explain(result, each, used, NOW, UTC)).toBe(explain(result, each, fresh, NOW, UTC));
      });
    }),
    { numRuns: RUNS / 2 },
  );
});

test('a score without the look ahead is the same but for the next change', () => {
  fc.assert(
    fc.property(model, lead, context, (m, l, c) => {
      const ready = compiled(m);
      const { nextChangeAt: _, ...score } = scoreLead(parsed(l), ready, NOW, c);
      expect(scoreLeadOnly(parsed(l), ready, NOW, c)).toEqual(score);
    }),
    { numRuns: RUNS / 2 },
  );
});
