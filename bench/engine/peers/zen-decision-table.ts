// ZEN: one decision table that collects the rows that hold, with the points as an expression in each.
import { ZenEngine } from '@gorules/zen-engine';
import type { Lead } from '../../../src/domain/lead.ts';
import { type Facts, factsOf, limited, RULES, type Rule, type Test } from '../facts.ts';
import { type Outcome, outcomeOf } from '../outcome.ts';

function cell({ operator, value }: Test): string {
  if (operator === 'lessThan') return `< ${value}`;
  if (operator === 'atLeast') return `>= ${value}`;
  if (operator === 'containsOne') return `some($, # in ${JSON.stringify(value)})`;
  return operator === 'in' ? (value as string[]).map((each) => JSON.stringify(each)).join(', ') : JSON.stringify(value);
}

function cells(tests: readonly Test[]): string {
  return tests.map(cell).join(' and ');
}

function tableOf(rules: readonly Rule[]): object {
  const facts = [...new Set(rules.flatMap(({ tests }) => tests.map(({ fact }) => fact)))];
  const testsOf = (rule: Rule, fact: keyof Facts) => cells(rule.tests.filter((test) => test.fact === fact));
  return {
    hitPolicy: 'collect',
    inputs: facts.map((fact) => ({ id: fact, name: fact, field: fact })),
    outputs: ['part', 'points'].map((field) => ({ id: `out-${field}`, name: field, field })),
    rules: rules.map((rule) => ({
      _id: rule.id,
      ...Object.fromEntries(facts.map((fact) => [fact, testsOf(rule, fact)])),
      'out-part': JSON.stringify(rule.part),
      'out-points': rule.weight === null ? String(rule.points) : `${rule.points} * ${rule.weight}`,
    })),
  };
}

export function zenDecisionTable(): (lead: Lead) => Promise<Outcome> {
  const position = { x: 0, y: 0 };
  const decision = new ZenEngine().createDecision({
    nodes: [
      { id: 'in', name: 'in', type: 'inputNode', position },
      { id: 'table', name: 'table', type: 'decisionTableNode', position, content: tableOf(RULES) },
      { id: 'out', name: 'out', type: 'outputNode', position },
    ],
    edges: [
      { id: 'a', sourceId: 'in', targetId: 'table', type: 'edge' },
      { id: 'b', sourceId: 'table', targetId: 'out', type: 'edge' },
    ],
  });
  return async (lead) => {
    const { result } = await decision.evaluate(factsOf(lead));
    const sums = { fit: 0, behavior: 0, email: 0 };
    for (const { part, points } of result as { part: Rule['part']; points: number }[]) sums[part] += Number(points);
    return outcomeOf(sums.fit, limited(sums.behavior, sums.email), null);
  };
}
