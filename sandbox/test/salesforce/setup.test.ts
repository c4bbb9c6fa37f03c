// What an admin sets up: custom fields, and who may see and edit them.
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

/** The field, seen and edited by the user. */
async function granted(field: string, edit = true) {
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

test('a new field is seen by nobody until somebody grants it, first to read, then to edit', async () => {
  const made = await create('Lead.Score__c');
  expect([made.status, made.body]).toEqual([
    201,
    { id: expect.stringMatching(/^00N.{15}$/), success: true, errors: [], warnings: [], infos: [] },
  ]);
  expect((await update({ Score__c: 5 })).body[0].errorCode).toBe('INVALID_FIELD');
  const grant = await granted('Lead.Score__c', false);
  expect((await update({ Score__c: 5 })).body[0].errors[0].statusCode).toBe('INVALID_FIELD_FOR_INSERT_UPDATE');
  await org.call('PATCH', `/sobjects/FieldPermissions/${grant.body.id}`, { PermissionsEdit: true });
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

test('a restricted picklist takes its own values alone, and gets more by a change of its metadata', async () => {
  const { body: made } = await create('Lead.Grade__c', grade(['A', 'B'], true));
  await granted('Lead.Grade__c');
  const wrong = (await update({ Grade__c: 'C' })).body[0].errors[0];
  expect(wrong).toEqual({
    statusCode: 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
    message: 'Fit grade: bad value for restricted picklist field: C',
    fields: ['Grade__c'],
  });
  const path = `/tooling/sobjects/CustomField/${made.id}`;
  expect((await org.call('GET', path)).body).toMatchObject({
    FullName: 'Lead.Grade__c',
    Metadata: grade(['A', 'B'], true),
  });
  expect((await org.call('PATCH', path, { Metadata: grade(['A', 'B', 'C'], true) })).status).toBe(204);
  expect((await update({ Grade__c: 'C' })).body[0].success).toBe(true);
  expect((await org.call('PATCH', path, { Metadata: number })).status).toBe(400);
});

test('long texts are kept whole, up to their length', async () => {
  await create('Lead.Why__c', { type: 'LongTextArea', label: 'Why', length: 300, visibleLines: 5 });
  await granted('Lead.Why__c');
  expect((await update({ Why__c: 'x'.repeat(301) })).body[0].errors[0].statusCode).toBe('STRING_TOO_LONG');
  expect((await update({ Why__c: 'one\ntwo' })).body[0].success).toBe(true);
  expect((await org.query("SELECT Id FROM Lead WHERE Why__c = 'x'")).body[0].message).toContain(
    "field 'Why__c' can not be filtered in a query call",
  );
});

test('the fields that there are can be asked for', async () => {
  const soql = encodeURIComponent(
    "SELECT Id, DeveloperName FROM CustomField WHERE TableEnumOrId = 'Lead' AND DeveloperName = 'Score'",
  );
  const { body } = await org.call('GET', `/tooling/query?q=${soql}`);
  expect(body.records).toMatchObject([{ DeveloperName: 'Score' }]);
});

test.each([
  ['there is already', 'Lead.Score__c', number, 'DUPLICATE_DEVELOPER_NAME'],
  ['on nothing', 'Nope.Score__c', number, 'INVALID_TYPE'],
  ['on tasks', 'Task.Score__c', number, 'INVALID_TYPE'],
  ['without __c', 'Lead.Other', number, 'JSON_PARSER_ERROR'],
  ['without a length', 'Lead.Other__c', { type: 'Text', label: 'Other' }, 'FIELD_INTEGRITY_EXCEPTION'],
  [
    'of a short long text',
    'Lead.Other__c',
    { type: 'LongTextArea', label: 'x', length: 255, visibleLines: 2 },
    'FIELD_INTEGRITY_EXCEPTION',
  ],
  ['with what metadata does not have', 'Lead.Other__c', { ...number, nonsense: 1 }, 'JSON_PARSER_ERROR'],
])('a field %s is refused', async (_name, fullName, metadata, errorCode) => {
  const { status, body } = await create(fullName, metadata);
  expect([status, body[0].errorCode]).toEqual([400, errorCode]);
});

test('a grant is refused for a field that is not there, for one that all see, and twice', async () => {
  expect((await granted('Lead.Nope__c')).body[0].errorCode).toBe('INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST');
  expect((await granted('Lead.LastName')).status).toBe(400);
  expect((await granted('Lead.Score__c')).body[0].errorCode).toBe('DUPLICATE_VALUE');
});

test('a permission set shows its fields to those whom it is assigned to', async () => {
  await create('Lead.Late__c');
  const set = await org.call('POST', '/sobjects/PermissionSet', { Name: 'Scoring', Label: 'Scoring' });
  const grant = { ParentId: set.body.id, SobjectType: 'Lead', Field: 'Lead.Late__c', PermissionsRead: true };
  await org.call('POST', '/sobjects/FieldPermissions', grant);
  expect((await org.query('SELECT Late__c FROM Lead')).status).toBe(400);
  const [AssigneeId] = await org.column(`SELECT Id FROM User WHERE Username = '${org.username}'`);
  await org.call('POST', '/sobjects/PermissionSetAssignment', { AssigneeId, PermissionSetId: set.body.id });
  expect((await org.query('SELECT Late__c FROM Lead')).status).toBe(200);
});

test('who may not customize the org may neither make fields nor grant them', async () => {
  await org.control('PUT', '/user', { canCustomize: false });
  expect([(await create('Lead.Mine__c')).status, (await granted('Lead.Score__c')).body[0].errorCode]).toEqual([
    403,
    'INSUFFICIENT_ACCESS',
  ]);
});

test('the objects that there are can be listed and described', async () => {
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
