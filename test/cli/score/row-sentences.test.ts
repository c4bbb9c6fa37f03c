// Every kind of problem of a row of CSV or a line of NDJSON, with the sentence that a person reads.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leadgradeHere } from '../run-command.ts';

const MAPPING = `csv: { id: Id }
fields:
  contact.job_title: { from: Title }
  company.employees: { from: Size, as: number }
  company.country: { from: Country, as: country }
  contact.created_at: { from: Created, as: instant }
activities:
  - { type: meeting, at: Met }
  - { type: page_view, count: Visits }
`;
const COLUMNS = ['Id', 'Title', 'Size', 'Country', 'Created', 'Met', 'Visits'] as const;
type Cells = Partial<Record<(typeof COLUMNS)[number], string>>;

// Words of parsers and programs that are not those of a person.
const PARSER_WORDS =
  /expected|received|invalid|undefined|\bNaN\b|zod|unterminated|unexpected|token|parse|regex|schema|ENOENT|exception|null \(/i;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-sentences-'));
  await writeFile(join(folder, 'columns.yaml'), MAPPING);
});
afterAll(() => rm(folder, { recursive: true }));

async function saidOf(csv: string | Buffer, mapping = 'columns.yaml'): Promise<string> {
  await writeFile(join(folder, 'leads.csv'), csv);
  const { stderr } = await leadgradeHere([
    'score',
    '--csv',
    join(folder, 'leads.csv'),
    '--mapping',
    join(folder, mapping),
    '--sample',
  ]);
  return stderr.replaceAll(`${folder}/`, '');
}

const SECONDS = 'Append three zeros (milliseconds), or write 2024-03-08T12:00:00Z.';
const CORRECT = 'Correct it, or empty it if there is no date.';
const DECIMAL = 'Under csv, write decimal: point (for 1,234.5) or decimal: comma (for 1.234,5).';

const CELLS: readonly (readonly [Cells, string])[] = [
  [{ Id: '', Title: 'CEO' }, 'column "Id": the row has no id. Fill it in, or use another column as id.'],
  [
    { Id: '1.2E+17' },
    'column "Id": "1.2E+17" is an id that a spreadsheet has shortened. Format the column as text before you save the file as CSV, or export it again.',
  ],
  [{ Size: '1,234' }, `column "Size": "1,234" can be 1234 or 1.234. ${DECIMAL}`],
  [{ Size: '1.234.567' }, `column "Size": "1.234.567" has separators that the mapping does not declare. ${DECIMAL}`],
  [{ Size: '45%' }, 'column "Size": "45%" has a percent sign, and 45 % can mean 45 or 0.45. Write the number alone.'],
  [{ Size: '12k' }, 'column "Size": "12k" is shortened with a letter. Write all digits: 1200 for 1.2k.'],
  [{ Size: '1200-' }, 'column "Size": "1200-" has its sign at the end. Write -1200.'],
  [
    { Size: '51-200' },
    'column "Size": "51-200" is a range, not a number. Translate it with a table: tables: { sizes: { "51-200": 120 } }, and table: sizes at the field.',
  ],
  [
    { Size: 'ann@example.com' },
    'column "Size": the cell is not a number. Write it as 1200 or 49.5, without units, or add its text to csv.unknown.',
  ],
  [
    { Created: '1709900000' },
    `column "Created": "1709900000" looks like a Unix time in seconds (8 March 2024); milliseconds or ISO 8601 are read. ${SECONDS}`,
  ],
  [
    { Met: '45359' },
    'column "Met": "45359" looks like a date as Excel counts days (8 March 2024). Format the column as a date, and export it again.',
  ],
  [
    { Met: '20240308' },
    'column "Met": "20240308" looks like a date without separators. Under csv, write date_format: yyyyMMdd, or correct the cell.',
  ],
  [
    { Met: '03/04/2026' },
    'column "Met": "03/04/2026" can be 3 April 2026 or 4 March 2026. Under csv, write date_format: dd/MM/yyyy or date_format: MM/dd/yyyy, or correct the cell.',
  ],
  [
    { Met: '3/25/26' },
    'column "Met": "3/25/26" has the month first. Under csv, write date_format: M/d/yy, or correct the cell.',
  ],
  [
    { Met: '25.3.2026' },
    'column "Met": "25.3.2026" has the day first. Under csv, write date_format: d.M.yyyy, or correct the cell.',
  ],
  [
    { Met: '3/25/2026 6:02 PM' },
    'column "Met": "3/25/2026 6:02 PM" has the month first. Under csv, write date_format: M/d/yyyy h:mm a, or correct the cell.',
  ],
  [
    { Met: '8 Mar 2024' },
    'column "Met": "8 Mar 2024" has the name of the month. Under csv, write date_format: d MMM yyyy, or correct the cell.',
  ],
  [{ Met: '2026-02-31' }, `column "Met": "2026-02-31" is not a day of the calendar. ${CORRECT}`],
  [
    { Met: '2026-03-04 10:00 EST' },
    'column "Met": "2026-03-04 10:00 EST" names the time zone EST, which has no fixed offset here. Write the offset: +01:00, or Z for UTC.',
  ],
  [
    { Met: '2026-03-04 25:00' },
    'column "Met": "2026-03-04 25:00" has no such time of day. Write the time as 17:05 or 17:05:30.',
  ],
  [{ Met: '1985-03-04' }, `column "Met": "1985-03-04" has the year 1985, which is too early to be right. ${CORRECT}`],
  [{ Met: '2195-03-04' }, `column "Met": "2195-03-04" has the year 2195, which is too late to be right. ${CORRECT}`],
  [{ Met: 'yesterday' }, 'column "Met": the cell is not a date that Leadgrade reads. Write it as 2024-03-08.'],
  [{ Visits: '2.5' }, 'column "Visits": "2.5" is not a count. Write a whole number, 0 or more, or empty the cell.'],
];

