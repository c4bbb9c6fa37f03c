import { beforeEach, expect, test } from 'vitest';
import { applySetup } from '../../../../connectors/salesforce/setup/apply-setup.ts';
import { checkSetup } from '../../../../connectors/salesforce/setup/check-setup.ts';
import { describeAccount } from '../../../../connectors/salesforce/setup/describe-account.ts';
import { type ConnectedOrg, connectedOrg, requestLog, SIGNAL } from '../salesforce-fixture.ts';

const TARGET = {
  statuses: [
    { value: 'hot', label: 'Hot' },
    { value: 'cold', label: 'Cold' },
  ],
};

let connected: ConnectedOrg;
beforeEach(async () => {
  connected = await connectedOrg();
});

async function setUp(target = TARGET, dryRun = false) {
  const steps: string[] = [];
  for await (const { what, state } of applySetup(connected.parts, target, { dryRun }, SIGNAL)) {
    steps.push(`${what}: ${state}`);
  }
  return steps;
}

async function doctor(target = TARGET) {
  const checks = await checkSetup({ ...connected.parts, readers: [] }, target, SIGNAL);
  return new Map(checks.map((check) => [check.what, check]));
}

async function field(name: string) {
  const { body } = await connected.org.call('GET', '/sobjects/Lead/describe');
  return body.fields.find((each: { name: string }) => each.name === name);
}

async function metadataOf(name: string) {
  const soql = `SELECT Id FROM CustomField WHERE TableEnumOrId = 'Lead' AND DeveloperName = '${name}'`;
  const { body } = await connected.org.call('GET', `/tooling/query?q=${encodeURIComponent(soql)}`);
  const path = `/tooling/sobjects/CustomField/${body.records[0].Id}`;
  return { path, metadata: (await connected.org.call('GET', path)).body.Metadata };
}

test('setup creates the Leadgrade fields on both objects, and the integration user can see and edit them', async () => {
  const problems = [...(await doctor()).values()].filter(({ level }) => level === 'problem');
  expect(problems).toHaveLength(16);
  expect(problems.every(({ fixableBySetup }) => fixableBySetup === true)).toBe(true);
  const steps = await setUp();
  expect(steps).toHaveLength(23);
  expect(steps.filter((step) => step.endsWith(': created'))).toHaveLength(23);
  expect(await field('Leadgrade_Total_Score__c')).toMatchObject({ type: 'double', precision: 9, updateable: true });
  expect(await field('Leadgrade_Explanation__c')).toMatchObject({ type: 'textarea', length: 32_000 });
  expect(await field('Leadgrade_Fit_Grade__c')).toMatchObject({
    restrictedPicklist: true,
    label: 'Leadgrade: fit grade',
  });
  expect(await field('Leadgrade_Status__c')).toMatchObject({
    restrictedPicklist: false,
    picklistValues: [
      { value: 'hot', label: 'Hot', active: true },
      { value: 'cold', label: 'Cold', active: true },
    ],
  });
  const after = [...(await doctor()).values()];
  expect(after.filter(({ level }) => level === 'problem')).toEqual([]);
  expect(after.filter(({ what }) => what.includes('Leadgrade_')).map(({ level }) => level)).toEqual(
    Array.from({ length: 20 }, () => 'ok'),
  );
});

test('a dry run of setup changes nothing, and a second setup finds that everything exists', async () => {
  const planned = await setUp(TARGET, true);
  expect(planned.filter((step) => step.endsWith(': would-create'))).toHaveLength(23);
  expect(await field('Leadgrade_Status__c')).toBeUndefined();
  await setUp();
  const again = await setUp();
  expect(again.filter((step) => !step.endsWith(': exists'))).toEqual([]);
});

test('after setup, sales reps can read the scores and edit only the feedback fields', async () => {
  await setUp();
  const rows = async (name: string) => {
    const sets = await connected.org.column(`SELECT Id FROM PermissionSet WHERE Name = '${name}'`);
    const soql = `SELECT Id, Field, PermissionsEdit FROM FieldPermissions WHERE ParentId = '${sets[0]}'`;
    return (await connected.org.query(soql)).body.records;
  };
  const viewer = await rows('Leadgrade_Viewer');
  expect(viewer).toHaveLength(20);
  const edited = viewer.filter((row: { PermissionsEdit: boolean }) => row.PermissionsEdit);
  expect(edited.map((row: { Field: string }) => row.Field).toSorted()).toEqual([
    'Contact.Leadgrade_Feedback_Reason__c',
    'Contact.Leadgrade_Feedback__c',
    'Lead.Leadgrade_Feedback_Reason__c',
    'Lead.Leadgrade_Feedback__c',
  ]);
  const integration = await rows('Leadgrade_Integration');
  expect(integration.filter((row: { PermissionsEdit: boolean }) => row.PermissionsEdit)).toHaveLength(20);
});

