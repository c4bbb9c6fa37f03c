// A condition as a list of parts that must all hold, each on one field: the form in which two
// conditions can be compared.
import { compileOperators, type ValueTest } from '../compile/operators.ts';
import type { Condition, Operators, Scalar } from '../schemas/condition.ts';

export interface Range {
  readonly low: number;
  readonly high: number;
  /** The bound itself is not in the range. */
  readonly isLowOpen: boolean;
  readonly isHighOpen: boolean;
}

interface OnField {
  readonly field: string;
  /** Whether one known value meets this part. */
  readonly test: ValueTest;
}

export type TextOperator = 'contains' | 'starts_with' | 'has_word';

export type Part =
  | (OnField & { readonly kind: 'equals'; readonly values: readonly Scalar[] })
  | (OnField & { readonly kind: 'text'; readonly operator: TextOperator; readonly texts: readonly string[] })
  | (OnField & { readonly kind: 'range'; readonly range: Range })
  | (OnField & { readonly kind: 'matches'; readonly expression: string })
  | (OnField & { readonly kind: 'present'; readonly isKnown: boolean })
  | (OnField & { readonly kind: 'not'; readonly operators: Operators });

/** All parts hold, and of each list in `anyOf` at least one entry. */
export interface Conjunction {
  readonly parts: readonly Part[];
  readonly anyOf: readonly (readonly Conjunction[])[];
}

export function toConjunction(condition: Condition, defaultField?: string): Conjunction {
  const field = condition.field ?? defaultField ?? '';
  const nested = (condition.all ?? []).map((each) => toConjunction(each, field));
  const any = condition.any?.map((each) => toConjunction(each, field));
  return {
    parts: [...partsOf(condition, field), ...nested.flatMap(({ parts }) => parts)],
    anyOf: [...(any ? [any] : []), ...nested.flatMap(({ anyOf }) => anyOf)],
  };
}

function partsOf(operators: Operators, field: string): Part[] {
  const { is, one_of, matches, present, not } = operators;
  const on = (own: Operators): OnField => ({ field, test: compileOperators(own) });
  const parts: Part[] = [];
  if (is !== undefined) parts.push({ ...on({ is }), kind: 'equals', values: [is] });
  if (one_of !== undefined) parts.push({ ...on({ one_of }), kind: 'equals', values: one_of });
  for (const operator of ['contains', 'starts_with', 'has_word'] as const) {
    const texts = operators[operator];
    if (texts === undefined) continue;
    parts.push({ ...on({ [operator]: texts }), kind: 'text', operator, texts: texts.map(normalized) });
  }
  const range = rangeOf(operators);
  if (range) {
    const { gte, gt, lte, lt } = operators;
    parts.push({ ...on({ gte, gt, lte, lt }), kind: 'range', range });
  }
  if (matches !== undefined) parts.push({ ...on({ matches }), kind: 'matches', expression: matches });
  if (present !== undefined) parts.push({ ...on({ present }), kind: 'present', isKnown: present });
  if (not !== undefined) parts.push({ ...on({ not }), kind: 'not', operators: not });
  return parts;
}

export function normalized(text: string): string {
  return text.normalize('NFC').trim().toLowerCase();
}

function rangeOf({ gte, gt, lte, lt }: Operators): Range | null {
  if (gte === undefined && gt === undefined && lte === undefined && lt === undefined) return null;
  const lower: Range = { ...EVERYTHING, low: gte ?? -Infinity };
  const above: Range = { ...EVERYTHING, low: gt ?? -Infinity, isLowOpen: gt !== undefined };
  const upper: Range = { ...EVERYTHING, high: lte ?? Infinity };
  const below: Range = { ...EVERYTHING, high: lt ?? Infinity, isHighOpen: lt !== undefined };
  return [lower, above, upper, below].reduce(intersect);
}

export const EVERYTHING: Range = { low: -Infinity, high: Infinity, isLowOpen: false, isHighOpen: false };

export function intersect(a: Range, b: Range): Range {
  const low = Math.max(a.low, b.low);
  const high = Math.min(a.high, b.high);
  return {
    low,
    high,
    isLowOpen: (a.low === low && a.isLowOpen) || (b.low === low && b.isLowOpen),
    isHighOpen: (a.high === high && a.isHighOpen) || (b.high === high && b.isHighOpen),
  };
}

export function isEmpty({ low, high, isLowOpen, isHighOpen }: Range): boolean {
  return low > high || (low === high && (isLowOpen || isHighOpen));
}

export function contains(outer: Range, inner: Range): boolean {
  const { low, high, isLowOpen, isHighOpen } = intersect(outer, inner);
  return low === inner.low && high === inner.high && isLowOpen === inner.isLowOpen && isHighOpen === inner.isHighOpen;
}

/** `from 1 to 50`, `above 10` */
export function describeRange({ low, high, isLowOpen, isHighOpen }: Range): string {
  const lower = low === -Infinity ? null : isLowOpen ? `above ${low}` : `from ${low}`;
  const upper = high === Infinity ? null : isHighOpen ? `below ${high}` : `to ${high}`;
  return [lower, upper].filter(Boolean).join(isLowOpen || isHighOpen ? ' and ' : ' ');
}
