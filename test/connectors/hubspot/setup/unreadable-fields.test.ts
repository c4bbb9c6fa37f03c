// Which mapped fields a portal cannot give, by its own description.
import { expect, test } from 'vitest';
import { connect, hubspot } from '../hubspot-fixture.ts';

const CONTACTS = '/crm/properties/2026-03/contacts';
const COMPANIES = '/crm/properties/2026-03/companies';

const described = (...names: readonly string[]) => ({
  results: names.map((name) => ({ name, type: 'string', options: [] })),
});

test('a field whose property is missing or archived in HubSpot is unreadable, one with another property in its list is not', async () => {
  const mapping = {
    crm: 'hubspot',
    fields: {
      'contact.job_title': { from: ['contacts.jobtitle', 'contacts.other_title'] },
      'contact.phone': { from: 'contacts.phone' },
      'company.industry': { from: 'companies.industry' },
      'company.kind': { value: 'customer' },
    },
    write_back: {},
  };
  hubspot()
    .get(CONTACTS)
    .reply(200, {
      results: [
        { name: 'other_title', type: 'string' },
        { name: 'phone', type: 'string', archived: true },
      ],
    });
  hubspot().get(COMPANIES).reply(200, described('name'));
  const { connector, signal } = connect({}, mapping);
  expect(await connector.unreadableFields(signal)).toEqual([
    {
      object: 'contacts',
      field: 'contact.phone',
      source: 'contacts.phone',
      reason: 'the contact property phone does not exist in HubSpot',
      fix: 'Restore the contact property phone in HubSpot, or correct it under fields in the mapping.',
    },
    expect.objectContaining({ field: 'company.industry', source: 'companies.industry' }),
  ]);
});

test('without the right to read definitions of companies, nothing is said about their fields', async () => {
  const mapping = { crm: 'hubspot', fields: { 'company.industry': { from: 'companies.industry' } }, write_back: {} };
  hubspot().get(COMPANIES).reply(403, { status: 'error', category: 'MISSING_SCOPES', message: 'no scope' });
  const { connector, signal } = connect({}, mapping);
  expect(await connector.unreadableFields(signal)).toEqual([]);
});
