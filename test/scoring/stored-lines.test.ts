// What a stored result keeps of its lines, and what the stored model adds to them later.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toContributions, toStoredLines } from '../../src/domain/stored-lines.ts';
import { compileModel } from '../../src/scoring/compile/compile.ts';
import { parseLead } from '../../src/scoring/lead-input/parse-lead.ts';
import { lineTexts } from '../../src/scoring/line-texts.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { context, lead, model, NOW } from './random.ts';

test('the stored lines of a random lead give its contributions with points again, and sum to its scores', () => {
  fc.assert(
    fc.property(model, lead, context, (m, l, c) => {
      const read = readModel(JSON.stringify(m), 'random.json');
      const parsed = parseLead(l);
      if (read.model === null || 'error' in parsed) throw new Error('The generator gave an invalid model or lead.');
      const compiled = compileModel(read.model);
      const { contributions, fit, behavior } = scoreLead(parsed.lead, compiled, NOW, c);
      const stored = JSON.stringify(toStoredLines(contributions, lineTexts(compiled)));
      const shown = toContributions(JSON.parse(stored), lineTexts(compileModel(read.model)));
      const withPoints = contributions.filter(({ points }) => points !== 0);
      expect(shown).toEqual(withPoints.map(({ latestAt: _, count: __, ...line }) => line));
      const sumOf = (dimension: string) =>
        shown.reduce((sum, line) => sum + (line.dimension === dimension ? line.points : 0), 0);
      expect([sumOf('fit'), sumOf('behavior')]).toEqual([fit.score, behavior.score]);
    }),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 200) },
  );
});

test('a line from before the present form is shown with the label that it has, and one of an unknown model with its signal', () => {
  const lines = [
    ['title', 30, 30, 'Executive'],
    ['demo', 12, 12.25],
  ] as const;
  expect(toContributions(lines, new Map()).map(({ label }) => label)).toEqual(['Executive', 'demo']);
});
