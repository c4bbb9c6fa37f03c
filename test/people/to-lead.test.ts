// A person in several CRMs as one lead: the precedence of values and activities, and unobserved
// types.
import { describe, expect, test } from 'vitest';
import { type Fields, UNREADABLE } from '../../src/domain/lead.ts';
import type { PeoplePolicy } from '../../src/people/people-policy.ts';
import { type PersonRecord, toLead } from '../../src/people/to-lead.ts';
import { asReadable } from '../../src/people/unreadable-fields.ts';
import { addShippedTitleFields } from '../support/shipped-titles.ts';

const POLICY: PeoplePolicy = {
  match: { by: ['links', 'email'], shared_inboxes: [], plus_tags: 'different', max_records: 5 },
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
  siteActivityTypes: readonly string[] = [],
) {
  return {
    policy,
    names: NAMES,
    unobserved: new Map(Object.entries(unobserved)),
    unreadable: new Map(),
    siteActivityTypes: new Set(siteActivityTypes),
    addTitleFields: (fields: Fields) => fields,
  };
}

const leadOf = (person: Omit<Parameters<typeof toLead>[0], symbol>, of: Parameters<typeof toLead>[1]) =>
  toLead(asReadable(person, of.unreadable), of);

const hubspot = (fields: PersonRecord['fields'] = {}) => ({ crm: 'hubspot', object: 'contacts', id: '1', fields });
const salesforce = (fields: PersonRecord['fields'] = {}, object = 'Contact') => {
  return { crm: 'salesforce', object, id: object === 'Lead' ? '00Q' : '003', fields };
};
const activity = (crm: string, type: string, id = '1') => ({ crm, id, type, at: 0, attributes: {}, isFromSite: false });

describe('the value of a field', () => {
  test('the value of a field is the first known value in the order of preference', () => {
    const records = [
      hubspot({ 'contact.job_title': null, 'contact.country': 'US', 'contact.phone': ' ', 'contact.need': null }),
      salesforce({ 'contact.job_title': 'VP', 'contact.country': 'DE', 'contact.phone': '1', 'contact.need': null }),
    ];
    const lead = leadOf({ id: 1, records, activities: [] }, view());
    expect(lead.fields).toEqual({
      'contact.job_title': 'VP',
      'contact.country': 'US',
      'contact.phone': '1',
      'contact.need': null,
    });
    expect(lead.origins).toEqual({
      'contact.job_title': 'Salesforce',
      'contact.title_level': 'Salesforce',
      'contact.title_department': 'Salesforce',
      'contact.country': 'HubSpot',
      'contact.phone': 'Salesforce',
    });
    expect(lead.id).toBe('hubspot:1');
  });

  test('prefer_by_field overrides the order of preference for a field', () => {
    const records = [hubspot({ 'company.employees': 10 }), salesforce({ 'company.employees': 200 })];
    expect(leadOf({ id: 1, records, activities: [] }, view()).fields).toEqual({ 'company.employees': 200 });
  });

  test('the value of a Salesforce Contact precedes the value of a Lead, in any order of records', () => {
    const [lead, contact] = [salesforce({ f: 'lead', g: 'lead' }, 'Lead'), salesforce({ f: 'contact', g: null })];
    for (const records of [
      [lead, contact],
      [contact, lead],
    ]) {
      const person = leadOf({ id: 1, records, activities: [] }, view());
      expect(person.fields).toEqual({ f: 'contact', g: 'lead' });
      // With one CRM only, the lead has no origins.
      expect(person.origins).toBeUndefined();
    }
  });
});

