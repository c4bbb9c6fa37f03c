// Validates the value of a field and converts it to the stored form.
import { fullId } from '../ids.ts';
import { isoSeconds } from '../org/org.ts';
import { type RecordError, unreadableValue } from '../salesforce-error.ts';
import type { FieldDefinition, Value } from '../schema/field.ts';

export type Checked = { readonly value: Value } | { readonly error: RecordError };

type Check = (field: FieldDefinition, value: unknown) => Checked;

const EMAIL = /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/;

const fieldError = (statusCode: string, field: FieldDefinition, message: string): Checked => ({
  error: { statusCode, message: `${field.label}: ${message}`, fields: [field.name] },
});

/** Text is trimmed; empty text becomes null. */
const text: Check = (field, value) => {
  if (typeof value !== 'string') throw unreadableValue('string', value);
  const trimmed = value.trim();
  if (trimmed === '') return { value: null };
  if (trimmed.length <= field.length) return { value: trimmed };
  return fieldError('STRING_TOO_LONG', field, `data value too large: ${trimmed} (max length=${field.length})`);
};

const email: Check = (field, value) => {
  const checked = text(field, value);
  if (!('value' in checked) || checked.value === null || EMAIL.test(String(checked.value))) return checked;
  return fieldError('INVALID_EMAIL_ADDRESS', field, `invalid email address: ${checked.value}`);
};

const picklist: Check = (field, value) => {
  const checked = text(field, value);
  if (!field.restricted || !('value' in checked) || checked.value === null) return checked;
  if (field.picklist.some((entry) => entry.active && entry.value === checked.value)) return checked;
  const message = `bad value for restricted picklist field: ${checked.value}`;
  return fieldError('INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', field, message);
};

/** Rounded to the field's scale. */
const number: Check = (field, value) => {
  if (typeof value !== 'number' || (field.type === 'int' && !Number.isInteger(value))) {
    throw unreadableValue(field.type === 'int' ? 'int' : 'double', value);
  }
  const rounded = Number(value.toFixed(field.scale));
  if (Math.abs(rounded) < 10 ** (field.precision - field.scale)) return { value: rounded };
  return fieldError('NUMBER_OUTSIDE_VALID_RANGE', field, `value outside of valid range on numeric field: ${value}`);
};

const boolean: Check = (_field, value) => {
  if (typeof value !== 'boolean') throw unreadableValue('boolean', value);
  return { value };
};

const datetime: Check = (_field, value) => {
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:?\d\d)$/;
  const at = typeof value === 'string' && form.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) throw unreadableValue('datetime', value);
  return { value: isoSeconds(at) };
};

const date: Check = (_field, value) => {
  const day = typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) ? value : null;
  if (day === null || Number.isNaN(Date.parse(`${day}T00:00:00Z`))) throw unreadableValue('date', value);
  return { value: day };
};

const reference: Check = (field, value) => {
  if (typeof value !== 'string') throw unreadableValue('reference', value);
  const id = fullId(value);
  return id === null ? fieldError('MALFORMED_ID', field, `id value of incorrect type: ${value}`) : { value: id };
};

const CHECKS: Readonly<Record<FieldDefinition['type'], Check>> = {
  id: reference,
  reference,
  string: text,
  textarea: text,
  phone: text,
  url: text,
  email,
  picklist,
  boolean,
  int: number,
  double: number,
  currency: number,
  date,
  datetime,
};

/**
 * The stored form of a JSON value, or the record's error.
 * @throws SalesforceError for a JSON type that the field does not accept, which rejects the whole
 *   request
 */
export function checkValue(field: FieldDefinition, value: unknown): Checked {
  if (value !== null) return CHECKS[field.type](field, value);
  if (field.type === 'boolean') throw unreadableValue('boolean', value);
  return { value: null };
}