test('setup adds the picklist value of a new band and keeps the values that an admin added', async () => {
  await setUp();
  const { path, metadata } = await metadataOf('Leadgrade_Status');
  metadata.valueSet.valueSetDefinition.value.push({ valueName: 'call_now', label: 'Call now', default: false });
  metadata.valueSet.valueSetDefinition.value[1].isActive = false;
  await connected.org.call('PATCH', path, { Metadata: metadata });
  const target = { statuses: [...TARGET.statuses, { value: 'warm', label: 'Warm' }] };
  expect((await doctor(target)).get('field Lead.Leadgrade_Status__c')).toMatchObject({
    level: 'warning',
    detail: 'lacks the values cold, warm',
    fixableBySetup: true,
  });
  expect((await setUp(target)).filter((step) => !step.endsWith(': exists'))).toEqual([
    'field Lead.Leadgrade_Status__c: values cold, warm: created',
    'field Contact.Leadgrade_Status__c: values warm: created',
  ]);
  const values = (await field('Leadgrade_Status__c')).picklistValues;
  expect(values.map(({ value, active }: { value: string; active: boolean }) => [value, active])).toEqual([
    ['hot', true],
    ['cold', true],
    ['call_now', true],
    ['warm', true],
  ]);
});

test('setup gives the values of a status the labels and the order of a changed model, and doctor names the difference', async () => {
  await setUp();
  const { path, metadata } = await metadataOf('Leadgrade_Status');
  metadata.valueSet.valueSetDefinition.value.push({ valueName: 'call_now', label: 'Call now', default: false });
  await connected.org.call('PATCH', path, { Metadata: metadata });
  const target = {
    statuses: [
      { value: 'cold', label: 'Cold' },
      { value: 'hot', label: 'Burning' },
    ],
  };
  const difference = 'hot is labelled "Hot", not "Burning"; the order is hot, cold, not cold, hot';
  expect((await doctor(target)).get('field Lead.Leadgrade_Status__c')).toMatchObject({
    level: 'warning',
    detail: `differs from the model: ${difference}`,
    fixableBySetup: true,
  });
  expect((await setUp(target, true)).filter((step) => !step.endsWith(': exists'))).toEqual([
    `field Lead.Leadgrade_Status__c: ${difference}: would-create`,
    `field Contact.Leadgrade_Status__c: ${difference}: would-create`,
  ]);
  await setUp(target);
  const values = (await field('Leadgrade_Status__c')).picklistValues;
  expect(values.map(({ value, label }: { value: string; label: string }) => [value, label])).toEqual([
    ['cold', 'Cold'],
    ['hot', 'Burning'],
    ['call_now', 'Call now'],
  ]);
  expect((await doctor(target)).get('field Lead.Leadgrade_Status__c')).toMatchObject({ level: 'ok' });
});

test('setup refuses a field of another type, although it is hidden, before it creates anything', async () => {
  const text = { type: 'Text', label: 'Mine', length: 40 };
  await connected.org.call('POST', '/tooling/sobjects/CustomField', {
    FullName: 'Contact.Leadgrade_Total_Score__c',
    Metadata: text,
  });
  await expect(setUp()).rejects.toMatchObject({
    kind: 'configuration',
    code: 'FIELD_UNFIT',
    message: 'The field Leadgrade_Total_Score__c of Contact has the type Text, not Number',
  });
  expect(await metadataOf('Leadgrade_Status').catch(() => null)).toBeNull();
});

test('setup with a login that may not customize the org fails with instructions for an admin', async () => {
  await connected.org.control('PUT', '/user', { canCustomize: false });
  await expect(setUp()).rejects.toMatchObject({
    kind: 'configuration',
    code: 'NO_CUSTOMIZE',
    fix: expect.stringContaining('deploy apps/salesforce'),
  });
});

test('setup with a login that may not customize the org succeeds if everything exists', async () => {
  await setUp();
  await connected.org.control('PUT', '/user', { canCustomize: false });
  expect((await setUp()).filter((step) => !step.endsWith(': exists'))).toEqual([]);
});