describe('activities', () => {
  const both = [
    activity('hubspot', 'meeting'),
    activity('salesforce', 'meeting'),
    activity('hubspot', 'page_view', '2'),
  ];

  function counted(records: readonly PersonRecord[], unobserved = {}): readonly string[] {
    const activities = both.filter(({ crm }) => records.some((record) => record.crm === crm));
    const lead = leadOf({ id: 1, records, activities }, view(unobserved));
    return lead.activities.map(({ type, origin = 'one CRM' }) => `${type} ${origin}`);
  }

  test('an activity type that both CRMs have counts only from the chosen CRM', () => {
    expect(counted([hubspot(), salesforce()])).toEqual(['meeting Salesforce', 'page_view HubSpot']);
  });

  test('activities of the other CRM count if the chosen CRM has no record of the person or no access to the type', () => {
    expect(counted([hubspot()])).toEqual(['meeting one CRM', 'page_view one CRM']);
    expect(counted([hubspot(), salesforce()], { salesforce: ['meeting'] })).toEqual([
      'meeting HubSpot',
      'page_view HubSpot',
    ]);
  });

  test('activities with the same id in two CRMs are two activities', () => {
    const activities = [activity('hubspot', 'chat'), activity('salesforce', 'chat')];
    const lead = leadOf({ id: 1, records: [hubspot(), salesforce()], activities }, view());
    expect(new Set(lead.activities.map(({ id }) => id)).size).toBe(2);
  });

  test('an activity of two records of one CRM is one activity', () => {
    const shared = [activity('hubspot', 'meeting', 'm1'), activity('hubspot', 'meeting', 'm1')];
    const records = [hubspot(), { ...hubspot(), id: '2' }];
    expect(leadOf({ id: 1, records, activities: shared }, view()).activities).toHaveLength(1);
    const both = leadOf(
      { id: 1, records: [...records, salesforce()], activities: shared },
      view({ salesforce: ['meeting'] }),
    );
    expect(both.activities).toHaveLength(1);
  });

  test("an activity type is unobserved only if it is unavailable in all of the person's CRMs", () => {
    const unobserved = { hubspot: ['chat', 'call'], salesforce: ['chat', 'page_view'] };
    const of = (...records: PersonRecord[]) => leadOf({ id: 1, records, activities: [] }, view(unobserved)).unobserved;
    expect(of(hubspot(), salesforce())).toEqual(['chat']);
    expect(of(salesforce())).toEqual(['chat', 'page_view']);
  });

  test('site activities always count, whichever CRM counts for their type', () => {
    const site = { ...activity('hubspot', 'meeting', 'event:website:1'), isFromSite: true };
    const lead = leadOf({ id: 1, records: [hubspot(), salesforce()], activities: [...both, site] }, view());
    expect(lead.activities.map(({ type, origin }) => `${type} ${origin}`)).toEqual([
      'meeting Salesforce',
      'page_view HubSpot',
      'meeting your site',
    ]);
  });

  test('an activity type that the site reports is observed, and the choice of the CRM stays the same', () => {
    const unobserved = { hubspot: ['meeting', 'chat'], salesforce: ['meeting', 'chat'] };
    for (const records of [[hubspot()], [hubspot(), salesforce()]]) {
      expect(leadOf({ id: 1, records, activities: [] }, view(unobserved, POLICY, ['meeting'])).unobserved).toEqual([
        'chat',
      ]);
    }
    // Salesforce counts for meetings, but makes them unavailable: those of HubSpot count.
    const unavailable = { salesforce: ['meeting'] };
    const lead = leadOf(
      { id: 1, records: [hubspot(), salesforce()], activities: both },
      view(unavailable, POLICY, ['meeting']),
    );
    expect(lead.activities.map(({ type, origin }) => `${type} ${origin}`)).toEqual([
      'meeting HubSpot',
      'page_view HubSpot',
    ]);
  });
});

describe('a field that a CRM does not show any more', () => {
  const unreadable = new Map([['hubspot/contacts', ['company.industry', 'contact.job_title']]]);
  const person = (...records: readonly PersonRecord[]) => ({ id: 1, records, activities: [] });

  test('is unreadable whatever is stored, and so is what the job title says', () => {
    const record = hubspot({ 'company.industry': 'Software', 'contact.job_title': 'CEO', 'company.name': 'Acme' });
    expect(leadOf(person(record), { ...view(), unreadable, addTitleFields: addShippedTitleFields }).fields).toEqual({
      'contact.title_level': UNREADABLE,
      'contact.title_department': UNREADABLE,
      'company.industry': UNREADABLE,
      'contact.job_title': UNREADABLE,
      'company.name': 'Acme',
    });
  });

  test('has the value of the other CRM, and is unreadable without one', () => {
    const records = (industry: string | null) => [hubspot(), salesforce({ 'company.industry': industry })];
    const industryOf = (industry: string | null) =>
      leadOf(person(...records(industry)), { ...view(), unreadable }).fields['company.industry'];
    expect(industryOf('Banking')).toBe('Banking');
    expect(industryOf(null)).toBe(UNREADABLE);
  });
});
