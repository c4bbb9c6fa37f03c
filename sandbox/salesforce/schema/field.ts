// The definition of a field, and factories for common kinds.

export type FieldType =
  | 'id'
  | 'reference'
  | 'string'
  | 'textarea'
  | 'email'
  | 'phone'
  | 'url'
  | 'picklist'
  | 'boolean'
  | 'int'
  | 'double'
  | 'currency'
  | 'date'
  | 'datetime';

/** Instants are stored as ISO text to the second, dates as YYYY-MM-DD: this text sorts by time. */
export type Value = string | number | boolean | null;

export interface PicklistEntry {
  readonly value: string;
  readonly label: string;
  readonly active: boolean;
}

export interface FieldDefinition {
  readonly name: string;
  readonly label: string;
  readonly type: FieldType;
  /** Maximum characters, for text. */
  readonly length: number;
  /** Digits in total, for numbers; `scale`: digits after the decimal point. */
  readonly precision: number;
  readonly scale: number;
  /** Can be set when a record is created. */
  readonly createable: boolean;
  readonly updateable: boolean;
  readonly nillable: boolean;
  readonly custom: boolean;
  readonly referenceTo: readonly string[];
  /** The name of the relationship to the parent, e.g. `Account` for `AccountId`. */
  readonly relationshipName: string | null;
  readonly picklist: readonly PicklistEntry[];
  /** Accepts only values of the picklist. */
  readonly restricted: boolean;
}

const LENGTHS: Partial<Readonly<Record<FieldType, number>>> = {
  id: 18,
  reference: 18,
  string: 255,
  textarea: 255,
  email: 80,
  phone: 40,
  url: 255,
  picklist: 255,
};

const PRECISIONS: Partial<Readonly<Record<FieldType, readonly [number, number]>>> = {
  int: [9, 0],
  double: [18, 0],
  currency: [18, 2],
};

export function field(name: string, type: FieldType, more: Partial<FieldDefinition> = {}): FieldDefinition {
  const [precision, scale] = PRECISIONS[type] ?? [0, 0];
  return {
    name,
    label: name
      .replace(/Id$/, ' ID')
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .trim(),
    type,
    length: LENGTHS[type] ?? 0,
    precision,
    scale,
    createable: true,
    updateable: true,
    nillable: type !== 'boolean',
    custom: false,
    referenceTo: [],
    relationshipName: null,
    picklist: [],
    restricted: false,
    ...more,
  };
}

/** A field that only Salesforce itself writes. */
export function readOnly(name: string, type: FieldType, more: Partial<FieldDefinition> = {}): FieldDefinition {
  return field(name, type, { createable: false, updateable: false, ...more });
}

export function text(name: string, length: number, more: Partial<FieldDefinition> = {}): FieldDefinition {
  return field(name, length > 255 ? 'textarea' : 'string', { length, ...more });
}

export function picklist(
  name: string,
  values: readonly string[],
  more: Partial<FieldDefinition> = {},
): FieldDefinition {
  return field(name, 'picklist', { picklist: values.map((value) => ({ value, label: value, active: true })), ...more });
}

/** A reference `<name>Id` with the relationship `<name>`. */
export function parent(
  name: string,
  referenceTo: readonly string[],
  more: Partial<FieldDefinition> = {},
): FieldDefinition {
  return field(`${name}Id`, 'reference', { referenceTo, relationshipName: name, ...more });
}

/** Long text cannot be used in filters or ORDER BY. */
export function isLongText({ type, length }: FieldDefinition): boolean {
  return type === 'textarea' && length > 255;
}

/** The fields of every object. */
export const SYSTEM_FIELDS: readonly FieldDefinition[] = [
  readOnly('Id', 'id', { label: 'Record ID', nillable: false }),
  readOnly('IsDeleted', 'boolean', { label: 'Deleted' }),
  readOnly('CreatedDate', 'datetime', { nillable: false }),
  parent('CreatedBy', ['User'], { createable: false, updateable: false, nillable: false }),
  readOnly('LastModifiedDate', 'datetime', { nillable: false }),
  parent('LastModifiedBy', ['User'], { createable: false, updateable: false, nillable: false }),
  readOnly('SystemModstamp', 'datetime', { label: 'System Modstamp', nillable: false }),
];
