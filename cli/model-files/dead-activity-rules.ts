// Rules of a mapping that never make an activity: the first rule of a stream that matches an item
// gives its type, so a rule below one that takes everything is dead.
import { isNode, LineCounter, parseDocument } from 'yaml';
import type { Problem } from '../../src/domain/problem.ts';
import type { Condition } from '../../src/scoring/compile/conditions.ts';
import { type Conjunction, toConjunction } from '../../src/scoring/dead-rules/conjunction.ts';
import { contradictionIn } from '../../src/scoring/dead-rules/contradictions.ts';
import { implies } from '../../src/scoring/dead-rules/implication.ts';

interface Rule {
  readonly from: string | readonly string[];
  readonly type: string;
  readonly when?: Condition | undefined;
}

export function deadActivityRules(rules: readonly Rule[], text: string, file: string): Problem[] {
  const budget = { left: 1_000_000 };
  const earlier: { readonly from: string; readonly number: number; readonly condition: Conjunction }[] = [];
  return rules.flatMap(({ from, type, when }, index): Problem[] => {
    const condition = toConjunction(when ?? {});
    const number = index + 1;
    const streams = [from].flat();
    const reason = contradictionIn(condition);
    const takers = streams.map((stream) => {
      return earlier.find((each) => each.from === stream && implies(condition, each.condition, budget))?.number ?? null;
    });
    const isDead = reason !== null || takers.every((taker) => taker !== null);
    if (!isDead) {
      earlier.push(...streams.map((stream) => ({ from: stream, number, condition })));
      return [];
    }
    const why = reason ?? `rule ${[...new Set(takers)].join(' and ')} above takes everything that it is for`;
    const fix = reason === null ? 'Move it above that rule, or narrow that rule with when.' : 'Correct its condition.';
    const message = `rule ${number} (${streams.join(', ')} to ${type}) never makes an activity: ${why}.`;
    return [{ level: 'error', file, ...placeOf(text, index), path: `activities[${index}]`, message, fix }];
  });
}

function placeOf(text: string, index: number): { line: number; column: number } {
  const lines = new LineCounter();
  const node = parseDocument(text, { lineCounter: lines, logLevel: 'error' }).getIn(['activities', index], true);
  const { line, col } = lines.linePos(isNode(node) ? (node.range?.[0] ?? 0) : 0);
  return { line, column: col };
}
