// Converts one raw CRM value to a canonical value of the kind that the mapping names, or says what
// was expected.
import type { FieldValue } from '../domain/lead.ts';
import { countryCode } from './country.ts';
import type { ValueKind } from './mapping.ts';

export type Scalar = string | number | boolean;
export type Converted = { readonly value: FieldValue } | { readonly expected: string };
export type ValueTable = Readonly<Record<string, Scalar>>;

// HubSpot prints large numbers with an exponent ("1.2E7").
const NUMBER = /^\s*[+-]?\d+(\.\d+)?([eE][+-]?\d+)?\s*$/;
const EPOCH_MS = /^-?\d{9,14}$/;
// A date (midnight UTC), or an instant with an offset; Salesforce writes +0000 without a colon.
const INSTANT = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2}))?$/i;
// Years 1 to 9999: Postgres refuses year 0, and the signed form of later years (+010000-01-01).
const FIRST_INSTANT = Date.parse('0001-01-01T00:00:00.000Z');
const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z');

const CONVERTERS: Readonly<Record<ValueKind, (value: Scalar) => Converted>> = {
  text: (value) => ({ value: typeof value === 'string' ? value.trim() : String(value) }),
  number: toNumber,
  boolean: toBoolean,
  instant: (value) => {
    const at = toInstant(value);
    return at === null
      ? { expected: 'a date or an instant of the years 1 to 9999' }
      : { value: new Date(at).toISOString() };
  },
  country: (value) => {
    const code = countryCode(String(value));
    return code === null ? { expected: 'a country' } : { value: code };
  },
  list: (value) => ({ value: splitList(String(value)) }),
};

/**
 * @param raw the value in the CRM; null, a blank string and an empty list are unknown (null)
 * @param kind the kind that the mapping declares
 * @param table translates the value first; a value that is not in it is converted unchanged
 */
export function convertValue(raw: FieldValue | undefined, kind: ValueKind, table?: ValueTable): Converted {
  if (Array.isArray(raw)) return convertList(raw, kind, table);
  if (raw === undefined || isBlank(raw)) return { value: null };
  if (kind === 'list') return { value: splitList(String(raw)).map((part) => translate(part, table)) };
  return CONVERTERS[kind](translate(raw, table));
}

function convertList(raw: readonly (Scalar | null)[], kind: ValueKind, table?: ValueTable): Converted {
  const values: Scalar[] = [];
  for (const each of raw) {
    if (isBlank(each)) continue;
    const converted = CONVERTERS[kind === 'list' ? 'text' : kind](translate(each, table));
    if ('expected' in converted) return converted;
    if (converted.value !== null && !Array.isArray(converted.value)) values.push(converted.value);
  }
  return { value: values.length === 0 ? null : values };
}

function isBlank(value: Scalar | null): value is null {
  return value === null || (typeof value === 'string' && value.trim() === '');
}

/** Compares exactly first, then trimmed and without case: people type tables by hand. */
function translate(value: Scalar, table: ValueTable | undefined): Scalar {
  if (table === undefined) return value;
  const key = String(value).trim();
  if (Object.hasOwn(table, key)) return table[key] ?? value;
  const wanted = key.toLowerCase();
  const found = Object.keys(table).find((each) => each.trim().toLowerCase() === wanted);
  return found === undefined ? value : (table[found] ?? value);
}

function toNumber(value: Scalar): Converted {
  if (typeof value === 'number' && Number.isFinite(value)) return { value };
  if (typeof value === 'string' && NUMBER.test(value)) {
    const number = Number(value);
    if (Number.isFinite(number)) return { value: number };
  }
  return { expected: 'a number' };
}

function toBoolean(value: Scalar): Converted {
  if (typeof value === 'boolean') return { value };
  const text = String(value).trim().toLowerCase();
  if (['true', 'yes', '1'].includes(text)) return { value: true };
  if (['false', 'no', '0'].includes(text)) return { value: false };
  return { expected: 'yes or no (true, false)' };
}

/**
 * Reads epoch milliseconds (number or digits), a date, or an instant with an offset.
 * @returns epoch milliseconds; null for any other value, and outside the years 1 to 9999 (UTC)
 */
export function toInstant(value: Scalar): number | null {
  if (typeof value === 'boolean') return null;
  const text = String(value).trim();
  const at = EPOCH_MS.test(text) ? Number(text) : INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  return at >= FIRST_INSTANT && at <= LAST_INSTANT ? Math.trunc(at) : null;
}

/** Both CRMs join the values of a checkbox or multi-picklist with semicolons. */
function splitList(text: string): string[] {
  const parts = text.split(';').map((part) => part.trim());
  return parts.filter((part) => part !== '');
}
