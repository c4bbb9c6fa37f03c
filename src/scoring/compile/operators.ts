// The operators of a condition, each compiled once into a test of one value. Results are Kleene's
// three values: an unknown value makes every operator except `present` unknown, not false.
import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';
import { type FieldValue, UNREADABLE } from '../../domain/lead.ts';
import type { MatchResult } from '../../domain/score-result.ts';
import type { Operators, Scalar } from '../schemas/condition.ts';

export type ValueTest = (value: FieldValue | undefined) => MatchResult;

type Known = Scalar | readonly Scalar[];
type KnownTest = (value: Known) => boolean;

const LETTER_OR_DIGIT = /[\p{L}\p{Nd}]/u;
const NUMERIC_TEXT = /^\s*[+-]?\d+(\.\d+)?\s*$/;

/** Applied to both sides of every text comparison: NFC, trimmed, lower case. */
function normalizeText(text: string): string {
  if (text !== lastText) {
    lastNormal = text.normalize('NFC').trim().toLowerCase();
    lastText = text;
  }
  return lastNormal;
}

// The cases of a criterion test the same value one after another, so the last result is cached.
let lastText = '';
let lastNormal = '';

/** The value without blank elements; undefined if unknown: null, blank text, or an empty list. */
function knownValue(value: FieldValue | undefined): Known | undefined {
  switch (typeof value) {
    case 'string':
      return value.trim() === '' ? undefined : value;
    case 'number':
    case 'boolean':
      return value;
    default: {
      if (!Array.isArray(value)) return undefined;
      const elements = value.every(isKnown) ? value : value.filter(isKnown);
      return elements.length === 0 ? undefined : elements;
    }
  }
}

function isKnown(element: Scalar | null): element is Scalar {
  return element !== null && (typeof element !== 'string' || element.trim() !== '');
}

/** Compiles all operators of one condition into one test; every operator must hold. */
export function compileOperators(operators: Operators): ValueTest {
  const tests = knownTests(operators);
  const negated = operators.not === undefined ? undefined : compileOperators(operators.not);
  const whenUnknown = outcomeOfUnknown(operators, tests.length > 0, negated);
  return (raw) => {
    const value = knownValue(raw);
    if (value === undefined) return raw === UNREADABLE ? 'unknown' : whenUnknown;
    if (operators.present === false) return 'unmatched';
    for (const test of tests) if (!test(value)) return 'unmatched';
    return negated === undefined ? 'matched' : negate(negated(raw));
  };
}

function outcomeOfUnknown(operators: Operators, testsValue: boolean, negated: ValueTest | undefined): MatchResult {
  const inverse = negated === undefined ? 'matched' : negate(negated(undefined));
  if (operators.present === true || inverse === 'unmatched') return 'unmatched';
  return testsValue || inverse === 'unknown' ? 'unknown' : 'matched';
}

function negate(outcome: MatchResult): MatchResult {
  if (outcome === 'unknown') return 'unknown';
  return outcome === 'matched' ? 'unmatched' : 'matched';
}

function knownTests(operators: Operators): KnownTest[] {
  const { is, one_of, contains, starts_with, has_word, matches } = operators;
  const tests: KnownTest[] = [...numericTests(operators)];
  if (is !== undefined) tests.push(equalsOne([is]));
  if (one_of !== undefined) tests.push(equalsOne(one_of));
  if (contains !== undefined) tests.push(textTest(contains, (value, part) => value.includes(part)));
  if (starts_with !== undefined) tests.push(textTest(starts_with, (value, part) => value.startsWith(part)));
  if (has_word !== undefined) tests.push(textTest(has_word, hasWord));
  if (matches !== undefined) {
    const expression = compileExpression(matches);
    tests.push((value) => someElement(value, (each) => typeof each === 'string' && expression.test(each)));
  }
  return tests;
}

const requireLibrary = createRequire(import.meta.url);

/** Loads the library when a model first has an expression: most have none. */
function compileExpression(expression: string): RE2JS {
  const { RE2JS: Expression }: typeof import('re2js') = requireLibrary('re2js');
  return Expression.compile(expression);
}

function someElement(value: Known, holds: (element: Scalar) => boolean): boolean {
  return typeof value === 'object' ? value.some(holds) : holds(value);
}

function equalsOne(wanted: readonly Scalar[]): KnownTest {
  const set = new Set(wanted.map((each) => (typeof each === 'string' ? normalizeText(each) : each)));
  return (value) => someElement(value, (each) => set.has(typeof each === 'string' ? normalizeText(each) : each));
}

function textTest(parts: readonly string[], holds: (value: string, part: string) => boolean): KnownTest {
  const wanted = parts.map(normalizeText);
  const test = (element: Scalar): boolean => {
    if (typeof element !== 'string') return false;
    const text = normalizeText(element);
    for (const part of wanted) if (holds(text, part)) return true;
    return false;
  };
  return (value) => someElement(value, test);
}

function hasWord(text: string, word: string): boolean {
  for (let from = text.indexOf(word); from !== -1; from = text.indexOf(word, from + 1)) {
    if (!endsInWordCharacter(text, from) && !startsWithWordCharacter(text, from + word.length)) return true;
    if (from >= text.length) return false;
  }
  return false;
}

function endsInWordCharacter(text: string, end: number): boolean {
  if (end === 0) return false;
  const last = text.codePointAt(end - 1) ?? 0;
  const isLowSurrogate = last >= 0xdc00 && last <= 0xdfff;
  const start = isLowSurrogate && end > 1 ? end - 2 : end - 1;
  return LETTER_OR_DIGIT.test(text.slice(start, end));
}

function startsWithWordCharacter(text: string, start: number): boolean {
  const point = text.codePointAt(start);
  return point !== undefined && LETTER_OR_DIGIT.test(String.fromCodePoint(point));
}

function numericTests({ gte, gt, lte, lt }: Operators): KnownTest[] {
  const tests: ((value: number) => boolean)[] = [];
  if (gte !== undefined) tests.push((value) => value >= gte);
  if (gt !== undefined) tests.push((value) => value > gt);
  if (lte !== undefined) tests.push((value) => value <= lte);
  if (lt !== undefined) tests.push((value) => value < lt);
  return tests.map((test) => (value) => {
    const number = toNumber(value);
    return number !== null && test(number);
  });
}

/** The number that `gte` and the like compare; null for another kind of value. */
export function toNumber(value: Known): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && NUMERIC_TEXT.test(value) ? Number(value) : null;
}
