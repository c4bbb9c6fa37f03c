// Operations of HubSpot's filters as conditions of a model, with the values that the mapping gives.
import type { FieldSource, Mapping } from '../../../src/mapping/mapping.ts';
import { countryCode } from '../../../src/mapping/values/country.ts';
import type { Part } from './imported.ts';
import type { Operation } from './score-schema.ts';

export interface ScoredField {
  readonly name: string;
  /** Null: the mapping does not have the property yet. */
  readonly source: FieldSource | null;
}

/** @param property of HubSpot, e.g. `contacts.jobtitle` */
export function fieldOf(property: string, { fields }: Mapping): ScoredField {
  const known = Object.entries(fields).find(
    ([, source]) => 'from' in source && [source.from].flat().includes(property),
  );
  if (known !== undefined) return { name: known[0], source: known[1] };
  return { name: property.replace(/^contacts\./, 'contact.').replace(/^companies\./, 'company.'), source: null };
}

/** Converts a value of the property to the one that the mapping puts into the field. */
type Convert = (value: string) => string | number | boolean;

function converter(source: FieldSource | null, { tables }: Mapping): Convert {
  if (source === null || 'value' in source) return (value) => value;
  const table = source.table === undefined ? {} : (tables?.[source.table] ?? {});
  return (value) => {
    if (Object.hasOwn(table, value)) return table[value] ?? value;
    if (source.as === 'country') return countryCode(value) ?? value;
    if (source.as === 'boolean') return value === 'true';
    return source.as === 'number' && Number.isFinite(Number(value)) ? Number(value) : value;
  };
}

/** By operator. Texts are the values of the operation, converted. */
const OPERATORS: Readonly<
  Record<string, (operation: Operation, values: readonly (string | number | boolean)[]) => Part>
> = {
  IS_ANY_OF: (_operation, values) => oneOf(values),
  IS_NONE_OF: (_operation, values) => ({ not: oneOf(values) }),
  IS_EQUAL_TO: (_operation, values) => oneOf(values),
  IS_NOT_EQUAL_TO: (_operation, values) => ({ not: oneOf(values) }),
  CONTAINS: (_operation, values) => ({ contains: values.map(String) }),
  DOES_NOT_CONTAIN: (_operation, values) => ({ not: { contains: values.map(String) } }),
  STARTS_WITH: (_operation, values) => ({ starts_with: values.map(String) }),
  IS_GREATER_THAN: ({ value }) => ({ gt: Number(value) }),
  IS_GREATER_THAN_OR_EQUAL_TO: ({ value }) => ({ gte: Number(value) }),
  IS_LESS_THAN: ({ value }) => ({ lt: Number(value) }),
  IS_LESS_THAN_OR_EQUAL_TO: ({ value }) => ({ lte: Number(value) }),
  IS_BETWEEN: ({ lowerBound, upperBound }) => ({ gte: lowerBound, lte: upperBound }),
  IS_NOT_BETWEEN: ({ lowerBound, upperBound }) => ({ not: { gte: lowerBound, lte: upperBound } }),
  IS_KNOWN: () => ({ present: true }),
  IS_UNKNOWN: () => ({ present: false }),
};

/** Dates are compared with the clock, which a condition does not know. */
const WITHOUT_DATES: readonly string[] = [
  ...['ALL_PROPERTY', 'BOOL', 'ENUMERATION', 'MULTISTRING', 'NUMBER', 'NUMBER_RANGED', 'STRING'],
];

/** Part of a text of HubSpot. */
const PARTS_OF_TEXT: readonly string[] = ['CONTAINS', 'DOES_NOT_CONTAIN', 'STARTS_WITH'];

/** Whether the field has codes or words of the mapping in place of HubSpot's texts. */
function hasOtherValues(source: FieldSource | null): boolean {
  return source !== null && !('value' in source) && (source.as === 'country' || source.table !== undefined);
}

/** @returns the operators of a condition; null: they do not map */
export function toCondition(operation: Operation, source: FieldSource | null, mapping: Mapping): Part | null {
  const kind = operation.operationType ?? operation.type ?? '';
  const make = Object.hasOwn(OPERATORS, operation.operator) ? OPERATORS[operation.operator] : undefined;
  if (make === undefined || !WITHOUT_DATES.includes(kind)) return null;
  if (PARTS_OF_TEXT.includes(operation.operator) && hasOtherValues(source)) return null;
  const convert = converter(source, mapping);
  const given = operation.values ?? (operation.value === undefined ? [] : [operation.value]);
  const condition = make(
    operation,
    given.map((value) => (typeof value === 'string' ? convert(value) : value)),
  );
  if (operation.includeObjectsWithNoValueSet !== true || 'present' in condition) return condition;
  return { any: [condition, { present: false }] };
}

function oneOf(values: readonly (string | number | boolean)[]): Part {
  return values.length === 1 ? { is: values[0] } : { one_of: values };
}

/** `ENUMERATION HAS_EVER_BEEN_ANY_OF` */
export function operationName({ operationType, type, operator }: Operation): string {
  return [operationType ?? type, operator].filter(Boolean).join(' ');
}
