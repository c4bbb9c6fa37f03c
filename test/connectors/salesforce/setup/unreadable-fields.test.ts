// Which mapped fields an org cannot give, by its own description.
import { expect, test } from 'vitest';
import { unreadableFields } from '../../../../connectors/salesforce/setup/unreadable-fields.ts';
import { readMapping } from '../../../../src/mapping/mapping.ts';
import { connectedOrg, failure, SIGNAL } from '../salesforce-fixture.ts';

const namesOf = (fields: readonly { readonly object: string; readonly field: string }[]) =>
  fields.map(({ object, field }) => `${object} ${field}`);

const NOT_FOUND = { status: 404, body: [{ errorCode: 'NOT_FOUND', message: 'The requested resource does not exist' }] };

test('a field that the description of its object lacks is unreadable', async () => {
  const { org, parts } = await connectedOrg();
  await org.control('PUT', '/hidden-fields', ['Lead.Title', 'Account.Type']);
  const { unreadable, undecided } = await unreadableFields(parts, SIGNAL);
  expect(namesOf(unreadable)).toEqual(['Lead contact.job_title', 'Contact company.lifecycle']);
  expect(undecided).toEqual([]);
});

test('an object that this user cannot see says nothing of its fields: they are undecided, also through a relation', async () => {
  const { org, parts } = await connectedOrg();
  await org.control('PUT', '/faults', [{ match: { path: '/sobjects/(Lead|Account)/describe' }, action: NOT_FOUND }]);
  const { unreadable, undecided } = await unreadableFields(parts, SIGNAL);
  expect(unreadable).toEqual([]);
  expect(namesOf(undecided)).toEqual(expect.arrayContaining(['Lead contact.job_title', 'Contact company.industry']));
  expect(namesOf(undecided)).not.toContain('Contact contact.job_title');
});

test('a description without a field is not one, and one of another shape ends the check', async () => {
  const { org, parts } = await connectedOrg();
  const described = { name: 'Lead', queryable: true, updateable: true };
  const answer = (fields: unknown) => [
    { match: { path: '/sobjects/Lead/describe' }, action: { status: 200, body: { ...described, fields } } },
  ];
  await org.control('PUT', '/faults', answer([]));
  const { unreadable, undecided } = await unreadableFields(parts, SIGNAL);
  expect(unreadable).toEqual([]);
  expect(namesOf(undecided)).toContain('Lead contact.job_title');

  await org.control('PUT', '/faults', answer([{ label: 'Title' }]));
  expect((await failure(unreadableFields(parts, SIGNAL))).kind).toBe('invalid');
});

test('a field none of whose fields in Salesforce exists is unreadable, for each object that lacks it', async () => {
  const { mapping, problems } = readMapping(
    `crm: salesforce
fields:
  contact.phone: { from: [Lead.No_Such_Phone__c, Lead.Phone, Contact.Phone] }
  contact.budget: { from: [Lead.No_Such_Budget__c, Contact.Phone] }
  company.kind: { value: customer }
write_back: {}
`,
    'mappings/salesforce.yaml',
  );
  if (mapping === null) throw new Error(JSON.stringify(problems));
  const { parts } = await connectedOrg({}, { mapping });
  expect((await unreadableFields(parts, SIGNAL)).unreadable).toEqual([
    {
      object: 'Lead',
      field: 'contact.budget',
      source: 'Lead.No_Such_Budget__c',
      reason: expect.stringContaining('No_Such_Budget__c'),
      fix: expect.stringContaining('No_Such_Budget__c'),
    },
  ]);
});
