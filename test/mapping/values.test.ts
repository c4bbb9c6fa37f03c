// Values as CRMs, spreadsheets and people write them: texts for "no value", yes and no, dates.
import { describe, expect, test } from 'vitest';
import { createEventProjector, readEventsMapping } from '../../src/mapping/events-mapping.ts';
import { type Mapping, readMapping } from '../../src/mapping/mapping.ts';
import { createActivityProjector, isUndated } from '../../src/mapping/project-activities.ts';
import { projectFields } from '../../src/mapping/project-fields.ts';
import { projectLinks } from '../../src/mapping/project-links.ts';
import { convertValue } from '../../src/mapping/values/convert-value.ts';
import { unknownTexts } from '../../src/mapping/values/unknown-texts.ts';

function mappingOf(text: string): Mapping {
  const { mapping, problems } = readMapping(`crm: x\nwrite_back: {}\n${text}`, 'own.yaml');
  if (mapping === null) throw new Error(JSON.stringify(problems));
  return mapping;
}

test.each([
  ...['N/A', 'n/a', 'NA', 'n.a.', '#N/A', '#NV', '#REF!', '#¡VALOR!', '#NOM?', '#NAME?', '#DIV/0!', '######'],
  ...[
    'null',
    'NULL',
    'None',
    '--None--',
    'nan',
    'NaN',
    '<null>',
    'undefined',
    '(none)',
    'nil',
    '(blank)',
    '(No value)',
  ],
  ...['[not provided]', 'Not provided', 'not available', 'unknown', '-', '--', '–', '?', '...', 'TBD', 'Please select'],
  ...[
    'k. A.',
    'k.A.',
    'keine Angabe',
    'unbekannt',
    'nicht angegeben',
    'n/d',
    'N.D.',
    's/d',
    'sin datos',
    'desconocido',
  ],
  ...[
    'non renseigné',
    'Inconnu',
    'aucun',
    'sconosciuto',
    'onbekend',
    'n.v.t.',
    'não informado',
    'okänd',
    'brak danych',
  ],
])('the text "%s" means unknown', (text) => expect(unknownTexts({})(text)).toBe('usual'));

test.each([
  'CEO',
  'Nan Smith',
  'Nadine',
  'No',
  'Yes',
  '0',
  'Other',
  'NC',
  'SD',
  'Select Committee',
  '#1',
  'C#',
  'X',
  'N',
  '-5',
])('the text "%s" is a value', (text) => expect(unknownTexts({})(text)).toBeNull());

test('a HubSpot contact with the title "N/A", and a Salesforce Lead with the company "[not provided]", have neither', () => {
  const hubspot = mappingOf('fields: { contact.job_title: { from: contacts.jobtitle } }\n');
  expect(projectFields(hubspot, { contacts: { jobtitle: 'N/A' } })).toEqual({
    fields: { 'contact.job_title': null },
    problems: [],
  });
  const salesforce = mappingOf('fields: { company.name: { from: [Lead.Company, Contact.Account.Name] } }\n');
  expect(projectFields(salesforce, { Lead: { Company: '[not provided]' } }).fields).toEqual({ 'company.name': null });
});

test('the next property counts where the first has "N/A"', () => {
  const mapping = mappingOf('fields: { contact.phone: { from: [contacts.phone, contacts.mobilephone] } }\n');
  expect(projectFields(mapping, { contacts: { phone: 'n/a', mobilephone: '555' } }).fields).toEqual({
    'contact.phone': '555',
  });
});

test('a mapping adds texts that mean unknown, and keeps texts that are values', () => {
  const mapping = mappingOf(
    'unknown: [to be asked]\nknown: [None]\nfields:\n  contact.need: { from: c.need }\n  contact.pain: { from: c.pain }\n',
  );
  const { fields } = projectFields(mapping, { c: { need: 'To be asked', pain: 'none' } });
  expect(fields).toEqual({ 'contact.need': null, 'contact.pain': 'none' });
});

test('a text of the table is a value, whatever it is', () => {
  const mapping = mappingOf(
    'fields: { company.employees: { from: c.n, as: number, table: t } }\ntables: { t: { None: 0 } }\n',
  );
  expect(projectFields(mapping, { c: { n: 'None' } }).fields).toEqual({ 'company.employees': 0 });
});

