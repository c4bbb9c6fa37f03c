// Setup by an admin: custom fields and the permissions to see and edit them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestOrg, type TestOrg } from './sandbox-under-test.ts';

let org: TestOrg;
beforeAll(async () => {
  org = await startTestOrg();
});
afterAll(() => org.close());

const number = { type: 'Number', label: 'Fit score', precision: 5, scale: 0 };
const create = (FullName: string, Metadata: object = number) =>
  org.call('POST', '/tooling/sobjects/CustomField', { FullName, Metadata });
const update = (values: object) =>
  org.call('PATCH', '/composite/sobjects', { records: [{ attributes: { type: 'Lead' }, id: org.lead(0), ...values }] });
const grade = (values: readonly string[], restricted: boolean) => ({
  type: 'Picklist',
  label: 'Fit grade',
  valueSet: {
    restricted,
    valueSetDefinition: {
      sorted: false,
      value: values.map((valueName) => ({ valueName, label: valueName, default: false })),
    },
  },
});

/** Grants the product's user read (and edit) access to the field. */
async function grantAccess(field: string, edit = true) {
  const { body } = await org.query('SELECT Id, IsOwnedByProfile FROM PermissionSet');
  const [{ Id: ParentId }] = body.records;
  const [SobjectType] = field.split('.');
  return org.call('POST', '/sobjects/FieldPermissions', {
    ParentId,
    SobjectType,
    Field: field,
    PermissionsRead: true,
    PermissionsEdit: edit,
  });
}

test('a new custom field is invisible until read access is granted, and read-only until edit access is granted', async () => {
  const created = await create('Lead.Score__c');
  expect([created.status, created.body]).toEqual([
    201,
    { id: expect.stringMatching(/^00N.{15}$/), success: true, errors: [], warnings: [], infos: [] },
  ]);
  expect((await update({ Score__c: 5 })).body[0].errors[0].statusCode).toBe('INVALID_FIELD');
  const permission = await grantAccess('Lead.Score__c', false);
  expect((await update({ Score__c: 5 })).body[0].errors[0].statusCode).toBe('INVALID_FIELD_FOR_INSERT_UPDATE');
  await org.call('PATCH', `/sobjects/FieldPermissions/${permission.body.id}`, { PermissionsEdit: true });
  expect((await update({ Score__c: 5.4 })).body[0].success).toBe(true);
  expect(await org.column('SELECT Score__c FROM Lead WHERE Score__c > 0', 'Score__c')).toEqual([5]);
  expect((await update({ Score__c: 100_000 })).body[0].errors[0].statusCode).toBe('NUMBER_OUTSIDE_VALID_RANGE');
  const { body } = await org.call('GET', '/sobjects/Lead/describe');
  expect(body.fields.find(({ name }: { name: string }) => name === 'Score__c')).toMatchObject({
    label: 'Fit score',
    type: 'double',
    precision: 5,
    scale: 0,
    custom: true,
    updateable: true,
    filterable: true,
  });
});

test('a restricted picklist accepts only its values, and a change of its metadata adds values', async () => {
  const { body: created } = await create('Lead.Grade__c', grade(['A', 'B'], true));
  await grantAccess('Lead.Grade__c');
  const wrong = (await update({ Grade__c: 'C' })).body[0].errors[0];
  expect(wrong).toEqual({
    statusCode: 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
    message: 'Fit grade: bad value for restricted picklist field: C',
    fields: ['Grade__c'],
  });
  const path = `/tooling/sobjects/CustomField/${created.id}`;
  expect((await org.call('GET', path)).body).toMatchObject({
    FullName: 'Lead.Grade__c',
    Metadata: grade(['A', 'B'], true),
  });
  expect((await org.call('PATCH', path, { Metadata: grade(['A', 'B', 'C'], true) })).status).toBe(204);
  expect((await update({ Grade__c: 'C' })).body[0].success).toBe(true);
  expect((await org.call('PATCH', path, { Metadata: number })).status).toBe(400);
});

test('a long text area stores text up to its length, and cannot be filtered', async () => {
  await create('Lead.Why__c', { type: 'LongTextArea', label: 'Why', length: 300, visibleLines: 5 });
  await grantAccess('Lead.Why__c');
  expect((await update({ Why__c: 'x'.repeat(301) })).body[0].errors[0].statusCode).toBe('STRING_TOO_LONG');
  expect((await update({ Why__c: 'one\ntwo' })).body[0].success).toBe(true);
  expect((await org.query("SELECT Id FROM Lead WHERE Why__c = 'x'")).body[0].message).toContain(
    "field 'Why__c' can not be filtered in a query call",
  );
});

