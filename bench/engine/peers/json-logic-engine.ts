// json-logic-engine: the model as one expression, compiled to JavaScript. It gives the sums and no contributions.
import { LogicEngine } from 'json-logic-engine';
import type { Lead } from '../../../src/domain/lead.ts';
import { type Facts, factsOf, limited, RULES, type Rule, type Test } from '../facts.ts';
import { type Outcome, outcomeOf } from '../outcome.ts';

function test({ fact, operator, value }: Test): object {
  const read = { var: fact };
  if (operator === 'lessThan') return { '<': [read, value] };
  if (operator === 'atLeast') return { '>=': [read, value] };
  if (operator === 'containsOne') return { or: (value as string[]).map((each) => ({ in: [each, read] })) };
  return operator === 'in' ? { in: [read, value] } : { '===': [read, value] };
}

function points({ points: whole, weight, tests }: Rule): object {
  const [only] = tests;
  const holds = tests.length === 1 && only ? test(only) : { and: tests.map(test) };
  return { if: [holds, weight === null ? whole : { '*': [whole, { var: weight }] }, 0] };
}

function sum(part: Rule['part']): object {
  return { '+': RULES.filter((rule) => rule.part === part).map(points) };
}

export function jsonLogicEngine(): (lead: Lead) => Outcome {
  const run = new LogicEngine().build([sum('fit'), sum('behavior'), sum('email')]);
  return (lead) => {
    const facts: Facts = factsOf(lead);
    const [fit, behavior, email] = run(facts) as [number, number, number];
    return outcomeOf(fit, limited(behavior, email), null);
  };
}
