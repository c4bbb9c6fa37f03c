// Property definitions and groups, as setup and doctor use them.
import { beforeEach, expect, test } from 'vitest';
import { startTestSandbox, type TestSandbox } from './sandbox-under-test.ts';

const PROPERTIES = '/crm/properties/2026-03/contacts';
let sandbox: TestSandbox;
beforeEach(async () => {
  sandbox = await startTestSandbox({ tier: 'free' });
});

const newProperty = (more: object = {}) => ({
  name: 'lead_status_x',
  label: 'Lead status',
  type: 'enumeration',
  fieldType: 'select',
  groupName: 'scoring',
  options: [{ label: 'Hot', value: 'hot', displayOrder: 0, hidden: false }],
  ...more,
});
const textProperty = (name: string) => ({
  ...newProperty(),
  name,
  label: name,
  type: 'string',
  fieldType: 'text',
  options: [],
});
const createGroup = () => sandbox.call('POST', `${PROPERTIES}/groups`, { name: 'scoring', label: 'Scoring' });

test('a property can be created only in an existing group', async () => {
  expect((await sandbox.call('POST', PROPERTIES, newProperty())).status).toBe(400);
  expect((await createGroup()).status).toBe(201);
  expect((await sandbox.call('POST', PROPERTIES, newProperty())).status).toBe(201);
});

test('creating an existing property or group is a 409, and reading a missing one a 404', async () => {
  await createGroup();
  await sandbox.call('POST', PROPERTIES, newProperty());
  expect((await createGroup()).status).toBe(409);
  const again = await sandbox.call('POST', PROPERTIES, newProperty());
  expect(again.status).toBe(409);
  expect(again.body.category).toBe('OBJECT_ALREADY_EXISTS');
  expect((await sandbox.call('GET', `${PROPERTIES}/lead_status_x`)).body).toMatchObject({
    type: 'enumeration',
    archived: false,
  });
  expect((await sandbox.call('GET', `${PROPERTIES}/nothing`)).status).toBe(404);
  expect((await sandbox.call('GET', `${PROPERTIES}/groups/scoring`)).status).toBe(200);
  expect((await sandbox.call('GET', `${PROPERTIES}/groups/nothing`)).status).toBe(404);
});

test('a PATCH replaces all options of a property, and a contact can then have the new option', async () => {
  await createGroup();
  await sandbox.call('POST', PROPERTIES, newProperty());
  const write = () =>
    sandbox.call('POST', '/crm/objects/2026-03/contacts/batch/update', {
      inputs: [{ id: sandbox.id(0), properties: { lead_status_x: 'cold' } }],
    });
  expect((await write()).status).toBe(400);
  const options = ['hot', 'cold'].map((value, displayOrder) => ({ label: value, value, displayOrder, hidden: false }));
  expect((await sandbox.call('PATCH', `${PROPERTIES}/lead_status_x`, { options })).body.options).toHaveLength(2);
  expect((await write()).status).toBe(200);
});

test.each([
  ['a field type that its type does not allow', { type: 'number' }],
  ['a name with capitals', { name: 'LeadStatus' }],
  [
    'two options with the same value',
    { options: ['a', 'b'].map((label) => ({ label, value: 'x', displayOrder: 0, hidden: false })) },
  ],
  ['an option without displayOrder', { options: [{ label: 'Hot', value: 'hot', hidden: false }] }],
  ['text type and options', { type: 'string', fieldType: 'text' }],
])('creating a property with %s is a 400', async (_name, more) => {
  await createGroup();
  expect((await sandbox.call('POST', PROPERTIES, newProperty(more))).status).toBe(400);
});

test('a batch creates the valid properties and reports the others in a 207, and a free account is limited to ten', async () => {
  await createGroup();
  const inputs = Array.from({ length: 9 }, (_, at) => textProperty(`own_${at}`));
  expect((await sandbox.call('POST', `${PROPERTIES}/batch/create`, { inputs })).status).toBe(201);
  const more = await sandbox.call('POST', `${PROPERTIES}/batch/create`, {
    inputs: [textProperty('own_8'), textProperty('own_9'), textProperty('own_10')],
  });
  expect(more.status).toBe(207);
  expect(more.body).toMatchObject({
    numErrors: 2,
    results: [{ name: 'own_9' }],
    errors: [
      { category: 'OBJECT_ALREADY_EXISTS', context: { name: ['own_8'] } },
      { category: 'VALIDATION_ERROR', context: { name: ['own_10'] } },
    ],
  });
  const limits = await sandbox.call('GET', '/crm/limits/2026-03/custom-properties');
  expect(limits.body.byObjectType).toContainEqual({ objectTypeId: '0-1', limit: 10, usage: 10 });
});

test("the standard properties have HubSpot's types and options", async () => {
  const { body } = await sandbox.call('GET', PROPERTIES);
  const byName = new Map(body.results.map((each: { name: string }) => [each.name, each]));
  expect(byName.get('lifecyclestage')).toMatchObject({ type: 'enumeration', hubspotDefined: true });
  expect(byName.get('lastmodifieddate')).toMatchObject({
    type: 'datetime',
    modificationMetadata: { readOnlyValue: true },
  });
  const companies = await sandbox.call('GET', '/crm/properties/2026-03/companies/industry');
  expect(companies.body.options.map(({ value }: { value: string }) => value)).toContain('COMPUTER_SOFTWARE');
  const calls = await sandbox.call('GET', '/crm/properties/2026-03/calls/hs_call_disposition');
  expect(calls.body.options).toContainEqual(
    expect.objectContaining({ label: 'Connected', value: 'f240bbac-87c9-4f6e-bf70-924b57d47db7' }),
  );
});
