// Turns a CRM record into canonical fields. A value that cannot be converted makes its field
// unknown and is reported as a problem; the other fields are still used.
import type { Fields, FieldValue } from '../domain/lead.ts';
import type { Mapping, ValueKind } from './mapping.ts';
import { type Conversion, type Converted, convertValue, type ValueTable } from './values/convert-value.ts';
import { type UnknownTexts, unknownTexts, valuesOfKind } from './values/unknown-texts.ts';

/** Raw properties by the CRM's object: `{ contacts: { jobtitle: 'VP' }, companies: {} }`. */
export type RawRecord = Readonly<Record<string, Fields>>;

export interface ProjectionProblem {
  readonly field: string;
  readonly message: string;
}

export interface Projected {
  /** Each mapped field whose object is in the record; null = unknown. */
  readonly fields: Fields;
  readonly problems: readonly ProjectionProblem[];
}

// Long enough to recognize a value, short enough for a list of errors.
const MAX_QUOTED_LENGTH = 40;

/**
 * @param raw the objects that were read; a mapped field without any of its objects is omitted, so
 *   that
 *   a record read without its company does not change the company's fields
 */
export function projectFields(mapping: Mapping, raw: RawRecord): Projected {
  const fields: Record<string, FieldValue> = {};
  const problems: ProjectionProblem[] = [];
  for (const [field, source] of Object.entries(mapping.fields)) {
    if ('value' in source) {
      fields[field] = source.value;
      continue;
    }
    const available = sourcesOf(source).filter(({ object }) => Object.hasOwn(raw, object));
    // The first source with a value, and "N/A" is none.
    const converter = converterOf(mapping, source);
    let chosen = available[0];
    if (chosen === undefined) continue;
    let converted: Converted = { value: null };
    for (const each of available) {
      converted = converter(raw[each.object]?.[each.property]);
      chosen = each;
      if ('reason' in converted || converted.value !== null) break;
    }
    fields[field] = 'value' in converted ? converted.value : null;
    if ('reason' in converted) {
      const value = raw[chosen.object]?.[chosen.property];
      const message = describeProblem(`${chosen.object}.${chosen.property}`, value, converted.reason, field);
      problems.push({ field, message });
    }
  }
  return { fields, problems };
}

export interface ObjectProperty {
  readonly object: string;
  readonly property: string;
}

/** A constant has no source. */
type Sourced = { readonly from: string | readonly string[] } | { readonly value: unknown };

/** Splits `contacts.jobtitle` at the first dot; the name of a relation has further dots. */
export function sourcesOf(source: Sourced): readonly ObjectProperty[] {
  if ('value' in source) return [];
  return [source.from].flat().map((text) => {
    const dot = text.indexOf('.');
    return { object: text.slice(0, dot), property: text.slice(dot + 1) };
  });
}

/** The properties of one CRM object that the fields of the mapping read, without duplicates. */
export function mappedProperties(mapping: Mapping, object: string): readonly string[] {
  return propertiesOf(Object.values(mapping.fields), object);
}

/** The properties of one CRM object among these sources, without duplicates. */
export function propertiesOf(sources: readonly Sourced[], object: string): readonly string[] {
  const all = sources.flatMap((source) => sourcesOf(source));
  return [...new Set(all.filter((each) => each.object === object).map((each) => each.property))];
}

/** How one source of a mapping is converted. */
interface SourceConversion {
  readonly as?: ValueKind | undefined;
  readonly table?: string | undefined;
}

// A mapping is read once and used for every record.
const conversions = new WeakMap<Mapping, Map<string, Conversion>>();

/** Converts values of one source with the tables and unknown texts of its mapping. */
export function converterOf(
  mapping: Mapping,
  { as = 'text', table = '' }: SourceConversion,
): (value: FieldValue | undefined) => Converted {
  const ofMapping = conversions.get(mapping) ?? new Map<string, Conversion>();
  conversions.set(mapping, ofMapping);
  const key = `${as === 'country'} ${table}`;
  const conversion = ofMapping.get(key) ?? conversionOf(mapping, as, table);
  ofMapping.set(key, conversion);
  return (value) => convertValue(value, as, conversion);
}

function conversionOf(mapping: Mapping, as: ValueKind, table: string): Conversion {
  const tables: Readonly<Record<string, ValueTable>> = mapping.tables ?? {};
  const unknown: UnknownTexts = unknownTexts(mapping, valuesOfKind(as));
  return { table: tables[table], unknown };
}

/** Null, blank strings and empty lists are unknown (scoring-spec, section 1). */
export function isKnown(value: FieldValue | undefined): value is Exclude<FieldValue, null> {
  if (value === undefined || value === null) return false;
  if (Array.isArray(value)) return value.some((each) => isKnown(each));
  return typeof value !== 'string' || value.trim() !== '';
}

// Fields with personal data: their values must not appear in a list of errors.
const PERSONAL = new Set(['contact.email', 'contact.first_name', 'contact.last_name', 'contact.phone']);

function describeProblem(property: string, value: FieldValue | undefined, reason: string, field: string): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const quoted = text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}...` : text;
  const subject = PERSONAL.has(field) ? 'its value' : `"${quoted}"`;
  return `${property}: ${subject} ${reason}`;
}