test('the Tooling API lists custom fields', async () => {
  const soql = encodeURIComponent(
    "SELECT Id, DeveloperName FROM CustomField WHERE TableEnumOrId = 'Lead' AND DeveloperName = 'Score'",
  );
  const { body } = await org.call('GET', `/tooling/query?q=${soql}`);
  expect(body.records).toMatchObject([{ DeveloperName: 'Score' }]);
});

test.each([
  ['that exists already', 'Lead.Score__c', number, 'DUPLICATE_DEVELOPER_NAME'],
  ['on an unknown object', 'Nope.Score__c', number, 'INVALID_TYPE'],
  ['on tasks', 'Task.Score__c', number, 'INVALID_TYPE'],
  ['without __c', 'Lead.Other', number, 'JSON_PARSER_ERROR'],
  ['without a length', 'Lead.Other__c', { type: 'Text', label: 'Other' }, 'FIELD_INTEGRITY_EXCEPTION'],
  [
    'with a long text area below 256 characters',
    'Lead.Other__c',
    { type: 'LongTextArea', label: 'x', length: 255, visibleLines: 2 },
    'FIELD_INTEGRITY_EXCEPTION',
  ],
  ['with unknown metadata', 'Lead.Other__c', { ...number, nonsense: 1 }, 'JSON_PARSER_ERROR'],
])('a custom field %s is rejected', async (_name, fullName, metadata, errorCode) => {
  const { status, body } = await create(fullName, metadata);
  expect([status, body[0].errorCode]).toEqual([400, errorCode]);
});

test('field permissions are rejected for an unknown field, for a required field, and as a duplicate', async () => {
  expect((await grantAccess('Lead.Nope__c')).body[0].errorCode).toBe('INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST');
  expect((await grantAccess('Lead.LastName')).status).toBe(400);
  expect((await grantAccess('Lead.Score__c')).body[0].errorCode).toBe('DUPLICATE_VALUE');
});

test('a permission set makes its fields visible to the users that it is assigned to', async () => {
  await create('Lead.Late__c');
  const set = await org.call('POST', '/sobjects/PermissionSet', { Name: 'Scoring', Label: 'Scoring' });
  const grant = { ParentId: set.body.id, SobjectType: 'Lead', Field: 'Lead.Late__c', PermissionsRead: true };
  await org.call('POST', '/sobjects/FieldPermissions', grant);
  expect((await org.query('SELECT Late__c FROM Lead')).status).toBe(400);
  const [AssigneeId] = await org.column(`SELECT Id FROM User WHERE Username = '${org.username}'`);
  await org.call('POST', '/sobjects/PermissionSetAssignment', { AssigneeId, PermissionSetId: set.body.id });
  expect((await org.query('SELECT Late__c FROM Lead')).status).toBe(200);
});

test('a user without the permission to customize can neither create fields nor grant them', async () => {
  await org.control('PUT', '/user', { canCustomize: false });
  expect([(await create('Lead.Mine__c')).status, (await grantAccess('Lead.Score__c')).body[0].errorCode]).toEqual([
    403,
    'INSUFFICIENT_ACCESS',
  ]);
});

test('the objects of the org can be listed and described', async () => {
  const { body } = await org.call('GET', '/sobjects');
  const names = body.sobjects.map(({ name }: { name: string }) => name);
  expect(names).toEqual(expect.arrayContaining(['Lead', 'Contact', 'CampaignMember', 'OpportunityContactRole']));
  expect(names).not.toContain('CustomField');
  expect((await org.call('GET', '/sobjects/Nope/describe')).status).toBe(404);
  const { fields } = (await org.call('GET', '/sobjects/task/describe')).body;
  expect(fields.find(({ name }: { name: string }) => name === 'WhoId')).toMatchObject({
    relationshipName: 'Who',
    referenceTo: ['Contact', 'Lead'],
    polymorphicForeignKey: true,
  });
  const versions = await org.send('GET', '/services/data');
  expect(versions.body.at(-1)).toEqual({ label: 'Version 67', url: '/services/data/v67.0', version: '67.0' });
});
