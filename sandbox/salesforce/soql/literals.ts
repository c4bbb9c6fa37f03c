// Parses the right side of a comparison by the field's type.
import { fullId } from '../ids.ts';
import { isoSeconds } from '../org/org.ts';
import { badRequest } from '../salesforce-error.ts';
import type { FieldDefinition, Value } from '../schema/field.ts';
import { notSupported } from './soql-error.ts';
import type { RawLiteral } from './where-tree.ts';

const MAX_STRING = 4_000;
const DAY_MS = 86_400_000;
const NUMBERS: ReadonlySet<string> = new Set(['INTEGER', 'DECIMAL']);
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  f: '\f',
  '"': '"',
  "'": "'",
  '\\': '\\',
};

/** The value of a quoted string. In a LIKE pattern, the escapes `\%` and `\_` are preserved. */
export function stringOf({ text }: RawLiteral, isPattern: boolean): string {
  const inner = text.slice(1, -1);
  if (inner.length > MAX_STRING)
    throw badRequest('MALFORMED_QUERY', 'a string in a query has at most 4,000 characters');
  return inner.replace(/\\(u[0-9a-fA-F]{4}|[\s\S]|$)/g, (sequence, code: string) => {
    if (code.length === 5) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (isPattern && (code === '%' || code === '_')) return sequence;
    if (isPattern && code === '\\') return '\\\\';
    const unescaped = ESCAPES[code];
    if (unescaped === undefined) {
      throw badRequest(
        'MALFORMED_QUERY',
        `Invalid string literal ${text}. Illegal character sequence '${sequence}' in string literal.`,
      );
    }
    return unescaped;
  });
}

type Read = (field: FieldDefinition, literal: RawLiteral) => Value;

function number(type: string): Read {
  return (field, literal) => {
    if (!NUMBERS.has(literal.type)) throw wrongType(field, type);
    return Number(literal.text);
  };
}

const text: Read = (field, literal) => {
  if (literal.type !== 'STRING') throw mustBeQuoted(field);
  // Salesforce treats empty text as null.
  return stringOf(literal, false).toLowerCase() || null;
};

const READ: Partial<Readonly<Record<FieldDefinition['type'], Read>>> = {
  id: idValue,
  reference: idValue,
  boolean: (field, literal) => {
    if (literal.type !== 'BOOLEAN') throw wrongType(field, 'boolean');
    return literal.text.toUpperCase() === 'TRUE';
  },
  int: number('int'),
  double: number('double'),
  currency: number('double'),
  datetime: (field, literal) => {
    if (literal.type !== 'DATETIME') throw wrongType(field, 'dateTime');
    return instant(literal.text);
  },
  date: (field, literal) => {
    if (literal.type !== 'DATE') throw wrongType(field, 'date');
    return day(literal.text);
  },
};

/** @throws SalesforceError if the value does not match the field's type */
export function literalValue(field: FieldDefinition, literal: RawLiteral): Value {
  if (literal.type === 'NULL') return null;
  return (READ[field.type] ?? text)(field, literal);
}

function idValue(field: FieldDefinition, literal: RawLiteral): string {
  if (literal.type !== 'STRING') throw mustBeQuoted(field);
  const text = stringOf(literal, false);
  const id = fullId(text);
  if (id === null) throw badRequest('INVALID_QUERY_FILTER_OPERATOR', `invalid ID field: ${text}`);
  return id;
}

function instant(text: string): string {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw badRequest('MALFORMED_QUERY', `line 1, no viable alternative at character '${text}'`);
  // Stored instants are whole seconds; fractions are kept, so that the comparison is exact.
  return at % 1000 === 0 ? isoSeconds(at) : new Date(at).toISOString();
}

function day(text: string): string {
  if (Number.isNaN(Date.parse(`${text}T00:00:00Z`))) throw badRequest('MALFORMED_QUERY', `Invalid date: ${text}`);
  return text;
}

function wrongType(field: FieldDefinition, type: string): Error {
  const message = `value of filter criterion for field '${field.name}' must be of type ${type} and should not be enclosed in quotes`;
  return badRequest('INVALID_FIELD', message);
}

function mustBeQuoted(field: FieldDefinition): Error {
  const message = `value of filter criterion for field '${field.name}' must be of type string and should be enclosed in quotes`;
  return badRequest('INVALID_FIELD', message);
}

/** First day and first day after the range, relative to today. */
function span(literal: string): readonly [number, number] | null {
  const [name = '', count] = literal.toUpperCase().split(':');
  const n = Number(count ?? Number.NaN);
  const spans: Readonly<Record<string, readonly [number, number]>> = {
    TODAY: [0, 1],
    YESTERDAY: [-1, 0],
    TOMORROW: [1, 2],
    LAST_90_DAYS: [-90, 1],
    LAST_N_DAYS: [-n, 1],
    N_DAYS_AGO: [-n, -n + 1],
    NEXT_N_DAYS: [1, n + 1],
  };
  return spans[name] ?? null;
}

/**
 * The first instant or day of a date literal, and the first one after it. The user's time zone is
 * UTC.
 * @throws SalesforceError for a literal of another unit than days
 */
export function dateRange(field: FieldDefinition, { text }: RawLiteral, now: number): readonly [string, string] {
  if (field.type !== 'date' && field.type !== 'datetime') throw mustBeQuoted(field);
  const days = span(text);
  if (days === null || days.some(Number.isNaN)) throw notSupported(`the date literal ${text}`);
  const today = Math.floor(now / DAY_MS);
  const [from, to] = days.map((offset) => isoSeconds((today + offset) * DAY_MS));
  const bound = (instantText = ''): string => (field.type === 'date' ? instantText.slice(0, 10) : instantText);
  return [bound(from), bound(to)];
}
