// Custom fields in the format of the Tooling API.
// https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_customfield.htm
import { z } from 'zod';
import { badRequest } from '../salesforce-error.ts';
import { type FieldDefinition, field, type PicklistEntry } from './field.ts';

const valueSchema = z.strictObject({
  // The documents of the two APIs that accept these disagree on the name.
  valueName: z.string().optional(),
  fullName: z.string().optional(),
  label: z.string().optional(),
  default: z.boolean().optional(),
  isActive: z.boolean().nullish(),
  description: z.string().nullish(),
  color: z.string().nullish(),
});

export const metadataSchema = z.strictObject({
  type: z.enum(['Number', 'Text', 'TextArea', 'LongTextArea', 'Picklist', 'Checkbox', 'Date', 'DateTime']),
  label: z.string().min(1).max(40),
  length: z.int().optional(),
  precision: z.int().optional(),
  scale: z.int().optional(),
  visibleLines: z.int().optional(),
  required: z.boolean().optional(),
  unique: z.boolean().optional(),
  externalId: z.boolean().optional(),
  trackHistory: z.boolean().optional(),
  description: z.string().max(1000).nullish(),
  inlineHelpText: z.string().max(510).nullish(),
  defaultValue: z.string().nullish(),
  valueSet: z
    .strictObject({
      restricted: z.boolean().nullish(),
      valueSetDefinition: z.strictObject({ sorted: z.boolean().optional(), value: z.array(valueSchema) }),
    })
    .nullish(),
});
export type FieldMetadata = z.infer<typeof metadataSchema>;

const TYPES: Readonly<Record<FieldMetadata['type'], FieldDefinition['type']>> = {
  Number: 'double',
  Text: 'string',
  TextArea: 'textarea',
  LongTextArea: 'textarea',
  Picklist: 'picklist',
  Checkbox: 'boolean',
  Date: 'date',
  DateTime: 'datetime',
};

/** The required metadata by field type. */
const REQUIRED_KEYS: Partial<Readonly<Record<FieldMetadata['type'], readonly (keyof FieldMetadata)[]>>> = {
  Number: ['precision', 'scale'],
  Text: ['length'],
  LongTextArea: ['length', 'visibleLines'],
  Picklist: ['valueSet'],
  Checkbox: ['defaultValue'],
};

/** @param name with `__c` @throws SalesforceError for invalid metadata */
export function customField(name: string, metadata: FieldMetadata): FieldDefinition {
  checkMetadata(metadata);
  const { type, label, length = 0, precision = 18, scale = 0, valueSet } = metadata;
  return field(name, TYPES[type], {
    label,
    custom: true,
    ...(length > 0 ? { length } : {}),
    ...(type === 'Number' ? { precision, scale } : {}),
    picklist: (valueSet?.valueSetDefinition.value ?? []).map(entryOf),
    restricted: valueSet?.restricted === true,
  });
}

function entryOf({ valueName, fullName, label, isActive }: z.infer<typeof valueSchema>): PicklistEntry {
  const value = valueName ?? fullName;
  if (value === undefined) throw invalid('A value of the picklist has no name');
  return { value, label: label ?? value, active: isActive !== false };
}

function checkMetadata(metadata: FieldMetadata): void {
  const { type, length = 0, precision = 18, scale = 0 } = metadata;
  for (const key of REQUIRED_KEYS[type] ?? []) {
    if (metadata[key] === undefined || metadata[key] === null) {
      throw invalid(`Must specify '${key}' for a CustomField of type ${type}`);
    }
  }
  if (type === 'Number' && (precision < 1 || precision > 18 || scale < 0 || scale > precision)) {
    throw invalid('Precision and scale must be from 1 to 18 digits in all');
  }
  if (type === 'Text' && (length < 1 || length > 255)) throw invalid('Text fields can have 1 to 255 characters');
  if (type === 'LongTextArea' && (length < 256 || length > 131_072)) {
    throw invalid('Long text area fields can have 256 to 131072 characters');
  }
}

function invalid(message: string) {
  return badRequest('FIELD_INTEGRITY_EXCEPTION', message, ['Metadata']);
}
