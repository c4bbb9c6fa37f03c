// A CRM record -> canonical fields. A value that cannot be converted makes its field unknown and is told as a problem;
// the record goes on.
import type { Fields, FieldValue } from '../domain/lead.ts';
import { type Converted, convertValue, type ValueTable } from './convert-value.ts';
import type { FieldSource, Mapping, ValueKind } from './mapping.ts';

/** Raw properties by the CRM's object: `{ contacts: { jobtitle: 'VP' }, companies: {} }`. */
export type RawRecord = Readonly<Record<string, Fields>>;

export interface ProjectionProblem {
  readonly field: string;
  readonly message: string;
}

export interface Projected {
  /** Every mapped field whose object is in the record; null = unknown. */
  readonly fields: Fields;
  readonly problems: readonly ProjectionProblem[];
}

// Long enough to recognize a value, short enough not to carry a whole text into a list of errors.
const SHOWN_LENGTH = 40;

/**
 * @param raw the objects at hand; a mapped field none of whose objects is among them is left out, so that a record read
 *   without its company says nothing of the company
 */
export function projectFields(mapping: Mapping, raw: RawRecord): Projected {
  const fields: Record<string, FieldValue> = {};
  const problems: ProjectionProblem[] = [];
  for (const [field, source] of Object.entries(mapping.fields)) {
    const places = sourcesOf(source).filter(({ object }) => Object.hasOwn(raw, object));
    if (places.length === 0) continue;
    const place = places.find(({ object, property }) => isKnown(raw[object]?.[property])) ?? places[0];
    if (place === undefined) continue;
    const value = raw[place.object]?.[place.property];
    const converted = convertFrom(mapping, value, source.as, source.table);
    fields[field] = 'value' in converted ? converted.value : null;
    if ('expected' in converted) {
      const message = describeProblem(`${place.object}.${place.property}`, value, converted.expected, field);
      problems.push({ field, message });
    }
  }
  return { fields, problems };
}

export interface ObjectProperty {
  readonly object: string;
  readonly property: string;
}

/** `contacts.jobtitle` -> object and property; only the first dot divides (a relation's name has more). */
export function sourcesOf(source: Pick<FieldSource, 'from'>): readonly ObjectProperty[] {
  return [source.from].flat().map((text) => {
    const dot = text.indexOf('.');
    return { object: text.slice(0, dot), property: text.slice(dot + 1) };
  });
}

/** The properties of one CRM object that the mapping reads, each once. */
export function mappedProperties(mapping: Mapping, object: string): readonly string[] {
  return propertiesOf(Object.values(mapping.fields), object);
}

/** The properties of one CRM object that these are from, each once. */
export function propertiesOf(sources: readonly Pick<FieldSource, 'from'>[], object: string): readonly string[] {
  const all = sources.flatMap((source) => sourcesOf(source));
  return [...new Set(all.filter((each) => each.object === object).map((each) => each.property))];
}

export function convertFrom(
  mapping: Mapping,
  value: FieldValue | undefined,
  kind: ValueKind = 'text',
  tableName?: string,
): Converted {
  const tables: Readonly<Record<string, ValueTable>> = mapping.tables ?? {};
  return convertValue(value, kind, tableName === undefined ? undefined : tables[tableName]);
}

/** Blank strings and empty lists are unknown, as everywhere (scoring-spec, section 1). */
export function isKnown(value: FieldValue | undefined): value is Exclude<FieldValue, null> {
  if (value === undefined || value === null) return false;
  if (Array.isArray(value)) return value.some((each) => isKnown(each));
  return typeof value !== 'string' || value.trim() !== '';
}

// An address or a name is personal; it helps nobody to see it in a list of conversion errors.
const PERSONAL = new Set(['contact.email', 'contact.first_name', 'contact.last_name', 'contact.phone']);

function describeProblem(property: string, value: FieldValue | undefined, expected: string, field: string): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const shown = text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}...` : text;
  const got = PERSONAL.has(field) ? 'its value' : `"${shown}"`;
  return `${property}: ${got} is not ${expected}`;
}
