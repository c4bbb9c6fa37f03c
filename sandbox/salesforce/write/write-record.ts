// Creates or updates one record through the API, with Salesforce's validation and messages.
import { fullId } from '../ids.ts';
import type { AuditInfo, Org } from '../org/org.ts';
import type { RecordRules } from '../records/record-rules.ts';
import { isDeleted, reference, type SObjectRecord, type Values } from '../records/record-table.ts';
import { noSuchColumn, type RecordError } from '../salesforce-error.ts';
import type { Value } from '../schema/field.ts';
import type { ObjectType } from '../schema/object-type.ts';
import { contactField } from '../schema/person-accounts.ts';
import { checkValue } from './check-value.ts';

export interface WriteContext {
  readonly org: Org;
  readonly rules: RecordRules;
  /** Field-level security does not apply. */
  readonly asAdmin?: boolean;
  /** Duplicate rules with the action "alert" do not apply. */
  readonly allowsDuplicates?: boolean;
  /** The active assignment rule gives the Lead to the queue. */
  readonly assigns?: boolean;
  /** The error of every record of the transaction; absent: none. */
  readonly transactionError?: RecordError | null;
}

export type Outcome =
  | { readonly success: true; readonly id: string; readonly before: SObjectRecord | null }
  | { readonly success: false; readonly errors: readonly RecordError[] };

interface CheckedValues {
  readonly changes: Values;
  readonly errors: readonly RecordError[];
}

/**
 * The values of a write as stored, and their errors.
 * @throws SalesforceError for an unknown or invisible field, and for a value of a wrong JSON type
 */
export function checkValues(
  { org, asAdmin = false }: Pick<WriteContext, 'org' | 'asAdmin'>,
  object: ObjectType,
  body: Readonly<Record<string, unknown>>,
  mode: 'create' | 'update',
): CheckedValues {
  const changes: Record<string, Value> = {};
  const errors: RecordError[] = [];
  const readOnly: string[] = [];
  for (const [name, json] of Object.entries(body)) {
    const field = asAdmin ? org.schema.anyField(object, name) : org.schema.field(object, name);
    if (!field) throw noSuchColumn(name, object.name);
    if (!(mode === 'create' ? field.createable : field.updateable)) {
      readOnly.push(field.name);
      continue;
    }
    const checked = checkValue(field, json);
    if ('error' in checked) errors.push(checked.error);
    else changes[field.name] = checked.value;
  }
  if (readOnly.length > 0) errors.unshift(notWritable(readOnly));
  const missing = missingFields(org, object, changes, mode);
  if (missing.length > 0) errors.push(missingFieldsError(missing));
  return { changes, errors };
}

function notWritable(fields: readonly string[]): RecordError {
  const message = `Unable to create/update fields: ${fields.join(', ')}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.`;
  return { statusCode: 'INVALID_FIELD_FOR_INSERT_UPDATE', message, fields };
}

function missingFieldsError(fields: readonly string[]): RecordError {
  const message = `Required fields are missing: [${fields.join(', ')}]`;
  return { statusCode: 'REQUIRED_FIELD_MISSING', message, fields };
}

// Fields with a default value for new records.
const DEFAULTED: ReadonlySet<string> = new Set(['OwnerId', 'Status', 'Priority']);

function missingFields(org: Org, object: ObjectType, changes: Values, mode: 'create' | 'update'): readonly string[] {
  return org.schema
    .allFields(object)
    .filter(({ nillable, createable, type }) => !nillable && createable && type !== 'boolean')
    .filter(({ name }) => (mode === 'update' ? changes[name] === null : isMissing(changes, name)))
    .map(({ name }) => name);
}

function isMissing(changes: Values, name: string): boolean {
  return (changes[name] ?? null) === null && !DEFAULTED.has(name);
}

/** Checks values first, then rules and locks. */
export function updateRecord(
  context: WriteContext,
  object: ObjectType,
  id: string,
  body: Readonly<Record<string, unknown>>,
  audit: AuditInfo = { by: context.org.userId },
): Outcome {
  const { org } = context;
  const { changes, errors } = checkValues(context, object, body, 'update');
  const record = fullId(id);
  if (record === null || org.schema.objectOfId(record)?.name !== object.name) {
    return failed('MALFORMED_ID', `${object.label} ID: id value of incorrect type: ${id}`, ['Id']);
  }
  const before = org.table(object.name).get(record);
  if (!before) return failed('INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id');
  if (isDeleted(before)) return failed('ENTITY_IS_DELETED', 'entity is deleted');
  if (errors.length > 0) return { success: false, errors };
  const obstacle = obstacleTo(context, before);
  if (obstacle) return { success: false, errors: [obstacle] };
  const wrong = badReference(org, object, changes);
  if (wrong) return { success: false, errors: [wrong] };
  saveChanges(org, before, { ...changes, ...assignment(context, object) }, audit);
  return { success: true, id: record, before };
}

