// json-rules-engine: one rule each, events of the rules that hold. It has no multiplication: the caller sums the points.
import { Engine } from 'json-rules-engine';
import type { Lead } from '../../../src/domain/lead.ts';
import { factsOf, limited, RULES, type Rule, type Test } from '../facts.ts';
import { type Outcome, outcomeOf } from '../outcome.ts';

const OPERATORS = { equal: 'equal', in: 'in', lessThan: 'lessThan', atLeast: 'greaterThanInclusive' };

function conditionsOf({ fact, operator, value }: Test): object {
  if (operator !== 'containsOne') return { fact, operator: OPERATORS[operator], value };
  return { any: (value as string[]).map((each) => ({ fact, operator: 'contains', value: each })) };
}

export function jsonRulesEngine(): (lead: Lead) => Promise<Outcome> {
  const engine = new Engine(
    RULES.map((rule) => ({
      conditions: { all: rule.tests.map(conditionsOf) },
      event: { type: rule.id, params: rule },
    })),
  );
  return async (lead) => {
    const facts = factsOf(lead);
    const { events } = await engine.run(facts);
    const sums = { fit: 0, behavior: 0, email: 0 };
    for (const { params } of events) {
      const { part, points, weight } = params as Rule;
      sums[part] += points * (weight === null ? 1 : Number(facts[weight]));
    }
    return outcomeOf(sums.fit, limited(sums.behavior, sums.email), null);
  };
}
