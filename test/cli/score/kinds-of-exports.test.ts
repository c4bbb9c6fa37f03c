// What spreadsheets, databases and web pages leave in an export, and dates of other countries: none
// gives a wrong number without a word.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leadgradeHere } from '../run-command.ts';

const MODEL = `name: m
version: "1"
fit:
  criteria:
    - { id: title, field: contact.job_title, cases: [ { when: { has_word: [vice president] }, points: 30 } ] }
    - { id: size, field: company.employees, cases: [ { when: { gte: 100 }, points: 20 } ] }
behavior: { half_life: none, signals: [ { id: trial, activity: trial_started, points: 40 } ] }
status: { bands: [ { id: all } ] }
`;
const MAPPING = `csv: { id: id }
fields: { contact.job_title: { from: job title }, company.employees: { from: size, as: number } }
activities: [ { type: trial_started, at: trial } ]
`;
const HEADER = 'id,job title,size,trial\n';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-kinds-'));
  await writeFile(join(folder, 'model.yaml'), MODEL);
});
afterAll(() => rm(folder, { recursive: true }));

/** `id total coverage` of each lead, and the last lines that are printed beside them. */
async function score(csv: string | Buffer, mapping = MAPPING) {
  await writeFile(join(folder, 'leads.csv'), csv);
  await writeFile(join(folder, 'columns.yaml'), mapping);
  const files = ['--csv', join(folder, 'leads.csv'), '--mapping', join(folder, 'columns.yaml')];
  const { stdout, stderr } = await leadgradeHere([
    ...['score', ...files, '--model', join(folder, 'model.yaml'), '--as-of', '2024-03-08T12:00:00Z', '--json'],
  ]);
  const results = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  const leads = results.map(({ id, total, coverage, error }) => {
    return error === undefined ? `${id} ${total} ${coverage}` : `${id} ${error.message}`;
  });
  return { leads, said: stderr.replaceAll(`${folder}/`, '') };
}

describe('is read as a person sees it:', () => {
  test.each([
    ['a formula that keeps leading zeros', `${HEADER}="00123",Vice President,120,2024-03-08\n`, '00123 90 1'],
    ['a quoted formula', `${HEADER}"=""00123""",Vice President,120,2024-03-08\n`, '00123 90 1'],
    ['no-break spaces', `${HEADER}1,Vice\u00a0President,\u00a0120,2024-03-08\u00a0\n`, '1 90 1'],
    ['zero-width characters', `${HEADER}1,Vi\u200bce President\u2060,1\u200b20,\u202a2024-03-08\u202c\n`, '1 90 1'],
    ['a cell with a zero-width space alone', `${HEADER}1,\u200b,120,2024-03-08\n`, '1 60 0.4'],
    ['HTML entities', `${HEADER}1,Vice&nbsp;President R&amp;D,&#49;20,2024-03-08\n`, '1 90 1'],
    ['an entity alone', `${HEADER}1,&nbsp;,120,2024-03-08\n`, '1 60 0.4'],
    ['a space before a quote', `${HEADER}1, "Vice President, EMEA", 120, 2024-03-08\n`, '1 90 1'],
    ['two carriage returns', `${HEADER}1,"Vice President",120,2024-03-08\n`.replaceAll('\n', '\r\r\n'), '1 90 1'],
    ['an end-of-file mark of DOS', `${HEADER}1,Vice President,120,2024-03-08\n\u001a`, '1 90 1'],
    ['a header over two lines', '\ufeffid,"job\n title",size\u200b,trial\n1,Vice President,120,2024-03-08\n', '1 90 1'],
    ['NULL of a database', `${HEADER}1,\\N,120,2024-03-08\n`, '1 60 0.4'],
    ['a list without entries', `${HEADER}1,[],120,2024-03-08\n`, '1 60 0.4'],
  ])('%s', async (_, csv, lead) => {
    expect((await score(csv)).leads).toEqual([lead]);
  });

  test('a second export that was joined to the first one, with one line', async () => {
    const part = `\ufeff${HEADER}1,Vice President,120,2024-03-08\n`;
    const { leads, said } = await score(part + part.replace('\n1', '\n2'));
    expect(leads).toEqual(['1 90 1', '2 90 1']);
    expect(said).toContain(
      'leads.csv: 1 row repeats the header (first in line 3), as in joined exports. It is left out.',
    );
  });

  test.each(['(2 rows)', '2 rows selected.', '2 Datensätze', '1,234 records exported'])(
    'the last line "%s" of a database as a footer',
    async (line) => {
      const { leads, said } = await score(`${HEADER}1,Vice President,120,\n2,,120,\n"${line}"\n`);
      expect(leads).toHaveLength(2);
      expect(said).toContain('line 4 is the footer of a report');
    },
  );
});

