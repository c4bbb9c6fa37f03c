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
  expect(await connector.unreadableFields(signal)).toEqual({
    unreadable: [
      {
        object: 'contacts',
        field: 'contact.phone',
        source: 'contacts.phone',
        reason: 'the contact property phone does not exist in HubSpot',
        fix: 'Restore the contact property phone in HubSpot, or correct it under fields in the mapping.',
      },
      expect.objectContaining({ field: 'company.industry', source: 'companies.industry' }),
    ],
    undecided: [],
  });
});

const INDUSTRY = { crm: 'hubspot', fields: { 'company.industry': { from: 'companies.industry' } }, write_back: {} };
const UNDECIDED = { unreadable: [], undecided: [{ object: 'contacts', field: 'company.industry' }] };

test('without the right to read definitions of companies, their fields are undecided: neither gone nor there', async () => {
  hubspot().get(COMPANIES).reply(403, { status: 'error', category: 'MISSING_SCOPES', message: 'no scope' });
  const { connector, signal } = connect({}, INDUSTRY);
  expect(await connector.unreadableFields(signal)).toEqual(UNDECIDED);
});

test.each([
  ['has an element of another shape', { results: [{ name: 'name', type: 'string' }, { label: 'Industry' }] }],
  ['is empty', { results: [] }],
])('a list of properties that %s does not say that a property is gone', async (_, body) => {
  hubspot().get(COMPANIES).reply(200, body);
  const { connector, signal } = connect({}, INDUSTRY);
  expect(await connector.unreadableFields(signal)).toEqual(UNDECIDED);
});

test('a property that is listed is there, although another element of the list has another shape', async () => {
  hubspot()
    .get(COMPANIES)
    .reply(200, { results: [{ name: 'industry', type: 'enumeration' }, { label: 'Name' }] });
  const { connector, signal } = connect({}, INDUSTRY);
  expect(await connector.unreadableFields(signal)).toEqual({ unreadable: [], undecided: [] });
});

test('a response without a list of properties ends the check, so that the fields count as they did', async () => {
  hubspot().get(COMPANIES).times(5).reply(200, { properties: [] });
  const { connector, signal } = connect({}, INDUSTRY);
  await expect(connector.unreadableFields(signal)).rejects.toMatchObject({ name: 'ConnectorError' });
});
