// What stands on the right of a comparison, read as the field's type wants it.
import { fullId } from '../ids.ts';
import { auditInfoOf } from '../org.ts';
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

/** The text that a quoted string stands for; in the pattern of a LIKE, `\%` and `\_` stay as they are. */
export function stringOf({ text }: RawLiteral, isPattern: boolean): string {
  const inner = text.slice(1, -1);
  if (inner.length > MAX_STRING)
    throw badRequest('MALFORMED_QUERY', 'a string in a query has 4,000 characters at most');
  return inner.replace(/\\(u[0-9a-fA-F]{4}|[\s\S]|$)/g, (sequence, code: string) => {
    if (code.length === 5) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (isPattern && (code === '%' || code === '_')) return sequence;
    if (isPattern && code === '\\') return '\\\\';
    const meant = ESCAPES[code];
    if (meant === undefined) {
      throw badRequest(
        'MALFORMED_QUERY',
        `Invalid string literal ${text}. Illegal character sequence '${sequence}' in string literal.`,
      );
    }
    return meant;
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
  // An empty text is no value.
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

/** @throws SalesforceError when the value is not of the field's type */
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
  // Kept instants are whole seconds; one in between lies after its second.
  return at % 1000 === 0 ? auditInfoOf(at) : new Date(at).toISOString();
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

/** Days from the first to before the last, counted from today. */
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
 * The first instant or day of a date literal, and the first behind it; the user's days are those of UTC.
 * @throws SalesforceError for a literal that is not one of days
 */
export function dateRange(field: FieldDefinition, { text }: RawLiteral, now: number): readonly [string, string] {
  if (field.type !== 'date' && field.type !== 'datetime') throw mustBeQuoted(field);
  const days = span(text);
  if (days === null || days.some(Number.isNaN)) throw notSupported(`the date literal ${text}`);
  const today = Math.floor(now / DAY_MS);
  const [from, to] = days.map((offset) => auditInfoOf((today + offset) * DAY_MS));
  const shown = (stamp = ''): string => (field.type === 'date' ? stamp.slice(0, 10) : stamp);
  return [shown(from), shown(to)];
}