describe('is refused with its reason:', () => {
  test.each([
    [
      'a quote marked with a backslash',
      '"the \\"boss\\"",1,',
      'a quote inside a cell is marked with a backslash (\\"). Export with doubled quotes: "the ""big"" one".',
    ],
    [
      'a range that became a date',
      'x,Nov-50,',
      '"Nov-50" looks like a range such as 11-50 that a spreadsheet made a date of. Format the column as text before the file is opened in a spreadsheet, and export it again.',
    ],
    ['a number with a letter', 'x,1.2k,', '"1.2k" is shortened with a letter. Write all digits: 1200 for 1.2k.'],
    [
      'two kinds of line ends',
      'x,1,\r2,x,1,',
      'the row has 7 cells, the header has 4. The file has two kinds of line ends: save it with one of them.',
    ],
  ])('%s', async (_, row, reason) => {
    const { leads } = await score(`${HEADER}1,${row}\n`);
    expect(leads).toEqual([expect.stringMatching(/^(1|null) /)]);
    expect(leads[0]?.replace(/^\w+ /, '')).toBe(reason);
  });

  test.each([
    ['an old Excel workbook', Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0, 0]), 'is an old Excel workbook (.xls), not CSV.'],
    ['a compressed file', Buffer.from([0x1f, 0x8b, 8, 0]), 'is compressed (gzip). Unpack it first.'],
    ['a PDF', '%PDF-1.4\n', 'is a PDF, not CSV. Export the table as CSV.'],
    ['an HTML table', '\ufeff <table><tr><td>id</td></tr></table>', 'is HTML or XML, not CSV'],
    ['JSON', '[ {"id": 1} ]', 'is JSON, not CSV. NDJSON, one lead per line, is read with --input.'],
    ['a text with a NUL byte', `${HEADER}1,x\0,1,\n`, 'contains zero bytes (NUL), which no text has.'],
    [
      'another delimiter',
      HEADER.replaceAll(',', '^'),
      'It has one cell: the delimiter must be a comma, semicolon, tab or pipe.',
    ],
    [
      'a header in other letters',
      'ID,Job Title,Size,Trial\n',
      'missing column "job title". The header has "Job Title". Write it so in the mapping.',
    ],
  ])('%s', async (_, csv, reason) => {
    const { leads, said } = await score(csv);
    expect(leads).toEqual([]);
    expect(said).toContain(reason);
  });

  test.each([
    ['2024/03/08', 'yyyy/MM/dd'],
    ['2024.3.8', 'yyyy.M.d'],
    ['08-Mar-24', 'dd-MMM-yy'],
    ['8. März 2024', 'd. MMM yyyy'],
    ['8 mars 2024', 'd MMM yyyy'],
    ['8 févr. 2024', 'd MMM yyyy'],
    ['12/30/2023, 4:15 PM', '"MM/dd/yyyy, h:mm a"'],
    ['2024-03-08 12:13:20 PM', 'yyyy-MM-dd hh:mm:ss a'],
    ['8 Mar 2024 3:15 pm', 'd MMM yyyy h:mm a'],
    ['March 8, 2024', '"MMM d, yyyy"'],
  ])('the date %s, and the format that is proposed reads it', async (date, format) => {
    const csv = `${HEADER}1,x,1,"${date}"\n`;
    const { leads } = await score(csv);
    expect(leads[0]).toContain(`Under csv, write date_format: ${format}, or correct the cell.`);
    expect((await score(csv, MAPPING.replace('id: id', `id: id, date_format: ${format}`))).leads).toEqual([
      expect.stringMatching(/^1 (40|0) 1$/),
    ]);
  });

  test.each([
    ['1.7099E+12', 'is a number that a spreadsheet has shortened. Format the column as text or date'],
    ['2024-03', 'has no day. Write a day: 2024-03-01.'],
    ['3/8/2024 12:00:00 PM +0000', 'can be 3 August 2024 or 8 March 2024. Write it as 2024-03-08T12:00:00Z'],
  ])('the date %s, which no format reads', async (date, reason) => {
    expect((await score(`${HEADER}1,x,1,${date}\n`)).leads[0]).toContain(`"${date}" ${reason}`);
  });
});

describe('is said once for the file:', () => {
  test('text whose encoding was lost, as words are not found in it', async () => {
    const { leads, said } = await score(`${HEADER}1,GeschÃ¤ftsfÃ¼hrer,1,\n2,Gesch\ufffdftsführer,1,\n3,São Vice,1,\n`);
    expect(leads).toHaveLength(3);
    expect(said).toContain(
      'leads.csv: 2 cells have text whose encoding was lost, such as Ã¼ for ü (column "job title"). Words are not found in it. Export the file again as UTF-8.',
    );
  });

  test('dates after the instant of scoring, as their activities do not count yet', async () => {
    const { leads, said } = await score(`${HEADER}1,x,1,2044-03-08\n2,x,1,2024-03-08\n`);
    expect(leads).toEqual(['1 0 1', '2 40 1']);
    expect(said).toContain(
      'leads.csv: 1 cell is dated after the instant of scoring, so that the activity does not count yet: "2044-03-08" (column "trial"). Correct the year, or give the day of the export with --as-of.',
    );
  });
});

test.each([
  ['[dd/MM/yyyy, MM/dd/yyyy]', 'dd/MM/yyyy and MM/dd/yyyy read one text as two different days'],
  ['[M/d/yy, d/M/yy]', 'M/d/yy and d/M/yy read one text as two different days'],
  ['[dd.MM.yy, yy.MM.dd]', 'dd.MM.yy and yy.MM.dd read one text as two different days'],
  ['"%d/%m/%Y"', 'Write date_format: dd/MM/yyyy'],
  ['MM/DD/YYYY', 'Write date_format: MM/dd/yyyy'],
  ['mm/dd/yyyy hh:mm a', 'Write date_format: MM/dd/yyyy hh:mm a'],
])('the date format %s is refused with what to write', async (format, reason) => {
  const { leads, said } = await score(HEADER, MAPPING.replace('id: id', `id: id, date_format: ${format}`));
  expect(leads).toEqual([]);
  expect(said).toContain(reason);
});

test('a field with the same value for every lead is written as a constant', async () => {
  const mapping = MAPPING.replace('{ from: size, as: number }', '{ value: 150 }');
  expect((await score(`${HEADER}1,x,,\n`, mapping)).leads).toEqual(['1 20 1']);
});
