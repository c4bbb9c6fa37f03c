// Field permissions, which are records with rules of their own.
import type { Org } from '../org.ts';
import { isDeleted, textOf } from '../records/record-table.ts';
import { badRequest } from '../salesforce-error.ts';

/** @throws SalesforceError for a field that cannot be granted, or is granted already */
export function checkGrant(org: Org, body: Readonly<Record<string, unknown>>): void {
  const { ParentId, SobjectType, Field, PermissionsRead, PermissionsEdit } = body;
  const [type = '', name = ''] = typeof Field === 'string' ? Field.split('.') : [];
  const object = org.schema.object(type);
  const field = object && org.schema.anyField(object, name);
  if (!object || !field || object.name !== SobjectType || !(field.custom || field.nillable)) {
    const message = `Field Name: bad value for restricted picklist field: ${String(Field)}`;
    throw badRequest('INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', message, ['Field']);
  }
  if (PermissionsRead !== true) {
    const message = PermissionsEdit === true ? 'Permission Edit depends on permission Read' : 'Read must be granted';
    throw badRequest('FIELD_INTEGRITY_EXCEPTION', message);
  }
  for (const record of org.table('FieldPermissions').all()) {
    if (isDeleted(record) || record.values.ParentId !== ParentId) continue;
    if (textOf(record.values.Field)?.toLowerCase() !== String(Field).toLowerCase()) continue;
    const message = `duplicate value found: <unknown> duplicates value on record with id: ${record.id}`;
    throw badRequest('DUPLICATE_VALUE', message);
  }
}
