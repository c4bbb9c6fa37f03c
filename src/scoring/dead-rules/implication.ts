// Whether every lead that meets one condition meets another one, too. Says yes only if it is
// certain, also for fields whose value is a list.
import { compileOperators } from '../compile/operators.ts';
import { type Conjunction, contains, normalized, type Part, type TextOperator } from './conjunction.ts';

/** Comparing thousands of long lists would take minutes; what is left over is not compared. */
export interface Budget {
  left: number;
}

export function implies(inner: Conjunction, outer: Conjunction, budget: Budget): boolean {
  return (
    outer.parts.every((part) => impliesPart(inner, part, budget)) &&
    outer.anyOf.every((options) => impliesOne(inner, options, budget))
  );
}

function impliesPart(inner: Conjunction, part: Part, budget: Budget): boolean {
  return (
    inner.parts.some((each) => partImplies(each, part, budget)) ||
    inner.anyOf.some((options) => options.every((option) => impliesPart(option, part, budget)))
  );
}

function impliesOne(inner: Conjunction, options: readonly Conjunction[], budget: Budget): boolean {
  return (
    options.some((option) => implies(inner, option, budget)) ||
    inner.anyOf.some((given) => given.every((option) => impliesOne(option, options, budget)))
  );
}

function partImplies(inner: Part, outer: Part, budget: Budget): boolean {
  budget.left -= 1;
  if (budget.left < 0 || inner.field !== outer.field) return false;
  if (outer.kind === 'present') return presentImplied(inner, outer.isKnown);
  switch (inner.kind) {
    case 'equals':
      budget.left -= inner.values.length;
      // A list can have one element that is excluded and one that is wanted.
      if (outer.kind === 'not') return false;
      return inner.values.every((value) => outer.test(value) === 'matched');
    case 'range':
      return outer.kind === 'range' && contains(outer.range, inner.range);
    case 'matches':
      return outer.kind === 'matches' && inner.expression === outer.expression;
    case 'not':
      return outer.kind === 'not' && JSON.stringify(inner.operators) === JSON.stringify(outer.operators);
    case 'text':
      budget.left -= outer.kind === 'text' ? inner.texts.length * outer.texts.length : 0;
      return outer.kind === 'text' && inner.texts.every((text) => textImplies(inner.operator, text, outer));
    default:
      return false;
  }
}

/** Only `present: false` holds for an unknown value. */
function presentImplied(inner: Part, isKnown: boolean): boolean {
  return inner.kind === 'present' ? inner.isKnown === isKnown : isKnown;
}

type TextPart = Extract<Part, { kind: 'text' }>;

function textImplies(operator: TextOperator, text: string, outer: TextPart): boolean {
  return outer.texts.some((wanted) => {
    if (!text.includes(wanted)) return false;
    if (outer.operator === 'contains') return true;
    if (outer.operator === 'starts_with') return operator === 'starts_with' && text.startsWith(wanted);
    // A letter may follow where a text is only contained, so its ends are no ends of a word.
    const before = operator === 'contains' ? 'x' : '';
    const after = operator === 'has_word' ? '' : 'x';
    return compileOperators({ has_word: [wanted] })(`${before}${text}${after}`) === 'matched';
  });
}

/** The condition once for each value of its first list, so that each value can be judged alone. */
export function splitValues(
  conjunction: Conjunction,
): readonly { readonly value: string; readonly alone: Conjunction }[] {
  const index = conjunction.parts.findIndex((part) => valuesOf(part).length > 1);
  const part = conjunction.parts[index];
  if (part === undefined) return [{ value: '', alone: conjunction }];
  return valuesOf(part).map((value) => ({
    value: String(value),
    alone: { ...conjunction, parts: conjunction.parts.with(index, withOnly(part, value)) },
  }));
}

function valuesOf(part: Part): readonly (string | number | boolean)[] {
  if (part.kind === 'equals') return part.values;
  return part.kind === 'text' ? part.texts : [];
}

function withOnly(part: Part, value: string | number | boolean): Part {
  if (part.kind === 'equals') return { ...part, values: [value], test: compileOperators({ is: value }) };
  if (part.kind !== 'text') return part;
  const text = normalized(String(value));
  return { ...part, texts: [text], test: compileOperators({ [part.operator]: [text] }) };
}