const ROWS: readonly (readonly [string, string])[] = [
  [
    '1,CEO\n',
    'leads.csv:2 · the row has 2 cells, the header has 7. Look for a line break inside a cell without quotes, or for a file that was cut off.',
  ],
  [
    '1,CEO,1,US,,,,,x\n',
    'leads.csv:2 · the row has 9 cells, the header has 7. Enclose the cell that contains the delimiter in quotes.',
  ],
  [
    '1,"CEO,1,US,,,,\n',
    'leads.csv:2 · a quote that opens here is not closed correctly (checked up to 500 lines). Close it, or double it if it is part of the text.',
  ],
  [
    '1,C"E"O,1,US,,,\n',
    'leads.csv:2 · a cell has a quote in its middle. Enclose the whole cell in quotes, and double the quotes inside it.',
  ],
  [
    `1,${'x'.repeat(1_100_000)},1,US,,,\n`,
    'leads.csv:2 · the line has more than 1,048,576 characters. Check the line ends of the file, and shorten the cell.',
  ],
  [
    'Total,12,,,,,\n',
    'leads.csv: 1 row is a summary of a report (subtotal, count, total) and no lead. Export the report as "Details Only": a grouped report also leaves cells blank that repeat the group.',
  ],
  [
    '1,CEO,1,US,,,\n1,CEO,1,US,,,\n',
    'leads.csv: 1 row repeats the id of an earlier row (first in line 3). Each is scored as a lead of its own.',
  ],
  ['1,N/A,1,US,,,\n', 'leads.csv: 1 cell is read as unknown: "N/A" (column "Title").'],
  [
    '1,CEO,1,EMEA,,,\n',
    'leads.csv: 1 cell is read as unknown: no country that Leadgrade knows: "EMEA" (column "Country").',
  ],
  [
    '1,CEO,1,NA,,,\n',
    'leads.csv: 1 cell is read as Namibia: NA (column "Country"). If it means "not available", write unknown: ["NA"] under csv.',
  ],
  [
    '1,CEO,1,US,,1970-01-01,\n',
    'leads.csv: 1 cell is read as unknown: "1970-01-01", which programs write for an empty date (column "Met").',
  ],
  ['', 'leads.csv: the file has a header and no rows.'],
];