/** The fields of a person account that belong to its Contact are saved there. */
function saveChanges(org: Org, before: SObjectRecord, changes: Values, audit: AuditInfo): void {
  const contact = org.find(reference(before, 'PersonContactId') ?? '');
  const ofContact = Object.entries(changes).flatMap(([name, value]) => {
    const field = contactField(name);
    return field === null ? [] : [[field, value] as const];
  });
  const own = Object.entries(changes).filter(([name]) => contactField(name) === null);
  org.write(before, Object.fromEntries(own), audit);
  if (contact && before.type === 'Account') org.write(contact, Object.fromEntries(ofContact), audit);
}

export function createRecord(
  context: WriteContext,
  object: ObjectType,
  body: Readonly<Record<string, unknown>>,
  audit: AuditInfo = { by: context.org.userId },
): Outcome {
  const { org, rules } = context;
  const { changes, errors } = checkValues(context, object, body, 'create');
  if (errors.length > 0) return { success: false, errors };
  const wrong = badReference(org, object, changes) ?? brokenRule(rules, object.name, '');
  if (wrong) return { success: false, errors: [wrong] };
  const values = { ...defaults(org, object), ...changes, ...assignment(context, object) };
  return { success: true, id: org.add(object.name, values, audit).id, before: null };
}

function assignment({ org, assigns = false }: WriteContext, { name }: ObjectType): Values {
  return assigns && name === 'Lead' ? { OwnerId: org.queueId } : {};
}

function defaults(org: Org, object: ObjectType): Values {
  const has = (name: string): boolean => org.schema.anyField(object, name) !== undefined;
  const first = org.schema.anyField(object, 'Status')?.picklist[0]?.value;
  return {
    ...(has('OwnerId') ? { OwnerId: org.adminId } : {}),
    ...(first === undefined ? {} : { Status: first }),
    ...(has('Priority') ? { Priority: 'Normal' } : {}),
  };
}

function obstacleTo(context: WriteContext, record: SObjectRecord): RecordError | null {
  const { rules, allowsDuplicates = false, transactionError = null, asAdmin = false } = context;
  if (record.values.IsConverted === true) {
    return { statusCode: 'CANNOT_UPDATE_CONVERTED_LEAD', message: 'cannot reference converted lead', fields: [] };
  }
  if (record.type === 'Contact' && record.values.IsPersonAccount === true && !asAdmin) {
    const message = 'cannot reference person contact';
    return { statusCode: 'INVALID_PERSON_ACCOUNT_OPERATION', message, fields: [] };
  }
  if (rules.useLock(record.id)) {
    const message = `unable to obtain exclusive access to this record or 1 records: ${record.id}`;
    return { statusCode: 'UNABLE_TO_LOCK_ROW', message, fields: [] };
  }
  if (rules.isDuplicate(record.id, allowsDuplicates)) {
    return { statusCode: 'DUPLICATES_DETECTED', message: 'Use one of these records?', fields: [] };
  }
  return brokenRule(rules, record.type, record.id) ?? transactionError;
}

function brokenRule(rules: RecordRules, object: string, id: string): RecordError | null {
  const rule = rules.violated(object, id);
  if (!rule) return null;
  const fields = rule.field === undefined ? [] : [rule.field];
  return { statusCode: 'FIELD_CUSTOM_VALIDATION_EXCEPTION', message: rule.message, fields };
}

function badReference(org: Org, object: ObjectType, changes: Values): RecordError | null {
  for (const [name, value] of Object.entries(changes)) {
    const field = org.schema.anyField(object, name);
    if (field?.type !== 'reference' || typeof value !== 'string') continue;
    const target = org.find(value);
    if (target && field.referenceTo.includes(target.type) && !isDeleted(target)) continue;
    return { statusCode: 'INVALID_CROSS_REFERENCE_KEY', message: 'invalid cross reference id', fields: [name] };
  }
  return null;
}

function failed(statusCode: string, message: string, fields: readonly string[] = []): Outcome {
  return { success: false, errors: [{ statusCode, message, fields }] };
}
