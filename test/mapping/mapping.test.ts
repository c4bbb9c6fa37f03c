import { expect, test } from 'vitest';
import { type Mapping, readMapping } from '../../src/mapping/mapping.ts';
import { createActivityProjector } from '../../src/mapping/project-activities.ts';
import { projectFields } from '../../src/mapping/project-fields.ts';
import { convertValue } from '../../src/mapping/values/convert-value.ts';

function read(text: string) {
  return readMapping(text, 'mappings/own.yaml');
}

function valid(text: string): Mapping {
  const { mapping, problems } = read(text);
  if (mapping === null) throw new Error(JSON.stringify(problems));
  return mapping;
}

test.each([
  ['crm: hubspot\nfields: {}\nwrite_back: {}\nfeilds: {}\n', 4, 'feilds', 'unknown key'],
  ['crm: hubspot\nfields:\n  contact.email: { form: contacts.email }\nwrite_back: {}\n', 3, 'fields.contact.email', ''],
  [
    'crm: hubspot\nfields:\n  contact.email: { from: email }\nwrite_back: {}\n',
    3,
    'fields.contact.email.from',
    'object.property',
  ],
  [
    'crm: hubspot\nfields:\n  contact.email: { from: c.e, table: t }\nwrite_back: {}\n',
    3,
    'fields.contact.email.table',
    'unknown table',
  ],
  ['crm: hubspot\nfields: {}\nwrite_back:\n  fit_grade: x\n  status: X\n', 5, 'write_back.status', 'already'],
  ['crm: hubspot\nfields: {}\nwrite_back: {}\nleads:\n  where: { is: 1 }\n', 5, 'leads.where', 'which property'],
])('an error in a mapping file is reported with line and path: %j', (text, line, path, words) => {
  const { mapping, problems } = read(text);
  expect(mapping).toBeNull();
  const reported = problems.find((problem) => problem.path.startsWith(path) && problem.message.includes(words));
  expect(reported).toMatchObject({ level: 'error', file: 'mappings/own.yaml', line });
});

test('an unknown name in a mapping file is a warning, and the mapping is still used', () => {
  const { mapping, problems } = read(
    'crm: hubspot\nfields:\n  contact.shoe_size: { from: contacts.shoe }\nactivities:\n  - { from: calls, type: shouting, at: t }\nwrite_back: {}\n',
  );
  expect(mapping).not.toBeNull();
  expect(problems.map(({ level, line }) => [level, line])).toEqual([
    ['warning', 3],
    ['warning', 5],
  ]);
});

test('a value that cannot be converted makes its field unknown and is quoted in a problem, cut to 40 characters', () => {
  const mapping = valid('crm: x\nfields:\n  company.employees: { from: companies.n, as: number }\nwrite_back: {}\n');
  const { fields, problems } = projectFields(mapping, { companies: { n: `about ${'1'.repeat(60)}` } });
  expect(fields).toEqual({ 'company.employees': null });
  expect(problems[0]?.field).toBe('company.employees');
  expect(problems[0]?.message).toBe(`companies.n: "about ${'1'.repeat(34)}..." is not a number`);
});

test('a problem with a personal field does not quote the value', () => {
  const mapping = valid('crm: x\nfields:\n  contact.phone: { from: contacts.p, as: number }\nwrite_back: {}\n');
  const { problems } = projectFields(mapping, { contacts: { p: 'call 555-1234' } });
  expect(problems[0]?.message).not.toContain('555');
});

test('the first known source of a field counts, and a field without any of its objects is omitted', () => {
  const mapping = valid(
    'crm: x\nfields:\n  contact.job_title: { from: [Lead.Title, Contact.Title] }\n  company.name: { from: Account.Name }\nwrite_back: {}\n',
  );
  expect(projectFields(mapping, { Contact: { Title: 'CEO' } }).fields).toEqual({ 'contact.job_title': 'CEO' });
  expect(projectFields(mapping, { Lead: { Title: ' ' }, Contact: { Title: 'CEO' } }).fields).toEqual({
    'contact.job_title': 'CEO',
  });
});

test.each([
  ['120', 'number', 120],
  [' 49.5 ', 'number', 49.5],
  ['yes', 'boolean', true],
  ['false', 'boolean', false],
  ['2026-11-22', 'instant', '2026-11-22T00:00:00.000Z'],
  ['2026-11-22T10:00:00.000+0000', 'instant', '2026-11-22T10:00:00.000Z'],
  ['1700000000000', 'instant', '2023-11-14T22:13:20.000Z'],
  ['0001-01-01', 'instant', null],
  ['9999-12-31T23:59:59.999Z', 'instant', null],
  ['a; b;;', 'list', ['a', 'b']],
  ['', 'number', null],
  [null, 'country', null],
] as const)('the value "%s" as %s is converted to %s', (raw, kind, value) => {
  expect(convertValue(raw, kind)).toEqual({ value });
});

test.each([
  ['1,200', 'number'],
  ['maybe', 'boolean'],
  ['22.11.2026', 'instant'],
  ['0000-12-31', 'instant'],
  ['1899-12-29', 'instant'],
  ['2101-01-01', 'instant'],
  ['-99999999999999', 'instant'],
  ['Atlantis', 'country'],
] as const)('the value "%s" is not a valid %s', (raw, kind) => {
  expect(convertValue(raw, kind)).toHaveProperty('reason');
});

test.each(['0001-01-01T00:00:00+01:00', '9999-12-31T23:59:59-01:00'])(
  'an item with the date %s, of no possible activity, becomes no activity',
  (called_at) => {
    const toActivity = createActivityProjector(
      valid('crm: x\nfields: {}\nactivities:\n  - { from: calls, type: call, at: called_at }\nwrite_back: {}\n'),
    );
    expect(toActivity({ id: 'call:1', source: 'calls', properties: { called_at } })).toBeNull();
  },
);

test('a table translates a value before its conversion, and a value that is not in it is converted unchanged', () => {
  const ranges = { '51-200': 120 };
  expect(convertValue(' 51-200', 'number', { table: ranges })).toEqual({ value: 120 });
  expect(convertValue('75', 'number', { table: ranges })).toEqual({ value: 75 });
});