const FILES: readonly (readonly [string | Buffer, string])[] = [
  ['', 'error: leads.csv is empty.'],
  [
    Buffer.from([0x50, 0x4b, 0x03, 0x04, 0, 0]),
    'error: leads.csv is an Excel workbook (or another zip file), not CSV. Save it as CSV UTF-8.',
  ],
  [
    Buffer.from('Id,Title\n1,x\n', 'utf16le'),
    'error: leads.csv contains zero bytes: it is not text, or it is UTF-16 without a byte order mark. Under csv, write encoding: utf-16le.',
  ],
  [
    '1,CEO,1,US,,,\n',
    'error: leads.csv: the first line contains no column of the mapping. Is the first line the header, and was the mapping written for this file?',
  ],
  [
    `Leads of 2026\n\n${COLUMNS.join(',')}\n1,CEO,1,US,,,\n`,
    'error: leads.csv: the first line contains no column of the mapping. Line 3 looks like the header: delete the lines above it.',
  ],
  [
    `${COLUMNS.join(',')},Title\n1\n`,
    'error: leads.csv: duplicate column "Title" (columns 2 and 8). Rename all but one.',
  ],
  [
    COLUMNS.join(',').replace('Title', 'Titel'),
    'error: leads.csv: missing column "Title". Nearest in the header: "Titel"',
  ],
];

test.each(CELLS)('the cell of the row %j is refused with a sentence', async (cells, sentence) => {
  const row = COLUMNS.map((column) => `"${cells[column] ?? (column === 'Id' ? '1' : '')}"`).join(',');
  const said = await saidOf(`${COLUMNS.join(',')}\n${row}\n`);
  expect(said).toContain(`leads.csv:2 · ${sentence}\n`);
  expect(said).not.toMatch(PARSER_WORDS);
});

test.each(ROWS)('the row %j is said with a sentence', async (row, sentence) => {
  const said = await saidOf(`${COLUMNS.join(',')}\n${row}`);
  expect(said).toContain(sentence);
  expect(said).not.toMatch(PARSER_WORDS);
});

test.each(FILES)('the file %j is said with a sentence', async (file, sentence) => {
  const said = await saidOf(file);
  expect(said).toContain(sentence);
  expect(said).not.toMatch(PARSER_WORDS);
});

