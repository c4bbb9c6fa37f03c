// Rows of an export become leads, and mistakes in rows, headers and mappings are reported.
import { describe, expect, test } from 'vitest';
import { mappedColumns, readCsvMapping } from '../../src/csv/csv-mapping.ts';
import { locateColumns } from '../../src/csv/header.ts';
import { createRowProjector, MAX_COUNT } from '../../src/csv/rows/project-row.ts';
import { csvMappingOf } from './rows-of.ts';

const NOW = Date.UTC(2026, 10, 22);
const DAY = 86_400_000;

function project(content: Record<string, unknown>, row: Readonly<Record<string, string>>) {
  const mapping = csvMappingOf({ csv: { id: 'Id' }, fields: {}, ...content });
  const all = { Id: '1', ...Object.fromEntries(mappedColumns(mapping).map((name) => [name, ''])), ...row };
  const located = locateColumns(mappedColumns(mapping), Object.keys(all));
  if ('errors' in located) throw new Error(located.errors.join('\n'));
  return createRowProjector(mapping, located.columns, NOW)(Object.values({ ...all, Id: row.Id ?? '1' }));
}
function leadOf(content: Record<string, unknown>, row: Readonly<Record<string, string>>) {
  const projected = project(content, row);
  if ('problem' in projected) throw new Error(projected.problem.message);
  return projected.lead;
}
const timesOf = (rule: Record<string, unknown>, row: Readonly<Record<string, string>>) =>
  leadOf({ activities: [{ type: 'page_view', ...rule }] }, row).activities.map(({ at }) => (NOW - at) / DAY);

test('columns become fields by kind and table, and the first column with a value counts', () => {
  const content = {
    csv: { id: 'Id', unknown: ['Select', '-'], date_format: 'dd/MM/yyyy', timezone: 'Europe/Berlin' },
    fields: {
      'contact.job_title': { from: ['Title', 'Role'] },
      'contact.created_at': { from: 'Created', as: 'instant' },
      'company.employees': { from: 'Size', as: 'number' },
      'company.country': { from: 'Country', as: 'country' },
      'company.industry': { from: 'Industry', table: 'industry' },
      'contact.email_opt_out': { from: 'No mail', as: 'boolean' },
    },
    tables: { industry: { SW: 'Software' } },
  };
  const row = {
    Title: ' select ',
    Role: ' VP ',
    Created: '15/07/2026',
    Size: '120',
    Country: 'Germany',
    Industry: 'sw',
  };
  expect(leadOf(content, { ...row, 'No mail': '-' })).toMatchObject({
    id: '1',
    fields: {
      'contact.job_title': 'VP',
      'contact.created_at': '2026-07-14T22:00:00.000Z',
      'company.employees': 120,
      'company.country': 'DE',
      'company.industry': 'Software',
      'contact.email_opt_out': null,
    },
  });
});

describe('activities', () => {
  test('a date column gives one activity on that day, and no activity if it is blank', () => {
    expect(timesOf({ at: 'Met' }, { Met: '2026-11-12' })).toEqual([10]);
    expect(timesOf({ at: ['Met', 'Called'] }, { Called: '2026-11-20' })).toEqual([2]);
    expect(timesOf({ at: 'Met' }, {})).toEqual([]);
  });

  test('a count column gives that many activities, dated by a column, by an age, or by the instant of scoring', () => {
    expect(timesOf({ count: 'Visits', at: 'Last' }, { Visits: '3', Last: '2026-11-17' })).toEqual([5, 5, 5]);
    expect(timesOf({ count: 'Visits', age: '1w' }, { Visits: '2' })).toEqual([7, 7]);
    expect(timesOf({ count: 'Visits' }, { Visits: '2' })).toEqual([0, 0]);
    expect(timesOf({ count: 'Visits' }, { Visits: '0' })).toEqual([]);
    expect(timesOf({ count: 'Visits' }, {})).toEqual([]);
  });

  test('a missing date is replaced by the declared age, and without an age the row gives no activity', () => {
    expect(timesOf({ count: 'Visits', at: 'Last' }, { Visits: '3' })).toEqual([]);
    expect(timesOf({ count: 'Visits', at: 'Last', age: '30d' }, { Visits: '3' })).toEqual([30, 30, 30]);
  });

  test('a rule with a condition on a text column gives one activity', () => {
    const rule = { when: { field: 'Last Activity', is: 'Email Opened' } };
    expect(timesOf(rule, { 'Last Activity': ' email opened' })).toEqual([0]);
    expect(timesOf(rule, { 'Last Activity': 'SMS Sent' })).toEqual([]);
    expect(timesOf(rule, {})).toEqual([]);
  });

  test('the activities of a row have unique ids and attributes, and are limited to MAX_COUNT per rule', () => {
    const content = {
      activities: [
        { type: 'page_view', count: 'Visits', attributes: { path: 'Landing' } },
        { type: 'form_submission', at: 'Form date' },
      ],
      unobserved: ['webinar'],
    };
    const lead = leadOf(content, { Visits: '1000000', Landing: '/pricing', 'Form date': '2026-11-01' });
    expect(lead.activities).toHaveLength(MAX_COUNT + 1);
    expect(new Set(lead.activities.map(({ id }) => id)).size).toBe(MAX_COUNT + 1);
    expect(lead.activities[0]?.attributes).toEqual({ path: '/pricing' });
    expect(lead.unobserved).toEqual(['webinar']);
  });
});

