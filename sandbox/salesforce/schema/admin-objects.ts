// Users, the org, and the objects of field-level security.
import { field, parent, readOnly, text } from './field.ts';
import { objectType } from './object-type.ts';

const READ_ONLY = { writable: false };

export const USER = objectType(
  'User',
  '005',
  [
    text('Username', 80),
    text('LastName', 80),
    text('FirstName', 40),
    text('Name', 121, { label: 'Full Name' }),
    field('Email', 'email'),
    field('IsActive', 'boolean', { label: 'Active' }),
    text('UserType', 40),
  ],
  READ_ONLY,
);

/** A queue, among others: the owner of Leads that no user has taken yet. */
export const GROUP = objectType(
  'Group',
  '00G',
  [text('Name', 40), text('DeveloperName', 80), text('Type', 40), field('Email', 'email')],
  READ_ONLY,
);

/**
 * The fields of the record behind a polymorphic reference: `Who`, `What`, and an `Owner` of several
 * types.
 */
export const NAME = objectType(
  'Name',
  '',
  [
    text('Name', 255),
    text('FirstName', 40),
    text('LastName', 80),
    text('Title', 128),
    field('Email', 'email'),
    field('Phone', 'phone'),
    text('Type', 40),
    text('Alias', 8),
    text('Username', 80),
    field('IsActive', 'boolean'),
  ],
  READ_ONLY,
);

export const ORGANIZATION = objectType(
  'Organization',
  '00D',
  [
    text('Name', 80),
    text('OrganizationType', 40),
    field('IsSandbox', 'boolean'),
    text('InstanceName', 5),
    text('TimeZoneSidKey', 40),
  ],
  READ_ONLY,
);

export const PERMISSION_SET = objectType('PermissionSet', '0PS', [
  text('Name', 80, { label: 'API Name', nillable: false }),
  text('Label', 80, { nillable: false }),
  text('Description', 255),
  readOnly('IsOwnedByProfile', 'boolean'),
]);

export const PERMISSION_SET_ASSIGNMENT = objectType('PermissionSetAssignment', '0Pa', [
  parent('Assignee', ['User'], { updateable: false, nillable: false }),
  parent('PermissionSet', ['PermissionSet'], { updateable: false, nillable: false }),
]);

export const FIELD_PERMISSIONS = objectType('FieldPermissions', '01k', [
  parent('Parent', ['PermissionSet'], { updateable: false, nillable: false }),
  text('SobjectType', 40, { updateable: false, nillable: false }),
  text('Field', 120, { updateable: false, nillable: false }),
  field('PermissionsRead', 'boolean'),
  field('PermissionsEdit', 'boolean'),
]);

/** Part of the Tooling API. Only a GET of a single record returns the metadata. */
export const CUSTOM_FIELD = objectType(
  'CustomField',
  '00N',
  [text('DeveloperName', 40), text('TableEnumOrId', 40), text('NamespacePrefix', 15)],
  { tooling: true },
);