const INSTANT = 'Write it with seconds and an offset, as in 2026-11-01T09:30:00Z.';
const activity = (keys: string) => `{"id":"1","activities":[{${keys}}]}`;
const LINES: readonly (readonly [string, string])[] = [
  [
    '{"id":"typo","feilds":{},"activities":[]}',
    'typo  line 1, not scored: unknown key "feilds"; did you mean "fields"?',
  ],
  [
    '{"id":"1","email":"x"}',
    '1  line 1, not scored: unknown key "email"; the keys are id, fields, activities, unobserved. Write values of the lead under "fields".',
  ],
  [
    activity('"id":1,"type":"x","at":"2026-01-01T00:00:00Z","path":"/"'),
    '1  line 1, not scored: activities[0] has the unknown key "path"; the keys are id, type, at, attributes. Write details of the activity under "attributes".',
  ],
  ['{"fields":{}}', '(no id)  line 1, not scored: id is missing. Add "id": text or a number.'],
  ['{"id":{}}', '(no id)  line 1, not scored: id must be text or a number.'],
  [
    '{"id":12345678901234567890}',
    '(no id)  line 1, not scored: id has more digits than a number can hold. Write the id as text, in quotes.',
  ],
  ['{"id":1,"fields":[]}', '1  line 1, not scored: fields must be an object: names and values.'],
  [
    '{"id":1,"fields":{"contact.budget":{}}}',
    '1  line 1, not scored: fields.contact.budget must be text, a number, true, false, null, or a list of them.',
  ],
  [
    '{"id":1,"unobserved":"x"}',
    '1  line 1, not scored: unobserved must be a list of activity types, such as ["email_open"].',
  ],
  ['{"id":1,"activities":{}}', '1  line 1, not scored: activities must be a list of activities.'],
  [
    '{"id":1,"activities":[3]}',
    '1  line 1, not scored: activities[0] must be an activity: {"id": "a", "type": "chat", "at": "2026-11-01T09:30:00Z"}.',
  ],
  [
    activity('"id":1,"at":"2026-01-01T00:00:00Z"'),
    '1  line 1, not scored: activities[0].type is missing. Name the activity type, such as page_view.',
  ],
  [activity('"id":1,"type":"x"'), `1  line 1, not scored: activities[0].at is missing. ${INSTANT}`],
  [activity('"id":1,"type":"x","at":1709900000'), `1  line 1, not scored: activities[0].at must be text. ${INSTANT}`],
  [
    activity('"id":1,"type":"x","at":"1709900000"'),
    '1  line 1, not scored: activities[0].at looks like a Unix time in seconds; RFC 3339 is read. Write it as 2026-11-01T09:30:00Z.',
  ],
  [
    activity('"id":1,"type":"x","at":"2026-01-01"'),
    '1  line 1, not scored: activities[0].at has no time and no offset. Write it as 2026-11-01T09:30:00Z.',
  ],
  [
    activity('"id":1,"type":"x","at":"2026-01-01T10:00:00"'),
    '1  line 1, not scored: activities[0].at has no offset, so that its time zone is unknown. Write it as 2026-11-01T09:30:00Z.',
  ],
  [
    activity('"id":1,"type":"x","at":"2026-02-31T10:00:00Z"'),
    '1  line 1, not scored: activities[0].at is not an RFC 3339 instant, or has a day or time that does not exist. Write it as 2026-11-01T09:30:00Z.',
  ],
  [
    activity('"id":1,"type":"x","at":"1970-01-20T10:58:20Z"'),
    '1  line 1, not scored: activities[0].at has a year before 1990 or after 2100, which no activity has. Correct it, or leave the activity out.',
  ],
  ['null', '(no id)  line 1, not scored: must be an object. Write {"id": "1", "fields": {}, "activities": []}.'],
  [
    '[{"id":1}]',
    '(no id)  line 1, not scored: is a list. Write one lead per line, without brackets and commas around them.',
  ],
  [
    '[',
    '(no id)  line 1, not scored: is a part of an object or a list. Write each lead on one line, without commas between the lines.',
  ],
  [
    '{"id":1},',
    '(no id)  line 1, not scored: ends with a comma. Write each lead on a line of its own, without commas between the lines.',
  ],
  [
    'id,title',
    '(no id)  line 1, not scored: is not JSON. Each line is one lead: {"id": "1", "fields": {}}. For CSV, use --csv.',
  ],
  ['{"id":1', '(no id)  line 1, not scored: is not valid JSON: the line is cut off.'],
  ["{'id':1}", '(no id)  line 1, not scored: is not valid JSON: names and texts need double quotes.'],
];

test.each(LINES)('the line %s is refused with a sentence', async (line, sentence) => {
  const { stdout, stderr } = await leadgradeHere(['score'], { input: `${line}\n` });
  expect(stdout.trim()).toBe(sentence);
  expect(stdout + stderr).not.toMatch(PARSER_WORDS);
});

test('fields that the model asks and no lead of NDJSON has are named in one line', async () => {
  const input = '{"id":1,"fields":{"contact.job_title":"CEO"}}\n{"id":2,"fields":{"company.employees":null}}\n';
  const { stderr } = await leadgradeHere(['score'], { input });
  expect(stderr).toBe(
    'The model asks for company.industry, company.country, company.technologies, contact.email_opt_out, which no lead has: unknown for all 2 leads.\n',
  );
});

test('values such as N/A in NDJSON are known, and are said once', async () => {
  const input =
    '{"id":1,"fields":{"contact.job_title":"N/A"}}\n{"id":2,"fields":{"company.country":"NA","company.industry":"none"}}\n';
  const { stderr } = await leadgradeHere(['score'], { input });
  expect(stderr).toContain(
    '2 values such as "N/A" or "None" count as known (contact.job_title, company.industry). Write null where the value is unknown.\n',
  );
});