test('a contact whose Salesforce id is "N/A" has no link', () => {
  const mapping = mappingOf('fields: {}\nlinks: [ { crm: salesforce, object: Lead, from: [c.sf, c.old] } ]\n');
  expect(projectLinks(mapping, { c: { sf: 'N/A' } })).toEqual([]);
  expect(projectLinks(mapping, { c: { sf: 'N/A', old: ' 00Q1 ' } })).toEqual([
    { crm: 'salesforce', object: 'Lead', id: '00Q1' },
  ]);
});

test('an element of a list that means unknown is left out', () => {
  expect(convertValue('Salesforce; N/A', 'list', { unknown: unknownTexts({}) })).toEqual({ value: ['Salesforce'] });
  expect(convertValue(['None'], 'list', { unknown: unknownTexts({}) })).toEqual({ value: null });
});

test('NA is the country Namibia, and no value elsewhere', () => {
  const mapping = mappingOf(
    'fields:\n  contact.country: { from: c.a, as: country }\n  contact.region: { from: c.a }\n',
  );
  expect(projectFields(mapping, { c: { a: 'NA' } }).fields).toEqual({
    'contact.country': 'NA',
    'contact.region': null,
  });
});

test.each([
  ...[
    'TRUE',
    'Yes',
    'Y',
    'x',
    '1',
    'checked',
    'on',
    'Ja',
    'WAHR',
    'oui',
    'VRAI',
    'sí',
    'Si',
    'verdadero',
    'sì',
    'vero',
  ],
  ...['waar', 'sim', 'verdadeiro', 'sant', 'tak', 'ano', 'igen', 'evet', '1.0', '✓'],
])('the word "%s" is a yes', (word) => expect(convertValue(word, 'boolean')).toEqual({ value: true }));

test.each([
  ...[
    'FALSE',
    'No',
    'n',
    '0',
    'off',
    'unchecked',
    'Nein',
    'FALSCH',
    'non',
    'FAUX',
    'falso',
    'nee',
    'onwaar',
    'não',
    'nej',
  ],
  ...['falskt', 'nie', 'ne', 'nem', 'hayır', 'ei', '0.0'],
])('the word "%s" is a no', (word) => expect(convertValue(word, 'boolean')).toEqual({ value: false }));

test('a word that is neither yes nor no is not guessed, and the table is named', () => {
  expect(convertValue('Opted out', 'boolean')).toMatchObject({
    reason: 'is neither yes nor no',
    fix: expect.stringContaining('table'),
  });
});

test.each([
  ['1709900000', 'looks like a Unix time in seconds (8 March 2024); milliseconds or ISO 8601 are read'],
  ['555123456', 'seconds (5 August 1987)'],
  ['17099000000', 'seconds'],
  ['1709900000.25', 'seconds'],
  ['1709900000000000', 'microseconds'],
  ['1709900000000000000', 'nanoseconds'],
  ['45359', 'as Excel counts days (8 March 2024)'],
  ['45359.75', 'as Excel counts days'],
  ['20240308', 'without separators'],
  ['20240308121320', 'without separators'],
  ['2024', 'is a number, not a date'],
  ['2026-02-31', 'is not a day of the calendar'],
  ['31/02/2026', 'is not a day of the calendar'],
  ['2026-03-04T25:00:00Z', 'has no such time of day'],
  ['2026-03-04 10:00', 'has no offset'],
  ['2026-03-04 10:00 EST', 'names the time zone EST'],
  ['2026-03-04 10:00 Europe/Berlin', 'names the time zone Europe/Berlin'],
  ['03/04/2026', 'can be 3 April 2026 or 4 March 2026'],
  ['03.04.26', 'can be 3 April 2026 or 4 March 2026'],
  ['22.11.2026', 'has the day first'],
  ['11/22/2026', 'has the month first'],
  ['2026-3-4', 'lacks a zero'],
  ['soon', 'is not a date'],
  ['1850-01-01', 'has the year 1850, which is too early'],
  ['2190-01-01', 'has the year 2190, which is too late'],
])('the value "%s" is not read as a date: it %s', (value, reason) => {
  expect(convertValue(value, 'instant')).toMatchObject({ reason: expect.stringContaining(reason) });
});

