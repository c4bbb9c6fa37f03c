// Compiles a condition of a model or mapping into one function from fields to a match result.
import { type Fields, type Membership, UNREADABLE } from '../../domain/lead.ts';
import type { MatchResult } from '../../domain/score-result.ts';
import { type Condition, conditionFields, hasOperator } from '../schemas/condition.ts';
import { compileOperators } from './operators.ts';

export { type Condition, conditionFields, lacksField } from '../schemas/condition.ts';

export type FieldTest = (fields: Fields) => MatchResult;

/**
 * @param condition a condition that the schema accepted
 * @param defaultField the field of operators without one; `all` and `any` inherit it
 * @returns `matched`, `unmatched`, or `unknown` if the result depends on an unknown value
 * @throws Error when an operator has no field (check with `lacksField` first)
 */
export function compileCondition(condition: Condition, defaultField?: string): FieldTest {
  const field = condition.field ?? defaultField;
  const parts: FieldTest[] = [];
  if (hasOperator(condition)) {
    if (field === undefined) throw new Error('A condition has operators but no field. Add `field`.');
    const test = compileOperators(condition);
    parts.push((fields) => test(fields[field]));
  }
  if (condition.all) parts.push(allOf(condition.all.map((each) => compileCondition(each, field))));
  if (condition.any) parts.push(anyOf(condition.any.map((each) => compileCondition(each, field))));
  const [only] = parts;
  return parts.length === 1 && only ? only : allOf(parts);
}

/**
 * The membership by a condition on leads.
 * @param test the compiled condition
 * @param ofUnknown the membership of leads for which it is unknown, all of whose fields can be read
 */
export function compileMembership(
  condition: Condition,
  test: FieldTest,
  ofUnknown: Exclude<Membership, 'undecided'>,
): (fields: Fields) => Membership {
  const names = conditionFields(condition);
  return (fields) => {
    const result = test(fields);
    if (result !== 'unknown') return result === 'matched' ? 'in' : 'out';
    return names.some((name) => fields[name] === UNREADABLE) ? 'undecided' : ofUnknown;
  };
}

/**
 * Compiles the `where` of a signal: every attribute's condition must match; unknown counts as
 * unmatched.
 */
export function compileWhere(where: Readonly<Record<string, Condition>> | undefined): (attributes: Fields) => boolean {
  const tests = Object.entries(where ?? {}).map(([attribute, condition]) => compileCondition(condition, attribute));
  return (attributes) => {
    for (const test of tests) if (test(attributes) !== 'matched') return false;
    return true;
  };
}

/** The attributes that a `where` reads, without duplicates. */
export function whereAttributes(where: Readonly<Record<string, Condition>> | undefined): readonly string[] {
  const entries = Object.entries(where ?? {});
  return [...new Set(entries.flatMap(([attribute, condition]) => conditionFields(condition, attribute)))];
}

function allOf(tests: readonly FieldTest[]): FieldTest {
  return (fields) => {
    let outcome: MatchResult = 'matched';
    for (const test of tests) {
      const each = test(fields);
      if (each === 'unmatched') return 'unmatched';
      if (each === 'unknown') outcome = 'unknown';
    }
    return outcome;
  };
}

function anyOf(tests: readonly FieldTest[]): FieldTest {
  return (fields) => {
    let outcome: MatchResult = 'unmatched';
    for (const test of tests) {
      const each = test(fields);
      if (each === 'matched') return 'matched';
      if (each === 'unknown') outcome = 'unknown';
    }
    return outcome;
  };
}
