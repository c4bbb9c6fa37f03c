// A slow reference implementation of conditions for random tests. Shares no code with the product.
type Value = string | number | boolean | null | undefined | Value[];
// biome-ignore lint/suspicious/noExplicitAny: raw JSON as a checker of its own reads it; the product's types would be shared code
export type Loose = any;
export type Json = Record<string, Loose>;
type Kleene = true | false | undefined;

const norm = (text: string) => text.normalize('NFC').trim().toLowerCase();
const blank = (value: Value) =>
  value === null || value === undefined || (typeof value === 'string' && value.trim() === '');

/** The value of a field that the CRM does not show. */
export const NOT_SHOWN: Value = ['not shown'];

export function isUnknown(value: Value): boolean {
  return value === NOT_SHOWN || blank(value) || (Array.isArray(value) && value.every(blank));
}

function equal(a: Value, b: Value): boolean {
  return typeof a === 'string' && typeof b === 'string' ? norm(a) === norm(b) : a === b;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

const single: Record<string, (value: Value, argument: Loose) => boolean> = {
  is: (value, argument) => equal(value, argument),
  one_of: (value, argument) => argument.some((each: Value) => equal(value, each)),
  contains: (value, argument) =>
    typeof value === 'string' && argument.some((each: string) => norm(value).indexOf(norm(each)) >= 0),
  starts_with: (value, argument) =>
    typeof value === 'string' &&
    argument.some((each: string) => norm(value).slice(0, norm(each).length) === norm(each)),
  has_word: (value, argument) =>
    typeof value === 'string' &&
    argument.some((each: string) =>
      new RegExp(`(?<![\\p{L}\\p{Nd}])${escaped(norm(each))}(?![\\p{L}\\p{Nd}])`, 'u').test(norm(value)),
    ),
  matches: (value, argument) => typeof value === 'string' && new RegExp(argument, 'u').test(value),
};

const numeric: Record<string, (a: number, b: number) => boolean> = {
  gte: (a, b) => a >= b,
  gt: (a, b) => a > b,
  lte: (a, b) => a <= b,
  lt: (a, b) => a < b,
};

function and(all: Kleene[]): Kleene {
  if (all.includes(false)) return false;
  return all.includes(undefined) ? undefined : true;
}
function or(all: Kleene[]): Kleene {
  if (all.includes(true)) return true;
  return all.includes(undefined) ? undefined : false;
}

function operator(name: string, argument: Loose, value: Value): Kleene {
  if (name === 'present') return value === NOT_SHOWN ? undefined : isUnknown(value) !== argument;
  if (name === 'not') {
    const inner = and(Object.keys(argument).map((key) => operator(key, argument[key], value)));
    return inner === undefined ? undefined : !inner;
  }
  if (isUnknown(value)) return undefined;
  if (name in numeric) {
    if (typeof value === 'number') return numeric[name]!(value, argument);
    if (typeof value === 'string' && /^\s*[+-]?\d+(\.\d+)?\s*$/.test(value))
      return numeric[name]!(Number(value), argument);
    return false;
  }
  const elements = Array.isArray(value) ? value.filter((each) => !blank(each)) : [value];
  return elements.some((each) => single[name]!(each, argument));
}

export function condition(when: Json, fields: Json, inherited?: string): Kleene {
  const field = when.field ?? inherited;
  return and(
    Object.keys(when)
      .filter((key) => key !== 'field' && when[key] !== undefined)
      .map((key) => {
        if (key === 'all') return and(when.all.map((each: Json) => condition(each, fields, field)));
        if (key === 'any') return or(when.any.map((each: Json) => condition(each, fields, field)));
        return operator(key, when[key], fields[field]);
      }),
  );
}
