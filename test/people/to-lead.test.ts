// A person whom several CRMs know, as one lead: whose value counts, whose activities, and what nobody lets us see.
import { describe, expect, test } from 'vitest';
import type { PeoplePolicy } from '../../src/people/people-policy.ts';
import { type PersonRecord, toLead } from '../../src/people/to-lead.ts';

const POLICY: PeoplePolicy = {
  match: { by: ['links', 'email'], shared_inboxes: [], most_records: 5 },
  prefer: ['hubspot', 'salesforce'],
  prefer_by_field: { 'company.employees': ['salesforce'] },
  activities: { meeting: 'salesforce' },
};

const NAMES = new Map([
  ['hubspot', 'HubSpot'],
  ['salesforce', 'Salesforce'],
]);

function view(
  unobserved: Readonly<Record<string, readonly string[]>> = {},
  policy = POLICY,
  fromSite: readonly string[] = [],
) {
  return { policy, names: NAMES, unobserved: new Map(Object.entries(unobserved)), fromSite: new Set(fromSite) };
}

const hubspot = (fields: PersonRecord['fields'] = {}) => ({ crm: 'hubspot', object: 'contacts', id: '1', fields });
const salesforce = (fields: PersonRecord['fields'] = {}, object = 'Contact') => {
  return { crm: 'salesforce', object, id: object === 'Lead' ? '00Q' : '003', fields };
};
const activity = (crm: string, type: string, id = '1') => ({ crm, id, type, at: 0, attributes: {}, fromSite: false });

describe('the value of a field', () => {
  test('is that of the first CRM that knows one: what one does not know hides nothing', () => {
    const records = [
      hubspot({ 'contact.job_title': null, 'contact.country': 'US', 'contact.phone': ' ', 'contact.need': null }),
      salesforce({ 'contact.job_title': 'VP', 'contact.country': 'DE', 'contact.phone': '1', 'contact.need': null }),
    ];
    const lead = toLead({ id: 1, records, activities: [] }, view());
    expect(lead.fields).toEqual({
      'contact.job_title': 'VP',
      'contact.country': 'US',
      'contact.phone': '1',
      'contact.need': null,
    });
    expect(lead.origins).toEqual({
      'contact.job_title': 'Salesforce',
      'contact.country': 'HubSpot',
      'contact.phone': 'Salesforce',
    });
    expect(lead.id).toBe('hubspot:1');
  });

  test('may be preferred field by field', () => {
    const records = [hubspot({ 'company.employees': 10 }), salesforce({ 'company.employees': 200 })];
    expect(toLead({ id: 1, records, activities: [] }, view()).fields).toEqual({ 'company.employees': 200 });
  });

  test('is that of the Contact before that of a Lead, in whatever order they come', () => {
    const [lead, contact] = [salesforce({ f: 'lead', g: 'lead' }, 'Lead'), salesforce({ f: 'contact', g: null })];
    for (const records of [
      [lead, contact],
      [contact, lead],
    ]) {
      const person = toLead({ id: 1, records, activities: [] }, view());
      expect(person.fields).toEqual({ f: 'contact', g: 'lead' });
      // One CRM: there is nothing to say about where it comes from.
      expect(person.origins).toBeUndefined();
    }
  });
});

describe('activities', () => {
  const both = [activity('hubspot', 'meeting'), activity('salesforce', 'meeting'), activity('hubspot', 'page_view')];

  function counted(records: readonly PersonRecord[], unobserved = {}): readonly string[] {
    const activities = both.filter(({ crm }) => records.some((record) => record.crm === crm));
    const lead = toLead({ id: 1, records, activities }, view(unobserved));
    return lead.activities.map(({ type, origin = 'one CRM' }) => `${type} ${origin}`);
  }

  test('that stand in both CRMs count once, as the one shows them that was chosen', () => {
    expect(counted([hubspot(), salesforce()])).toEqual(['meeting Salesforce', 'page_view HubSpot']);
  });

  test('count as the other CRM shows them where the chosen one does not know the person, or shows none', () => {
    expect(counted([hubspot()])).toEqual(['meeting one CRM', 'page_view one CRM']);
    expect(counted([hubspot(), salesforce()], { salesforce: ['meeting'] })).toEqual([
      'meeting HubSpot',
      'page_view HubSpot',
    ]);
  });

  test('of the same id in two CRMs are two', () => {
    const activities = [activity('hubspot', 'chat'), activity('salesforce', 'chat')];
    const lead = toLead({ id: 1, records: [hubspot(), salesforce()], activities }, view());
    expect(new Set(lead.activities.map(({ id }) => id)).size).toBe(2);
  });

  test('are unobserved only where no CRM of the person shows them', () => {
    const unobserved = { hubspot: ['chat', 'call'], salesforce: ['chat', 'page_view'] };
    const of = (...records: PersonRecord[]) => toLead({ id: 1, records, activities: [] }, view(unobserved)).unobserved;
    expect(of(hubspot(), salesforce())).toEqual(['chat']);
    expect(of(salesforce())).toEqual(['chat', 'page_view']);
  });

  test('of the own site always count, whichever CRM counts for their type', () => {
    const site = { ...activity('hubspot', 'meeting', 'event:website:1'), fromSite: true };
    const lead = toLead({ id: 1, records: [hubspot(), salesforce()], activities: [...both, site] }, view());
    expect(lead.activities.map(({ type, origin }) => `${type} ${origin}`)).toEqual([
      'meeting Salesforce',
      'page_view HubSpot',
      'meeting your site',
    ]);
  });

  test('that the own site gives are observed, and say nothing of whose word counts', () => {
    const unobserved = { hubspot: ['meeting', 'chat'], salesforce: ['meeting', 'chat'] };
    for (const records of [[hubspot()], [hubspot(), salesforce()]]) {
      expect(toLead({ id: 1, records, activities: [] }, view(unobserved, POLICY, ['meeting'])).unobserved).toEqual([
        'chat',
      ]);
    }
    // Salesforce, which counts for meetings, shows none: HubSpot's count as before.
    const closed = { salesforce: ['meeting'] };
    const lead = toLead(
      { id: 1, records: [hubspot(), salesforce()], activities: both },
      view(closed, POLICY, ['meeting']),
    );
    expect(lead.activities.map(({ type, origin }) => `${type} ${origin}`)).toEqual([
      'meeting HubSpot',
      'page_view HubSpot',
    ]);
  });
});
