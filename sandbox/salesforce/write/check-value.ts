// Which values a field takes, and what it makes of them.
import { fullId } from '../ids.ts';
import { auditInfoOf } from '../org.ts';
import { type RecordError, unreadableValue } from '../salesforce-error.ts';
import type { FieldDefinition, Value } from '../schema/field.ts';

export type Checked = { readonly value: Value } | { readonly error: RecordError };

type Check = (field: FieldDefinition, value: unknown) => Checked;

const EMAIL = /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/;

const fault = (statusCode: string, field: FieldDefinition, message: string): Checked => ({
  error: { statusCode, message: `${field.label}: ${message}`, fields: [field.name] },
});

/** Texts lose the white space around them; what is empty then is null. */
const text: Check = (field, value) => {
  if (typeof value !== 'string') throw unreadableValue('string', value);
  const trimmed = value.trim();
  if (trimmed === '') return { value: null };
  if (trimmed.length <= field.length) return { value: trimmed };
  return fault('STRING_TOO_LONG', field, `data value too large: ${trimmed} (max length=${field.length})`);
};

const email: Check = (field, value) => {
  const checked = text(field, value);
  if (!('value' in checked) || checked.value === null || EMAIL.test(String(checked.value))) return checked;
  return fault('INVALID_EMAIL_ADDRESS', field, `invalid email address: ${checked.value}`);
};

const picklist: Check = (field, value) => {
  const checked = text(field, value);
  if (!field.restricted || !('value' in checked) || checked.value === null) return checked;
  if (field.picklist.some((entry) => entry.active && entry.value === checked.value)) return checked;
  const message = `bad value for restricted picklist field: ${checked.value}`;
  return fault('INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', field, message);
};

/** Digits behind the point that the field does not keep are rounded away. */
const number: Check = (field, value) => {
  if (typeof value !== 'number' || (field.type === 'int' && !Number.isInteger(value))) {
    throw unreadableValue(field.type === 'int' ? 'int' : 'double', value);
  }
  const rounded = Number(value.toFixed(field.scale));
  if (Math.abs(rounded) < 10 ** (field.precision - field.scale)) return { value: rounded };
  return fault('NUMBER_OUTSIDE_VALID_RANGE', field, `value outside of valid range on numeric field: ${value}`);
};

const boolean: Check = (_field, value) => {
  if (typeof value !== 'boolean') throw unreadableValue('boolean', value);
  return { value };
};

const datetime: Check = (_field, value) => {
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:?\d\d)$/;
  const at = typeof value === 'string' && form.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) throw unreadableValue('datetime', value);
  return { value: auditInfoOf(at) };
};

const date: Check = (_field, value) => {
  const day = typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) ? value : null;
  if (day === null || Number.isNaN(Date.parse(`${day}T00:00:00Z`))) throw unreadableValue('date', value);
  return { value: day };
};

const reference: Check = (field, value) => {
  if (typeof value !== 'string') throw unreadableValue('reference', value);
  const id = fullId(value);
  return id === null ? fault('MALFORMED_ID', field, `id value of incorrect type: ${value}`) : { value: id };
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
 * What the field makes of a value in JSON.
 * @throws SalesforceError when the value is of a kind that the field cannot be read from, which refuses the whole request
 */
export function checkValue(field: FieldDefinition, value: unknown): Checked {
  if (value !== null) return CHECKS[field.type](field, value);
  if (field.type === 'boolean') throw unreadableValue('boolean', value);
  return { value: null };
}
