// Converts one raw CRM value to a canonical value of the kind that the mapping names, or says what
// was expected.
import type { FieldValue } from '../../domain/lead.ts';
import type { ValueKind } from '../mapping.ts';
import { booleanOf } from './booleans.ts';
import { cleanText } from './clean-text.ts';
import { countryCode } from './country.ts';
import { dateProblem, yearProblem } from './date-problem.ts';
import { isPlausible, readInstant } from './instants.ts';
import type { UnknownTexts } from './unknown-texts.ts';

export { toInstant } from './instants.ts';

export type Scalar = string | number | boolean;
/** `reason` follows the value: `"1,200" is not a number`. `fix` is a sentence, or empty. */
export type Converted =
  | { readonly value: FieldValue }
  | { readonly reason: string; readonly fix: string; readonly formats?: readonly string[] };
export type ValueTable = Readonly<Record<string, Scalar>>;

/** What the mapping of a value says beside its kind. */
export interface Conversion {
  /** Translates the value first; a value that is not in it is converted unchanged. */
  readonly table?: ValueTable | undefined;
  /** Texts that mean unknown. A text of the table is a value. */
  readonly unknown?: UnknownTexts | undefined;
}

// HubSpot prints large numbers with an exponent ("1.2E7").
const NUMBER = /^\s*[+-]?\d+(\.\d+)?([eE][+-]?\d+)?\s*$/;

const CONVERTERS: Readonly<Record<ValueKind, (value: Scalar) => Converted>> = {
  text: (value) => ({ value: String(value) }),
  number: toNumber,
  boolean: toBoolean,
  instant: toInstantText,
  country: (value) => {
    const code = countryCode(String(value));
    return code === null ? { reason: 'is not a country that Leadgrade knows', fix: COUNTRY_FIX } : { value: code };
  },
  list: (value) => ({ value: splitList(String(value)) }),
};
const COUNTRY_FIX = 'Translate it with a table, or write the name or the two-letter code of the country.';
const BOOLEAN_FIX = 'Translate it with a table: true or false for each text.';

/**
 * @param raw the value in the CRM; null, a blank string and an empty list are unknown (null)
 * @param kind the kind that the mapping declares
 */
export function convertValue(
  raw: FieldValue | undefined,
  kind: ValueKind,
  { table, unknown = NO_TEXT }: Conversion = {},
): Converted {
  if (Array.isArray(raw)) return convertList(raw.map(clean), kind, { table, unknown });
  if (raw === undefined || raw === null) return { value: null };
  return convertScalar(clean(raw), kind, { table, unknown });
}

function convertScalar(raw: Scalar, kind: ValueKind, { table, unknown = NO_TEXT }: Conversion): Converted {
  if (isBlank(raw)) return { value: null };
  const entry = tableEntry(raw, table);
  if (entry === undefined && isUnknownText(raw, unknown)) return { value: null };
  if (kind !== 'list') return CONVERTERS[kind](entry ?? raw);
  const parts = splitList(String(raw)).flatMap((part) => {
    const known = tableEntry(part, table);
    return known === undefined && isUnknownText(part, unknown) ? [] : (known ?? part);
  });
  return { value: parts.length === 0 ? null : parts };
}

const NO_TEXT: UnknownTexts = () => null;

function clean<T extends Scalar | null>(value: T): T | string {
  return typeof value === 'string' ? cleanText(value) : value;
}

function convertList(
  raw: readonly (Scalar | null)[],
  kind: ValueKind,
  { table, unknown = NO_TEXT }: Conversion,
): Converted {
  const values: Scalar[] = [];
  for (const each of raw) {
    if (isBlank(each)) continue;
    const entry = tableEntry(each, table);
    if (entry === undefined && isUnknownText(each, unknown)) continue;
    const converted = CONVERTERS[kind === 'list' ? 'text' : kind](entry ?? each);
    if ('reason' in converted) return converted;
    if (converted.value !== null && !Array.isArray(converted.value)) values.push(converted.value);
  }
  return { value: values.length === 0 ? null : values };
}

function isUnknownText(value: Scalar, unknown: UnknownTexts): boolean {
  return typeof value === 'string' && unknown(value) !== null;
}

function isBlank(value: Scalar | null): value is null {
  return value === null || (typeof value === 'string' && value.trim() === '');
}

/**
 * The table's translation; undefined if the value is not in it. Compares exactly first, then trimmed
 * and without case: people type tables by hand.
 */
export function tableEntry(value: Scalar, table: ValueTable | undefined): Scalar | undefined {
  if (table === undefined) return undefined;
  const key = String(value).trim();
  if (Object.hasOwn(table, key)) return table[key];
  const wanted = key.toLowerCase();
  const found = Object.keys(table).find((each) => each.trim().toLowerCase() === wanted);
  return found === undefined ? undefined : table[found];
}

function toNumber(value: Scalar): Converted {
  if (typeof value === 'number' && Number.isFinite(value)) return { value };
  if (typeof value === 'string' && NUMBER.test(value)) {
    const number = Number(value);
    if (Number.isFinite(number)) return { value: number };
  }
  return { reason: 'is not a number', fix: 'Write it as 1200 or 49.5, or translate it with a table.' };
}

function toBoolean(value: Scalar): Converted {
  const known = typeof value === 'boolean' ? value : booleanOf(String(value));
  return known === null ? { reason: 'is neither yes nor no', fix: BOOLEAN_FIX } : { value: known };
}

function toInstantText(value: Scalar): Converted {
  const at = readInstant(value);
  if (at === 'empty') return { value: null };
  if (at === null) return dateProblem(String(value).trim());
  return isPlausible(at) ? { value: new Date(at).toISOString() } : yearProblem(at);
}

/** Both CRMs join the values of a checkbox or multi-picklist with semicolons. */
function splitList(text: string): string[] {
  const parts = text.split(';').map((part) => part.trim());
  return parts.filter((part) => part !== '');
}
