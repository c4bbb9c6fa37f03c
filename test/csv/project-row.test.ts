// A row of an export becomes the lead that a RevOps person means.
import { describe, expect, test } from 'vitest';
import { mappedColumns, readCsvMapping } from '../../src/csv/csv-mapping.ts';
import { locateColumns } from '../../src/csv/header.ts';
import { createRowProjector, MAX_COUNT } from '../../src/csv/project-row.ts';
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

test('columns become fields by kind and table; of several the first that has a value', () => {
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
  test('a date column gives one activity on that day, and none where it is blank', () => {
    expect(timesOf({ at: 'Met' }, { Met: '2026-11-12' })).toEqual([10]);
    expect(timesOf({ at: ['Met', 'Called'] }, { Called: '2026-11-20' })).toEqual([2]);
    expect(timesOf({ at: 'Met' }, {})).toEqual([]);
  });

  test('a number column gives so many: on its date, so long ago, or as of the scoring', () => {
    expect(timesOf({ count: 'Visits', at: 'Last' }, { Visits: '3', Last: '2026-11-17' })).toEqual([5, 5, 5]);
    expect(timesOf({ count: 'Visits', age: '1w' }, { Visits: '2' })).toEqual([7, 7]);
    expect(timesOf({ count: 'Visits' }, { Visits: '2' })).toEqual([0, 0]);
    expect(timesOf({ count: 'Visits' }, { Visits: '0' })).toEqual([]);
    expect(timesOf({ count: 'Visits' }, {})).toEqual([]);
  });

  test('a date that the row lacks is not today: a stated age stands in, else nothing counts', () => {
    expect(timesOf({ count: 'Visits', at: 'Last' }, { Visits: '3' })).toEqual([]);
    expect(timesOf({ count: 'Visits', at: 'Last', age: '30d' }, { Visits: '3' })).toEqual([30, 30, 30]);
  });

  test('a text value gives one', () => {
    const rule = { when: { field: 'Last Activity', is: 'Email Opened' } };
    expect(timesOf(rule, { 'Last Activity': ' email opened' })).toEqual([0]);
    expect(timesOf(rule, { 'Last Activity': 'SMS Sent' })).toEqual([]);
    expect(timesOf(rule, {})).toEqual([]);
  });

  test('have ids of their own, attributes, and an end', () => {
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
  ['a date that is none', { Created: '31/12/2026' }, 'Created'],
  ['a number that is none', { Size: '1,200' }, 'Size'],
  ['half a visit', { Visits: '2.5' }, 'Visits'],
  ['fewer than no visits', { Visits: '-1' }, 'Visits'],
])('a row with %s is a problem of that column, which quotes no cell', (_, row, column) => {
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
  for (const value of Object.values(row))
    if (value.trim().length > 2) expect(JSON.stringify(problem)).not.toContain(value);
});

test('an outcome is reached, not reached, or not known', () => {
  const outcomes = ['1', ' WON ', '0', ''].map((Won) => {
    const projected = project({ outcome: { column: 'Won', is: [1, 'won'] } }, { Won });
    return 'lead' in projected ? projected.outcome : undefined;
  });
  expect(outcomes).toEqual([true, true, false, null]);
});

describe('a header', () => {
  test('that lacks a column names the nearest, and one that has it twice says where', () => {
    expect(locateColumns(['Lead Source', 'Id', 'Note'], ['Id', 'LeadSource', 'Country', 'Note', ' Note '])).toEqual({
      errors: [
        expect.stringContaining('there is no column "Lead Source". Nearest in the header: "LeadSource"'),
        expect.stringContaining('"Note" is the header of the columns 4 and 5'),
      ],
    });
  });

  test('that is none of the kind is not quoted: it may be the first lead', () => {
    const { errors } = { errors: [], ...locateColumns(['Id', 'Name'], ['7', 'ann@example.com']) };
    expect(errors).toEqual([expect.stringContaining('Is its first line the header')]);
    expect(errors.join()).not.toContain('ann@');
  });

  test('may have blank names and names twice that nobody asks for', () => {
    expect(locateColumns(['Id'], ['Id', '', 'x', 'x', ''])).toEqual({ columns: new Map([['Id', 0]]) });
  });
});

test.each([
  ['csv: { id: Id, date_format: DD/MM }\nfields: {}\n', ':1 csv.date_format', 'no date format'],
  ['csv: { id: Id, timezone: Mars/Base }\nfields: {}\n', ':1 csv.timezone', 'time zone'],
  ['csv: { id: Id }\nfields:\n  contact.x: { from: X, table: t }\n', ':3 fields.contact.x.table', 'no table'],
  ['csv: { id: Id }\nfields: {}\nactivities:\n  - { type: call }\n', ':4 activities[0]', 'at, count or when'],
  [
    'csv: { id: Id }\nfields: {}\nactivities: [ { type: call, when: { field: N, is: 1 } } ]\n',
    ':3 activities[0].when',
    'holds text',
  ],
  [
    'csv: { id: Id }\nfields: {}\nactivities: [ { type: call, at: A } ]\nunobserved: [call]\n',
    ':4 unobserved[0]',
    'does not show',
  ],
  ['csv: { id: Id }\nfields: {}\nwrite_back: {}\n', ':3 write_back', 'unknown key'],
])('a mistake in the mapping is named with line and path: %j', (text, place, words) => {
  const { mapping, problems } = readCsvMapping(text, 'columns.yaml');
  const error = problems.find(({ level }) => level === 'error');
  expect([mapping, `:${error?.line} ${error?.path}`]).toEqual([null, place]);
  expect(error?.message).toContain(words);
});
