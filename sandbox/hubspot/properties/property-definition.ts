// The definition of a CRM property in HubSpot's format, and a factory for standard properties.

export type PropertyType = 'string' | 'number' | 'datetime' | 'date' | 'enumeration' | 'bool' | 'phone_number';

export interface PropertyOption {
  readonly label: string;
  readonly value: string;
  readonly displayOrder: number;
  readonly hidden: boolean;
  readonly description?: string | undefined;
}

export interface PropertyDefinition {
  readonly name: string;
  readonly label: string;
  readonly type: PropertyType;
  readonly fieldType: string;
  readonly groupName: string;
  readonly description: string;
  readonly options: readonly PropertyOption[];
  readonly hubspotDefined: boolean;
  readonly readOnlyValue: boolean;
  readonly formField: boolean;
  readonly hasUniqueValue: boolean;
  readonly displayOrder: number;
  readonly hidden: boolean;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

const FIELD_TYPES: Readonly<Record<PropertyType, string>> = {
  string: 'text',
  number: 'number',
  datetime: 'date',
  date: 'date',
  enumeration: 'select',
  bool: 'booleancheckbox',
  phone_number: 'phonenumber',
};

/** The allowed field types by type; creating a property with any other is an error. */
export const FIELD_TYPES_OF: Readonly<Record<PropertyType, readonly string[]>> = {
  string: ['text', 'textarea', 'html', 'file', 'phonenumber'],
  number: ['number', 'calculation_equation'],
  datetime: ['date'],
  date: ['date'],
  enumeration: ['select', 'radio', 'checkbox', 'booleancheckbox'],
  bool: ['booleancheckbox'],
  phone_number: ['phonenumber'],
};

interface StandardDetails {
  readonly readOnly?: boolean;
  readonly options?: readonly string[] | Readonly<Record<string, string>>;
  readonly unique?: boolean;
}

/** Returns a factory of HubSpot-defined properties in one group. */
export function standardProperties(groupName: string) {
  return (
    name: string,
    label: string,
    type: PropertyType = 'string',
    details: StandardDetails = {},
  ): PropertyDefinition => ({
    name,
    label,
    type,
    fieldType: FIELD_TYPES[type],
    groupName,
    description: '',
    options: type === 'bool' ? optionsOf({ true: 'Yes', false: 'No' }) : optionsOf(details.options ?? []),
    hubspotDefined: true,
    readOnlyValue: details.readOnly ?? false,
    formField: false,
    hasUniqueValue: details.unique ?? false,
    displayOrder: -1,
    hidden: false,
    createdAt: 0,
    updatedAt: 0,
  });
}

function optionsOf(options: readonly string[] | Readonly<Record<string, string>>): PropertyOption[] {
  const pairs: (readonly [string, string])[] = Array.isArray(options)
    ? options.map((value: string) => [value, labelOf(value)] as const)
    : Object.entries(options);
  return pairs.map(([value, label], displayOrder) => ({ label, value, displayOrder, hidden: false }));
}

/** `COMPUTER_SOFTWARE` -> `Computer Software` */
function labelOf(value: string): string {
  return value
    .toLowerCase()
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');
}