test.each([
  ['no id', { Id: ' ' }, 'Id'],
  ['an invalid date', { Created: '31/12/2026' }, 'Created'],
  ['an invalid number', { Size: '1,200' }, 'Size'],
  ['a fractional count', { Visits: '2.5' }, 'Visits'],
  ['a negative count', { Visits: '-1' }, 'Visits'],
])('a row with %s is refused with the column and a fix', (_, row, column) => {
  const content = {
    fields: {
      'contact.created_at': { from: 'Created', as: 'instant' },
      'company.employees': { from: 'Size', as: 'number' },
    },
    activities: [{ type: 'page_view', count: 'Visits' }],
  };
  const projected = project(content, row);
  const problem = 'problem' in projected ? projected.problem : null;
  expect(problem).toMatchObject({ column, message: expect.any(String), fix: expect.any(String) });
});

test('the outcome of a row is reached, not reached, or unknown', () => {
  const outcomes = ['1', ' WON ', '0', ''].map((Won) => {
    const projected = project({ outcome: { column: 'Won', is: [1, 'won'] } }, { Won });
    return 'lead' in projected ? projected.outcome : undefined;
  });
  expect(outcomes).toEqual([true, true, false, null]);
});

describe('the header', () => {
  test('a missing column is reported with the nearest names, and a duplicate column with its numbers', () => {
    expect(locateColumns(['Lead Source', 'Id', 'Note'], ['Id', 'LeadSource', 'Country', 'Note', ' Note '])).toEqual({
      errors: [
        expect.stringContaining('missing column "Lead Source". Nearest in the header: "LeadSource"'),
        expect.stringContaining('duplicate column "Note" (columns 4 and 5)'),
      ],
    });
  });

  test('a first line without any column of the mapping is not quoted, because it may be the first lead', () => {
    const { errors } = { errors: [], ...locateColumns(['Id', 'Name'], ['7', 'ann@example.com']) };
    expect(errors).toEqual([expect.stringContaining('Is the first line the header')]);
    expect(errors.join()).not.toContain('ann@');
  });

  test('blank and duplicate columns that the mapping does not name are accepted', () => {
    expect(locateColumns(['Id'], ['Id', '', 'x', 'x', ''])).toEqual({ columns: new Map([['Id', 0]]) });
  });
});

test.each([
  ['csv: { id: Id, date_format: DD/MM }\nfields: {}\n', ':1 csv.date_format', 'the date format cannot be used'],
  ['csv: { id: Id, timezone: Mars/Base }\nfields: {}\n', ':1 csv.timezone', 'time zone'],
  ['csv: { id: Id }\nfields:\n  contact.x: { from: X, table: t }\n', ':3 fields.contact.x.table', 'unknown table'],
  ['csv: { id: Id }\nfields: {}\nactivities:\n  - { type: call }\n', ':4 activities[0]', 'at, count or when'],
  [
    'csv: { id: Id }\nfields: {}\nactivities: [ { type: call, when: { field: N, is: 1 } } ]\n',
    ':3 activities[0].when',
    'never equals',
  ],
  [
    'csv: { id: Id }\nfields: {}\nactivities: [ { type: call, at: A } ]\nunobserved: [call]\n',
    ':4 unobserved[0]',
    'is unobserved here',
  ],
  ['csv: { id: Id }\nfields: {}\nwrite_back: {}\n', ':3 write_back', 'unknown key'],
])('a mistake in a CSV mapping is reported with line and path: %j', (text, location, words) => {
  const { mapping, problems } = readCsvMapping(text, 'columns.yaml');
  const error = problems.find(({ level }) => level === 'error');
  expect([mapping, `:${error?.line} ${error?.path}`]).toEqual([null, location]);
  expect(error?.message).toContain(words);
});
