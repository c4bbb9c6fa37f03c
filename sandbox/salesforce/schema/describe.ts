// The describe results of objects.
import type { FieldDefinition } from './field.ts';
import { isLongText } from './field.ts';
import type { ObjectType } from './object-type.ts';

const SOAP_TYPES: Readonly<Record<string, string>> = {
  id: 'tns:ID',
  reference: 'tns:ID',
  boolean: 'xsd:boolean',
  int: 'xsd:int',
  double: 'xsd:double',
  currency: 'xsd:double',
  date: 'xsd:date',
  datetime: 'xsd:dateTime',
};

/** An object's entry in the list of all objects. */
export function describeBriefly(object: ObjectType, version: string): Record<string, unknown> {
  const base = `/services/data/${version}/${object.tooling ? 'tooling/' : ''}sobjects/${object.name}`;
  return {
    activateable: false,
    createable: object.writable,
    custom: false,
    deletable: object.writable,
    keyPrefix: object.prefix,
    label: object.label,
    labelPlural: `${object.label}s`,
    name: object.name,
    queryable: true,
    retrieveable: true,
    searchable: object.writable,
    triggerable: object.writable,
    undeletable: object.writable,
    updateable: object.writable,
    urls: { sobject: base, describe: `${base}/describe`, rowTemplate: `${base}/{ID}` },
  };
}

export function describeObject(
  object: ObjectType,
  fields: readonly FieldDefinition[],
  version: string,
): Record<string, unknown> {
  return {
    ...describeBriefly(object, version),
    childRelationships: [],
    recordTypeInfos: [],
    fields: fields.map((field) => describeField(field, object.writable)),
  };
}

function describeField(field: FieldDefinition, writable: boolean): Record<string, unknown> {
  const long = isLongText(field);
  return {
    aggregatable: !long,
    autoNumber: false,
    byteLength: field.length * 3,
    calculated: false,
    createable: writable && field.createable,
    custom: field.custom,
    defaultedOnCreate: field.type === 'boolean',
    digits: field.type === 'int' ? field.precision : 0,
    externalId: false,
    filterable: !long,
    groupable: !long,
    idLookup: field.type === 'id',
    label: field.label,
    length: field.length,
    name: field.name,
    nameField: field.name === 'Name',
    nillable: field.nillable,
    permissionable: field.nillable && field.type !== 'id',
    picklistValues: field.picklist.map((entry) => ({ ...entry, defaultValue: false, validFor: null })),
    polymorphicForeignKey: field.referenceTo.length > 1,
    precision: field.type === 'int' ? 0 : field.precision,
    referenceTo: field.referenceTo,
    relationshipName: field.relationshipName,
    restrictedPicklist: field.restricted,
    scale: field.scale,
    soapType: SOAP_TYPES[field.type] ?? 'xsd:string',
    sortable: !long,
    type: field.type,
    unique: false,
    updateable: writable && field.updateable,
  };
}
