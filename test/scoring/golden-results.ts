// The format of test/golden: results as `leadgrade score` prints them, in YAML with one line per
// contribution.
import { Document, isMap, visit } from 'yaml';
import type { Lead } from '../../src/domain/lead.ts';
import type { ScoringContext } from '../../src/domain/score-result.ts';
import type { CompiledModel } from '../../src/scoring/compile/compile.ts';
import { explain } from '../../src/scoring/explanation/explain.ts';
import { toPrintedResult } from '../../src/scoring/explanation/print-result.ts';
import { scoreLead } from '../../src/scoring/score-lead.ts';
import { NOW } from './build.ts';

/** The output of `leadgrade score` for a lead as of NOW. */
export function printed(lead: Lead, model: CompiledModel, context?: ScoringContext): Record<string, unknown> {
  const result = scoreLead(lead, model, NOW, context);
  return toPrintedResult(result, explain(result, lead, model, NOW, { timezone: 'UTC' }));
}

/** @param results each with a sentence that says what it shows */
export function toGolden(
  results: readonly { readonly sentence: string; readonly result: Record<string, unknown> }[],
): string {
  const rows = results.map(({ sentence, result }) => ({ lead: sentence, ...result }));
  const document = new Document(rows, { aliasDuplicateObjects: false });
  visit(document, {
    Map: (_key, node, path) => {
      // Each key of a result has its own line; a nested map is written on one line.
      if (path.filter(isMap).length > 0) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0 });
}