test.each([
  ['2026-03-04T24:00:00Z', '2026-03-05T00:00:00.000Z'],
  ['2026-03-04 12:13:20 UTC', '2026-03-04T12:13:20.000Z'],
  ['2026-03-04 12:13:20 +0200', '2026-03-04T10:13:20.000Z'],
  ['2026-03-04 12:13:20.5+02', '2026-03-04T10:13:20.500Z'],
  ['978307200000', '2001-01-01T00:00:00.000Z'],
  [1709900000000, '2024-03-08T12:13:20.000Z'],
])('the value "%s" is the instant %s', (value, instant) => {
  expect(convertValue(value, 'instant')).toEqual({ value: instant });
});

test.each([
  '0',
  '0000-00-00',
  '0000-00-00 00:00:00',
  '1970-01-01T00:00:00Z',
  '1969-12-31T19:00:00Z',
  '1899-12-30',
  '9999-12-31',
])('the date "%s" stands for none', (value) => expect(convertValue(value, 'instant')).toEqual({ value: null }));

test.each([
  ['1709900000', { undated: 'called_at' }],
  ['1989-12-31', { undated: 'called_at' }],
  ['2026-02-31', { undated: 'called_at' }],
  ['2150-01-01', { undated: 'called_at' }],
  ['0001-01-01', null],
])(
  'an item of a CRM with the date %s is not an activity, and says which property has a date that cannot be read',
  (at, result) => {
    const toActivity = createActivityProjector(
      mappingOf('fields: {}\nactivities: [ { from: calls, type: call, at: called_at } ]\n'),
    );
    expect(toActivity({ id: '1', source: 'calls', properties: { called_at: at } })).toEqual(result);
  },
);

test('an attribute can be a constant, in the mapping of a CRM and of site events', () => {
  const toActivity = createActivityProjector(
    mappingOf(
      'fields: {}\nactivities: [ { from: calls, type: call, at: t, attributes: { outcome: { value: Reached } } } ]\n',
    ),
  );
  expect(toActivity({ id: '1', source: 'calls', properties: { t: '2026-11-01' } })).toMatchObject({
    attributes: { outcome: 'Reached' },
  });
  const events = readEventsMapping(
    'activities: [ { from: track, type: form_submission, attributes: { form: { value: Demo }, page: properties.page } } ]\n',
    'events.yaml',
  ).mapping;
  if (events === null) throw new Error('not valid');
  const message = {
    email: null,
    record: null,
    userKey: null,
    anonymousKey: null,
    messageId: '1',
    at: Date.UTC(2026, 10, 1),
  };
  const found = createEventProjector(events)({ ...message, kind: 'track', properties: { 'properties.page': 'n/a' } });
  expect(found?.attributes).toEqual({ form: 'Demo', page: null });
});

describe('a condition on the properties of the CRM', () => {
  const typeOf = (when: string, source: string, lists = '') => {
    const rule = `{ from: forms, type: form_submission, at: at, when: ${when} }`;
    const toActivity = createActivityProjector(mappingOf(`fields: {}\n${lists}activities: [ ${rule} ]\n`));
    const projected = toActivity({ id: '1', source: 'forms', properties: { at: '2026-11-01', source } });
    return projected === null || isUndated(projected) ? null : projected.type;
  };

  test.each([
    ['N/A', '{ field: source, present: true }'],
    ['N/A', '{ field: source, not: { is: Web } }'],
    ['[not provided]', '{ any: [ { field: source, contains: [not] } ] }'],
  ])('takes the text "%s" for unknown: %s', (text, when) => {
    expect(typeOf(when, text)).toBeNull();
    expect(typeOf(when, 'not from here')).toBe('form_submission');
  });

  test.each([
    ['N/A', '{ field: source, is: n/a }', ''],
    ['None', '{ field: source, present: true }', 'known: [None]\n'],
  ])('takes the text "%s" for a value if the condition or the mapping names it: %s', (text, when, lists) => {
    expect(typeOf(when, text, lists)).toBe('form_submission');
  });
});

test('a text of a CRM loses what is not visible, and a field can be a constant', () => {
  const mapping = mappingOf(`fields:
  contact.job_title: { from: contacts.jobtitle }
  company.employees: { from: contacts.n, as: number }
  contact.lead_source: { value: Fair }
`);
  const raw = { contacts: { jobtitle: 'Vice\u00a0Presi\u200bdent', n: '\u202a120\u202c' } };
  expect(projectFields(mapping, raw)).toEqual({
    fields: { 'contact.job_title': 'Vice President', 'company.employees': 120, 'contact.lead_source': 'Fair' },
    problems: [],
  });
});
