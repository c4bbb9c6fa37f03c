import { expect, test } from 'vitest';
import { checkMapping } from '../../../../connectors/kit/check-mapping.ts';
import { SOURCES } from '../../../../connectors/salesforce/streams/registry.ts';
import { ConnectorError } from '../../../../src/crm/connector-error.ts';
import type { Mapping } from '../../../../src/mapping/mapping.ts';
import { shippedMapping } from '../salesforce-fixture.ts';

function refusalOf(changes: Partial<Mapping>): unknown {
  try {
    checkMapping({ ...shippedMapping(), ...changes }, SOURCES);
    return null;
  } catch (error) {
    return error;
  }
}

test('the shipped mapping names only sources that Salesforce has', () => {
  expect(refusalOf({})).toBeNull();
});

test('a mapping with sources that Salesforce does not have is refused, and the error names each of them', () => {
  const refused = refusalOf({
    fields: { 'contact.email': { from: ['Lead.Email', 'contacts.email'] }, 'company.name': { from: 'Account.Name' } },
    activities: [{ from: 'meetings', type: 'meeting', at: 'ActivityDate' }],
    outcomes: { from: ['opportunities', 'deals'] },
    links: [{ crm: 'hubspot', object: 'contacts', from: 'Account.HubSpot_Id__c' }],
  });
  expect(refused).toBeInstanceOf(ConnectorError);
  expect(refused).toMatchObject({ kind: 'configuration', code: 'UNKNOWN_SOURCE' });
  const message = refused instanceof Error ? refused.message : '';
  for (const part of ['fields.contact.email.from: "contacts"', 'fields.company.name.from: "Account"']) {
    expect(message).toContain(part);
  }
  expect(message).toContain('activities[0].from: "meetings" (known: campaign_members, tasks, events, emails)');
  expect(message).toContain('links[0].from: "Account" (known: Lead, Contact)');
  expect(message).toContain('outcomes.from: "deals" (known: opportunities)');
});
