// Which mapped fields an org cannot give, by its own descriptions.
import { expect, test } from 'vitest';
import { unreadableFields } from '../../../../connectors/salesforce/setup/unreadable-fields.ts';
import { readMapping } from '../../../../src/mapping/mapping.ts';
import { connectedOrg, SIGNAL } from '../salesforce-fixture.ts';

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
  expect(await unreadableFields(parts, SIGNAL)).toEqual([
    {
      object: 'Lead',
      field: 'contact.budget',
      source: 'Lead.No_Such_Budget__c',
      reason: expect.stringContaining('No_Such_Budget__c'),
      fix: expect.stringContaining('No_Such_Budget__c'),
    },
  ]);
});