test('doctor reports a hidden and a read-only field, each with a fix', async () => {
  await setUp();
  const { org } = connected;
  await org.control('PUT', '/hidden-fields', ['Lead.Email', 'Contact.Leadgrade_Status__c', 'Account.Industry']);
  const [grant] = await org.column("SELECT Id FROM FieldPermissions WHERE Field = 'Lead.Leadgrade_Model__c'");
  const [set] = await org.column("SELECT Id FROM PermissionSet WHERE Name = 'Leadgrade_Integration'");
  const grants = await org.query(
    `SELECT Id FROM FieldPermissions WHERE Field = 'Lead.Leadgrade_Model__c' AND ParentId = '${set}'`,
  );
  expect(grant).toBeDefined();
  await org.call('PATCH', `/sobjects/FieldPermissions/${grants.body.records[0].Id}`, { PermissionsEdit: false });
  const checks = await doctor();
  expect(checks.get('field Contact.Leadgrade_Status__c')).toMatchObject({ level: 'problem', fixableBySetup: true });
  expect(checks.get('field Lead.Leadgrade_Model__c')).toMatchObject({
    level: 'problem',
    detail: 'may be read, but not edited',
    fix: expect.stringContaining('Leadgrade Integration'),
  });
  expect(checks.get('field Lead.Email')).toMatchObject({ level: 'warning' });
  expect(checks.get('field Contact.Account.Industry')).toMatchObject({ level: 'warning' });
  expect(checks.get('field Contact.Email')).toBeUndefined();
});

test('describeAccount returns the ID, name, edition and time zone of the org', async () => {
  const { org, parts } = connected;
  expect(await describeAccount(parts, SIGNAL)).toEqual({
    id: org.orgId,
    name: `org Leadgrade Sandbox ${org.orgId} (Enterprise Edition)`,
    timezone: 'America/Los_Angeles',
  });
});

test('doctor reports a login to another org than SALESFORCE_ORG_ID, and makes no other check', async () => {
  const other = await connectedOrg({}, { more: { SALESFORCE_ORG_ID: '00D000000000000' } });
  const checks = await checkSetup({ ...other.parts, readers: [] }, TARGET, SIGNAL);
  expect(checks).toMatchObject([
    { what: 'login', level: 'problem', fix: expect.stringContaining('SALESFORCE_ORG_ID') },
  ]);
  const { org } = connected;
  const same = await connectedOrg({}, { more: { SALESFORCE_ORG_ID: org.orgId.slice(0, 15) } });
  const [login] = await checkSetup({ ...same.parts, readers: [] }, TARGET, SIGNAL);
  expect(login).toMatchObject({ what: 'login', level: 'ok' });
});

test('doctor warns of a nearly exhausted daily quota, and reports a refused login', async () => {
  await connected.org.control('PUT', '/api-usage', { used: 70_000, limit: 100_000 });
  expect((await doctor()).get('API calls')).toMatchObject({ level: 'warning' });
  await connected.org.control('PUT', '/api-usage', { used: 10, limit: 100_000 });
  await connected.org.control('PUT', '/app', { hasRunAs: false });
  await connected.org.control('POST', '/tokens/expire');
  expect([...(await doctor()).values()]).toMatchObject([
    { what: 'login', level: 'problem', fix: expect.stringContaining('Run As') },
  ]);
});

test('doctor warns of an unavailable stream and names the activities that Leadgrade cannot read', async () => {
  const stream = { id: 'tasks', activityTypes: ['call'] };
  const unavailable = { reason: 'No Task.', fix: 'Let it.' };
  const reader = { stream, object: 'Task', checkAvailability: async () => unavailable, read: async function* () {} };
  const checks = await checkSetup({ ...connected.parts, readers: [reader] }, TARGET, SIGNAL);
  expect(checks.find(({ what }) => what === 'reading tasks')).toEqual({
    what: 'reading tasks',
    level: 'warning',
    detail: 'No Task.',
    fix: 'Let it. Until then Leadgrade cannot read these activities: call.',
  });
});

test.each(['CustomField', 'PermissionSet', 'FieldPermissions', 'PermissionSetAssignment'])(
  'setup succeeds if the response to creating a %s is lost, because the retry finds it created',
  async (object) => {
    await connected.org.control('PUT', '/faults', [
      { match: { method: 'POST', path: `/sobjects/${object}$`, times: 1 }, action: { applyThenReset: true } },
    ]);
    await setUp();
    expect(
      (await requestLog(connected.org)).filter((call) => call.endsWith(`/sobjects/${object}`)).length,
    ).toBeGreaterThan(1);
    expect((await setUp()).filter((step) => !step.endsWith(': exists'))).toEqual([]);
    expect([...(await doctor()).values()].filter(({ level }) => level === 'problem')).toEqual([]);
  },
);
