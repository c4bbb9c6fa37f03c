// The permission sets that grant access to the Leadgrade fields, with the names used in
// apps/salesforce. Without one, no user can see a new field.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_fieldpermissions.htm
import { z } from 'zod';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { SalesforceParts } from '../parts.ts';
import { readRows } from '../query/query.ts';
import { all, compare, id, text } from '../query/soql.ts';
import type { RequiredField } from './score-fields.ts';

interface PermissionSet {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  /** Whether its users may edit a field. They may read all fields. */
  edits(field: RequiredField): boolean;
}

export const INTEGRATION: PermissionSet = {
  name: 'Leadgrade_Integration',
  label: 'Leadgrade Integration',
  description: 'For the user that Leadgrade signs in as. Writes the Leadgrade fields.',
  edits: () => true,
};

const VIEWER: PermissionSet = {
  name: 'Leadgrade_Viewer',
  label: 'Leadgrade Viewer',
  description: 'For sales reps. Reads the Leadgrade fields; writes the two feedback fields.',
  edits: ({ isScore }) => !isScore,
};

export const PERMISSION_SETS = [INTEGRATION, VIEWER];

/** A permission set of the org. */
export interface ExistingPermissionSet {
  readonly id: string;
  /** By the field's full name in lower case. */
  readonly grants: ReadonlyMap<string, { readonly id: string; readonly read: boolean; readonly edit: boolean }>;
}

/**
 * Null if it does not exist.
 * @throws ConnectorError `forbidden` if this user cannot see permission sets
 */
export async function findPermissionSet(
  parts: SalesforceParts,
  { name }: PermissionSet,
  signal: AbortSignal,
): Promise<ExistingPermissionSet | null> {
  const what = 'reading permission sets';
  const sets = await readRows(
    parts,
    { what, from: 'PermissionSet', fields: ['Name'], where: compare('Name', '=', text(name)) },
    signal,
  );
  const set = sets.rows[0];
  if (set === undefined) return null;
  const fields = ['Field', 'PermissionsRead', 'PermissionsEdit'];
  const where = compare('ParentId', '=', id(set.id));
  const { rows } = await readRows(parts, { what, from: 'FieldPermissions', fields, where }, signal);
  const grants = rows.map(({ id: grant, values }) => {
    const access = { id: grant, read: values.PermissionsRead === true, edit: values.PermissionsEdit === true };
    return [String(values.Field).toLowerCase(), access] as const;
  });
  return { id: set.id, grants: new Map(grants) };
}

/**
 * The fields that a permission set does not grant as required. Further grants by an admin are left
 * alone.
 */
export function missingGrants(
  set: PermissionSet,
  found: ExistingPermissionSet | null,
  fields: readonly RequiredField[],
): readonly RequiredField[] {
  return fields.filter((field) => {
    const grant = found?.grants.get(field.fullName.toLowerCase());
    return grant === undefined || !grant.read || (set.edits(field) && !grant.edit);
  });
}

/** Creates the permission set if it does not exist, and the missing grants. @returns its ID */
export async function grantFields(
  parts: SalesforceParts,
  set: PermissionSet,
  found: ExistingPermissionSet | null,
  missing: readonly RequiredField[],
  signal: AbortSignal,
): Promise<string> {
  const parent = found?.id ?? (await createPermissionSet(parts, set, signal));
  for (const field of missing) {
    const access = { PermissionsRead: true, PermissionsEdit: set.edits(field) };
    const grant = found?.grants.get(field.fullName.toLowerCase());
    if (grant === undefined) {
      const body = { ParentId: parent, SobjectType: field.object, Field: field.fullName, ...access };
      await createOnce(parts, { what: grantOf(set, field), object: 'FieldPermissions', body }, signal);
    } else {
      const path = `/sobjects/FieldPermissions/${grant.id}`;
      const body = { ...access, PermissionsEdit: access.PermissionsEdit || grant.edit };
      const call = { what: grantOf(set, field), method: 'PATCH' as const, path, body, responseSchema: z.unknown() };
      await parts.http.call(call, signal);
    }
  }
  return parent;
}

function grantOf({ name }: PermissionSet, { fullName }: RequiredField): string {
  return `granting ${fullName} by the permission set ${name}`;
}

export async function isAssigned(
  parts: SalesforceParts,
  found: ExistingPermissionSet,
  user: string,
  signal: AbortSignal,
): Promise<boolean> {
  const where = all(compare('PermissionSetId', '=', id(found.id)), compare('AssigneeId', '=', id(user)));
  const query = { what: 'reading permission sets', from: 'PermissionSetAssignment', fields: ['AssigneeId'], where };
  return (await readRows(parts, query, signal)).rows.length > 0;
}

export async function assignPermissionSet(
  parts: SalesforceParts,
  set: string,
  user: string,
  signal: AbortSignal,
): Promise<void> {
  const body = { PermissionSetId: set, AssigneeId: user };
  const what = `assigning the permission set ${INTEGRATION.name}`;
  await createOnce(parts, { what, object: 'PermissionSetAssignment', body }, signal);
}

async function createPermissionSet(parts: SalesforceParts, set: PermissionSet, signal: AbortSignal): Promise<string> {
  const { name, label, description } = set;
  const body = { Name: name, Label: label, Description: description };
  const what = `creating the permission set ${name}`;
  const created = await createOnce(parts, { what, object: 'PermissionSet', body }, signal);
  const setId = created ?? (await findPermissionSet(parts, set, signal))?.id;
  if (setId !== undefined) return setId;
  throw new ConnectorError({
    kind: 'configuration',
    crm: 'salesforce',
    message: `The permission set ${name} could not be created: a record that this user cannot see already has that name.`,
    fix: 'Search for the name in Setup > Permission Sets and Permission Set Groups.',
  });
}

interface NewRow {
  readonly what: string;
  readonly object: string;
  readonly body: object;
}

/**
 * @returns the ID; null if the record exists already: the response to an earlier attempt may have
 * been lost
 */
async function createOnce(parts: SalesforceParts, row: NewRow, signal: AbortSignal): Promise<string | null> {
  try {
    return await create(parts, row, signal);
  } catch (error) {
    if (error instanceof ConnectorError && ALREADY_EXISTS.has(error.code ?? '')) return null;
    throw error;
  }
}

const ALREADY_EXISTS: ReadonlySet<string> = new Set(['DUPLICATE_VALUE', 'DUPLICATE_DEVELOPER_NAME']);

const createdSchema = z.looseObject({ id: z.string() });

async function create(parts: SalesforceParts, { what, object, body }: NewRow, signal: AbortSignal): Promise<string> {
  const call = { what, method: 'POST' as const, path: `/sobjects/${object}`, body };
  return (await parts.http.call({ ...call, responseSchema: createdSchema }, signal)).id;
}
