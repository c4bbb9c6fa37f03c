// Who sees our fields: the permission sets that setup makes, named as those of apps/salesforce. A new field is seen by nobody.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_fieldpermissions.htm
import { z } from 'zod';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { readRows } from '../query/query.ts';
import { all, compare, id, text } from '../query/soql.ts';
import type { SalesforceParts } from '../streams/stream.ts';
import type { WantedField } from './score-fields.ts';

interface PermissionSet {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  /** Whether it lets its users edit a field; all may be read. */
  edits(field: WantedField): boolean;
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

/** A set as the org has it. */
export interface FoundSet {
  readonly id: string;
  /** By the field's full name in lower case. */
  readonly grants: ReadonlyMap<string, { readonly id: string; readonly read: boolean; readonly edit: boolean }>;
}

/** Null: there is none. @throws ConnectorError `forbidden` when this user may not see permission sets */
export async function findPermissionSet(
  parts: SalesforceParts,
  { name }: PermissionSet,
  signal: AbortSignal,
): Promise<FoundSet | null> {
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

/** Fields that a set does not let its users see or edit as it should; what it allows beyond that is the admin's affair. */
export function missingGrants(
  set: PermissionSet,
  found: FoundSet | null,
  fields: readonly WantedField[],
): readonly WantedField[] {
  return fields.filter((field) => {
    const grant = found?.grants.get(field.fullName.toLowerCase());
    return grant === undefined || !grant.read || (set.edits(field) && !grant.edit);
  });
}

/** The set with its grants, made where it or they are missing. @returns its id */
export async function grantFields(
  parts: SalesforceParts,
  set: PermissionSet,
  found: FoundSet | null,
  missing: readonly WantedField[],
  signal: AbortSignal,
): Promise<string> {
  const parent = found?.id ?? (await createSet(parts, set, signal));
  for (const field of missing) {
    const access = { PermissionsRead: true, PermissionsEdit: set.edits(field) };
    const grant = found?.grants.get(field.fullName.toLowerCase());
    if (grant === undefined) {
      const body = { ParentId: parent, SobjectType: field.object, Field: field.fullName, ...access };
      await createOnce(parts, 'FieldPermissions', body, signal);
    } else {
      const path = `/sobjects/FieldPermissions/${grant.id}`;
      const body = { ...access, PermissionsEdit: access.PermissionsEdit || grant.edit };
      const call = { what: 'granting fields', method: 'PATCH' as const, path, body, answer: z.unknown() };
      await parts.http.call(call, signal);
    }
  }
  return parent;
}

export async function isAssigned(
  parts: SalesforceParts,
  found: FoundSet,
  user: string,
  signal: AbortSignal,
): Promise<boolean> {
  const where = all(compare('PermissionSetId', '=', id(found.id)), compare('AssigneeId', '=', id(user)));
  const query = { what: 'reading permission sets', from: 'PermissionSetAssignment', fields: ['AssigneeId'], where };
  return (await readRows(parts, query, signal)).rows.length > 0;
}

export async function assign(parts: SalesforceParts, set: string, user: string, signal: AbortSignal): Promise<void> {
  await createOnce(parts, 'PermissionSetAssignment', { PermissionSetId: set, AssigneeId: user }, signal);
}

async function createSet(parts: SalesforceParts, set: PermissionSet, signal: AbortSignal): Promise<string> {
  const { name, label, description } = set;
  const made = await createOnce(parts, 'PermissionSet', { Name: name, Label: label, Description: description }, signal);
  const own = made ?? (await findPermissionSet(parts, set, signal))?.id;
  if (own !== undefined) return own;
  throw new ConnectorError({
    kind: 'configuration',
    crm: 'salesforce',
    message: `The permission set ${name} could not be made: its name is used by what this user does not see.`,
    fix: 'Look for that name in Setup > Permission Sets and Permission Set Groups.',
  });
}

/** @returns the id; null when it was there: the answer to the first try of a call may have been lost */
async function createOnce(
  parts: SalesforceParts,
  object: string,
  body: object,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    return await create(parts, object, body, signal);
  } catch (error) {
    if (error instanceof ConnectorError && IS_THERE.has(error.code ?? '')) return null;
    throw error;
  }
}

const IS_THERE: ReadonlySet<string> = new Set(['DUPLICATE_VALUE', 'DUPLICATE_DEVELOPER_NAME']);

const createdAnswer = z.looseObject({ id: z.string() });

async function create(parts: SalesforceParts, object: string, body: object, signal: AbortSignal): Promise<string> {
  const call = { what: `creating a ${object}`, method: 'POST' as const, path: `/sobjects/${object}`, body };
  return (await parts.http.call({ ...call, answer: createdAnswer }, signal)).id;
}
