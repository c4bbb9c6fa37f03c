// Objects and single records.
import { z } from 'zod';
import { ok } from '../../http/reply.ts';
import type { Call, Endpoint } from '../http/endpoint.ts';
import { fullId } from '../ids.ts';
import { isDeleted, type SObjectRecord } from '../records/record-table.ts';
import { badRequest, notFound, type RecordError, SalesforceError } from '../salesforce-error.ts';
import { describeBriefly, describeObject } from '../schema/describe.ts';
import type { ObjectType } from '../schema/object-type.ts';
import { attributes, jsonValue } from '../soql/render-rows.ts';
import { assertNotDuplicate, checkGrant } from '../write/check-grant.ts';
import { createRecord, updateRecord, type WriteContext } from '../write/write-record.ts';
import { requireCustomize } from './tooling.ts';

const bodySchema = z.record(z.string(), z.unknown());

const SETUP: ReadonlySet<string> = new Set(['PermissionSet', 'PermissionSetAssignment', 'FieldPermissions']);

export const listObjects: Endpoint = ({ org, version }) => {
  const sobjects = org.schema.objects(false).map((object) => describeBriefly(object, version));
  return ok({ encoding: 'UTF-8', maxBatchSize: 200, sobjects });
};

export const describe: Endpoint = (call) => describing(call, call.object());
export const describeTooling: Endpoint = (call) => describing(call, call.object(true));

function describing({ org, version }: Call, object: ObjectType) {
  return ok(describeObject(object, org.schema.fields(object), version));
}

/** GET: all fields that the user can see, or those in `fields`. */
export const getRecord: Endpoint = (call) => {
  const object = call.object();
  const record = existing(call, object);
  const requested = call.query('fields')?.split(',');
  const fields =
    requested === undefined ? call.org.schema.fields(object) : requested.map((name) => fieldOf(call, object, name));
  const values = fields.map((field) => [field.name, jsonValue(field, call.org.value(record, field))]);
  return ok({ attributes: attributes(object.name, record, call.version), ...Object.fromEntries(values) });
};

export const patchRecord: Endpoint = (call) => {
  const object = writable(call.object());
  const { id } = existing(call, object);
  if (SETUP.has(object.name)) requireCustomize(call);
  const outcome = updateRecord(writeContext(call), object, id, call.body(bodySchema));
  if (!outcome.success) throw toSalesforceError(outcome.errors);
  return { status: 204 };
};

export const postRecord: Endpoint = (call) => {
  const object = writable(call.object());
  const body = call.body(bodySchema);
  if (SETUP.has(object.name)) requireCustomize(call);
  if (object.name === 'FieldPermissions') checkGrant(call.org, body);
  assertNotDuplicate(call.org, object.name, body);
  const outcome = createRecord(writeContext(call), object, body);
  if (!outcome.success) throw toSalesforceError(outcome.errors);
  const headers = { Location: `/services/data/${call.version}/sobjects/${object.name}/${outcome.id}` };
  return { status: 201, body: { id: outcome.id, success: true, errors: [] }, headers };
};

export function writeContext(call: Call): WriteContext {
  const { org, context } = call;
  const assigns = context.automation.runsAssignmentRule(call.header('Sforce-Auto-Assign'));
  return { org, rules: context.rules, assigns };
}

/** @throws SalesforceError 400 if the user cannot see the field */
export function fieldOf({ org }: Call, object: ObjectType, name: string) {
  const field = org.schema.field(object, name);
  if (field) return field;
  throw badRequest(
    'INVALID_FIELD',
    `No such column '${name}' on entity '${object.name}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.`,
  );
}

function existing(call: Call, object: ObjectType): SObjectRecord {
  const record = call.org.table(object.name).get(fullId(call.param('id')) ?? '');
  if (!record || isDeleted(record)) throw notFound();
  return record;
}

/** @throws SalesforceError 400 for read-only objects */
export function writable(object: ObjectType): ObjectType {
  if (object.writable) return object;
  throw badRequest('INVALID_TYPE_FOR_OPERATION', `entity type ${object.name} does not support this operation`);
}

function toSalesforceError(errors: readonly RecordError[]): SalesforceError {
  const [first] = errors;
  if (!first) throw new Error('a failed write must have an error');
  return new SalesforceError(400, first.statusCode, first.message, first.fields);
}
