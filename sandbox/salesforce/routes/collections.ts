// sObject collections: several records in one call.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm
import { z } from 'zod';
import { ok } from '../../http/reply.ts';
import type { Call, Endpoint } from '../http/endpoint.ts';
import { fullId } from '../ids.ts';
import { isDeleted } from '../records/record-table.ts';
import { badRequest, type RecordError, SalesforceError } from '../salesforce-error.ts';
import type { ObjectType } from '../schema/object-type.ts';
import { attributes, jsonValue } from '../soql/render-rows.ts';
import { checkValues, type Outcome, updateRecord, type WriteContext } from '../write/write-record.ts';
import { fieldOf, writable, writeContext } from './sobjects.ts';

const MAX_WRITTEN = 200;
const MAX_CHUNKS = 10;
const MAX_RETRIEVED = 2_000;

const updateSchema = z.strictObject({
  allOrNone: z.boolean().default(false),
  records: z.array(
    z.looseObject({
      attributes: z.object({ type: z.string() }),
      id: z.string().optional(),
      Id: z.string().optional(),
    }),
  ),
});
type Input = z.infer<typeof updateSchema>['records'][number];

/** PATCH /composite/sobjects: one outcome per record, in the order of the request. */
export const updateCollection: Endpoint = (call) => {
  const { allOrNone, records } = call.body(updateSchema);
  if (records.length > MAX_WRITTEN) {
    const message = `record limit reached. cannot submit more than ${MAX_WRITTEN} records into this call`;
    throw badRequest('EXCEEDED_ID_LIMIT', message);
  }
  checkChunks(records);
  const twice = repeatedIds(records);
  call.context.automation.checkBreaking(records.map(({ id, Id }) => fullId(id ?? Id ?? '') ?? ''));
  const inputs = records.map((record) => prepare(call, record));
  // https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_duplicaterules.htm
  const allowsDuplicates = /\ballowSave=true\b/.test(call.header('Sforce-Duplicate-Rule-Header') ?? '');
  const perObject = Map.groupBy(inputs, ({ object }) => object.name);
  const outcomes = inputs.map(({ object, id, values }): Outcome => {
    if (twice.has(fullId(id) ?? '')) return repeated(id);
    const records = perObject.get(object.name)?.length ?? 0;
    const transactionError = call.context.automation.transactionError(object.name, records);
    const context = { ...writeContext(call), allowsDuplicates, transactionError };
    return writeOne(context, object, id, values);
  });
  const failed = outcomes.some(({ success }) => !success);
  return ok((allOrNone && failed ? rollBack(call, outcomes) : outcomes).map(outcomeJson));
};

/**
 * An unknown field is the error of its record; a value of a wrong JSON type is an error of the
 * whole body, like any JSON that cannot be read.
 */
function writeOne(context: WriteContext, object: ObjectType, id: string, values: Record<string, unknown>): Outcome {
  try {
    return updateRecord(context, object, id, values);
  } catch (error) {
    if (!(error instanceof SalesforceError) || error.code !== 'INVALID_FIELD') throw error;
    return { success: false, errors: [{ statusCode: error.code, message: error.message, fields: [] }] };
  }
}

function prepare(call: Call, { attributes: { type }, id, Id, ...values }: Input) {
  const object = call.org.schema.visibleObject(type);
  if (!object || object.prefix === '' || object.tooling) {
    throw badRequest('INVALID_TYPE', `sObject type '${type}' is not supported.`);
  }
  checkJsonTypes(call, writable(object), values);
  const key = id ?? Id;
  if (key === undefined) throw badRequest('MISSING_ARGUMENT', 'Id not specified in an update call');
  return { object, id: key, values };
}

/** Before any record is written. */
function checkJsonTypes({ org }: Call, object: ObjectType, values: Readonly<Record<string, unknown>>): void {
  const known = Object.entries(values).filter(([name]) => org.schema.field(object, name) !== undefined);
  checkValues({ org }, object, Object.fromEntries(known), 'update');
}

function checkChunks(records: readonly Input[]): void {
  const changes = records.filter(({ attributes: { type } }, at) => type !== records[at - 1]?.attributes.type);
  if (changes.length > MAX_CHUNKS) {
    throw badRequest('LIMIT_EXCEEDED', `Cannot have more than ${MAX_CHUNKS} chunks in a single operation.`);
  }
}

function repeatedIds(records: readonly Input[]): ReadonlySet<string> {
  const ids = records.map(({ id, Id }) => fullId(id ?? Id ?? '') ?? '');
  return new Set(ids.filter((id, at) => id !== '' && ids.indexOf(id) !== at));
}

function repeated(id: string): Outcome {
  return {
    success: false,
    errors: [{ statusCode: 'DUPLICATE_VALUE', message: `Duplicate id in list: ${id}`, fields: [] }],
  };
}

const ROLLED_BACK: RecordError = {
  statusCode: 'ALL_OR_NONE_OPERATION_ROLLED_BACK',
  message: 'Record rolled back because not all records were valid and the request was using AllOrNone header',
  fields: [],
};

function rollBack({ org }: Call, outcomes: readonly Outcome[]): Outcome[] {
  return outcomes.map((outcome) => {
    if (!outcome.success) return outcome;
    if (outcome.before) org.rollBack(outcome.before);
    return { success: false, errors: [ROLLED_BACK] };
  });
}

function outcomeJson(outcome: Outcome) {
  if (outcome.success) return { id: outcome.id, success: true, errors: [] };
  return { success: false, errors: outcome.errors };
}

/** GET /composite/sobjects/{object}?ids=&fields= */
export const getCollection: Endpoint = (call) => {
  const ids = call.query('ids')?.split(',') ?? [];
  return retrieve(call, ids, call.query('fields')?.split(',') ?? []);
};

const retrieveSchema = z.strictObject({ ids: z.array(z.string()), fields: z.array(z.string()) });

/** POST /composite/sobjects/{object} */
export const postCollection: Endpoint = (call) => {
  const { ids, fields } = call.body(retrieveSchema);
  return retrieve(call, ids, fields);
};

/** One entry per ID: null for a record that does not exist. */
function retrieve(call: Call, ids: readonly string[], names: readonly string[]) {
  const object = call.object();
  if (ids.length === 0 || names.length === 0) throw badRequest('MISSING_ARGUMENT', 'ids and fields must be specified');
  if (ids.length > MAX_RETRIEVED) {
    const message = `record limit reached. cannot submit more than ${MAX_RETRIEVED} records into this call`;
    throw badRequest('EXCEEDED_ID_LIMIT', message);
  }
  const fields = names.map((name) => fieldOf(call, object, name));
  const rows = ids.map((id) => {
    const record = call.org.table(object.name).get(fullId(id) ?? '');
    if (!record || isDeleted(record)) return null;
    const values = fields.map((field) => [field.name, jsonValue(field, call.org.value(record, field))]);
    return { attributes: attributes(object.name, record, call.version), ...Object.fromEntries(values) };
  });
  return ok(rows);
}
