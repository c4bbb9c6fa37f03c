// Checks writes of permission sets, their assignments and field permissions.
import type { Org } from '../org/org.ts';
import { isDeleted } from '../records/record-table.ts';
import { badRequest } from '../salesforce-error.ts';

/** @throws SalesforceError for field permissions that cannot be granted */
export function checkGrant(org: Org, body: Readonly<Record<string, unknown>>): void {
  const { SobjectType, Field, PermissionsRead, PermissionsEdit } = body;
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
}

/** The unique fields by object, and Salesforce's error code for a duplicate. */
const UNIQUE: Readonly<Record<string, { readonly fields: readonly string[]; readonly code: string }>> = {
  PermissionSet: { fields: ['Name'], code: 'DUPLICATE_DEVELOPER_NAME' },
  PermissionSetAssignment: { fields: ['PermissionSetId', 'AssigneeId'], code: 'DUPLICATE_VALUE' },
  FieldPermissions: { fields: ['ParentId', 'Field'], code: 'DUPLICATE_VALUE' },
};

/** @throws SalesforceError for a duplicate permission set, assignment or field permission */
export function assertNotDuplicate(org: Org, type: string, body: Readonly<Record<string, unknown>>): void {
  const unique = UNIQUE[type];
  if (unique === undefined) return;
  const same = (value: unknown, other: unknown) => String(value).toLowerCase() === String(other).toLowerCase();
  for (const record of org.table(type).all()) {
    if (isDeleted(record) || !unique.fields.every((name) => same(record.values[name], body[name]))) continue;
    throw badRequest(unique.code, `duplicate value found: <unknown> duplicates value on record with id: ${record.id}`);
  }
}
