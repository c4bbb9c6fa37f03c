// Tooling API: custom fields.
import { z } from 'zod';
import { ok } from '../../http/reply.ts';
import type { Call, Endpoint } from '../http/endpoint.ts';
import { fullId } from '../ids.ts';
import { textOf } from '../records/record-table.ts';
import { badRequest, insufficientAccess, notFound } from '../salesforce-error.ts';
import { customField, metadataSchema } from '../schema/custom-field.ts';
import { defineOnAccount } from '../schema/person-accounts.ts';

const createSchema = z.strictObject({
  FullName: z.string().regex(/^\w+\.[A-Za-z](?:_?[A-Za-z0-9])*__c$/, 'is not Object.Name__c'),
  Metadata: metadataSchema,
});
const changeSchema = z.strictObject({ FullName: z.string().optional(), Metadata: metadataSchema });

// Custom fields of tasks and events are created on a separate object (Activity), which the sandbox
// lacks.
const CUSTOMIZABLE: ReadonlySet<string> = new Set(['Account', 'Campaign', 'Contact', 'Lead', 'Opportunity']);

export const createCustomField: Endpoint = (call) => {
  requireCustomize(call);
  const { FullName, Metadata } = call.body(createSchema);
  const [type = '', name = ''] = FullName.split('.');
  const { schema } = call.org;
  const object = schema.object(type);
  if (!object || !CUSTOMIZABLE.has(object.name)) throw badRequest('INVALID_TYPE', `Cannot add a field to ${type}`);
  if (schema.anyField(object, name)) {
    throw badRequest(
      'DUPLICATE_DEVELOPER_NAME',
      `There is already a field named ${name.slice(0, -3)} on ${object.label}.`,
    );
  }
  schema.define(object, customField(name, Metadata));
  if (object.name === 'Contact') defineOnAccount(schema, customField(name, Metadata));
  const values = { DeveloperName: name.slice(0, -3), TableEnumOrId: object.name };
  const { id } = call.org.add('CustomField', values, { by: call.org.userId });
  call.context.fieldMetadata.set(id, Metadata);
  return { status: 201, body: { id, success: true, errors: [], warnings: [], infos: [] } };
};

export const getCustomField: Endpoint = (call) => {
  requireCustomize(call);
  const { id, type, name } = customFieldOf(call);
  const fullName = `${type}.${name}`;
  return ok({
    attributes: { type: 'CustomField', url: `/services/data/${call.version}/tooling/sobjects/CustomField/${id}` },
    Id: id,
    DeveloperName: name.slice(0, -3),
    TableEnumOrId: type,
    FullName: fullName,
    Metadata: call.context.fieldMetadata.get(id),
  });
};

/** Replaces the whole metadata. */
export const changeCustomField: Endpoint = (call) => {
  requireCustomize(call);
  const { Metadata } = call.body(changeSchema);
  const { id, type, name } = customFieldOf(call);
  const object = call.org.schema.object(type);
  if (!object) throw notFound();
  if (call.context.fieldMetadata.get(id)?.type !== Metadata.type) {
    throw badRequest('FIELD_INTEGRITY_EXCEPTION', 'Cannot change field type', ['Metadata']);
  }
  call.org.schema.define(object, customField(name, Metadata));
  if (object.name === 'Contact') defineOnAccount(call.org.schema, customField(name, Metadata));
  call.context.fieldMetadata.set(id, Metadata);
  return { status: 204 };
};

function customFieldOf(call: Call): { id: string; type: string; name: string } {
  const record = call.org.table('CustomField').get(fullId(call.param('id')) ?? '');
  if (!record) throw notFound();
  const { DeveloperName, TableEnumOrId } = record.values;
  return { id: record.id, type: textOf(TableEnumOrId) ?? '', name: `${textOf(DeveloperName)}__c` };
}

/** @throws SalesforceError 403 */
export function requireCustomize({ context }: Call): void {
  if (!context.canCustomize) throw insufficientAccess();
}
