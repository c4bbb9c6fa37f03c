// `leadgrade score --csv`: results of an export with valid and invalid rows.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCORE_COLUMNS } from '../../../src/csv/scored-rows.ts';
import { leadgrade, leadgradeHere } from '../run-command.ts';

const MAPPING = `csv: { id: Id, unknown: ["-"], date_format: dd/MM/yyyy }
fields:
  contact.job_title: { from: Title }
  company.employees: { from: Size, as: number }
activities:
  - { type: form_submission, at: Demo, attributes: { form: Form } }
  - { type: page_view, count: Visits, age: 3d, attributes: { path: Path } }
outcome: { column: Won, is: "yes" }
`;
const HEADER = 'Id;Name;Title;Size;Demo;Form;Visits;Path;Balance;Won';
const GOOD = [
  '1;=HYPERLINK("http://x");VP Sales;120;21/11/2026;Demo request;3;/pricing;-12.50;yes',
  '2;+49 170 1234;Intern;-;;;0;;0;no',
];

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-score-csv-'));
  await writeFile(join(folder, 'columns.yaml'), MAPPING);
});
afterAll(() => rm(folder, { recursive: true }));

async function score(text: string | Buffer, ...args: readonly string[]) {
  await writeFile(join(folder, 'leads.csv'), text);
  const files = ['--csv', join(folder, 'leads.csv'), '--mapping', join(folder, 'columns.yaml')];
  return leadgradeHere(['score', ...files, '--as-of', '2026-11-22T00:00:00Z', ...args]);
}

test('rows of a CSV file get the same scores as the same leads in NDJSON', async () => {
  const { code, stdout, stderr } = await score(
    `${[HEADER, ...GOOD].join('\r\n').replace('=HYPERLINK("http://x")', 'Ann')}\r\n`,
    '--json',
  );
  expect(code).toBe(0);
  expect(stderr).toContain('leads.csv: utf-8, semicolon as delimiter.');
  const views = [0, 1, 2].map((id) => ({
    id,
    type: 'page_view',
    at: '2026-11-19T00:00:00Z',
    attributes: { path: '/pricing' },
  }));
  const demo = { id: 9, type: 'form_submission', at: '2026-11-21T00:00:00Z', attributes: { form: 'Demo request' } };
  const leads = [
    { id: '1', fields: { 'contact.job_title': 'VP Sales', 'company.employees': 120 }, activities: [...views, demo] },
    { id: '2', fields: { 'contact.job_title': 'Intern' } },
  ];
  const input = leads.map((lead) => JSON.stringify(lead)).join('\n');
  const same = await leadgrade(['score', '--json', '--as-of', '2026-11-22T00:00:00Z'], { input });
  expect(stdout).toBe(same.stdout);
});

describe('score --csv --out', () => {
  test('writes every row with its score, invalid rows at their position, and no cell that a spreadsheet would run', async () => {
    const out = join(folder, 'scored.csv');
    const bad = ['3;Bo;VP;12 people;;;1;;0;yes', '4;Cy;"open;1;;;1;;0;no', '5;Di;VP', '-;Ed;VP;1;;;1;;0;no'];
    const rows = [HEADER, GOOD[0]?.replace('=HYPERLINK("http://x")', '"=HYPERLINK(""http://x"")"'), ...bad, GOOD[1]];
    const { code, stdout, stderr } = await score(`\uFEFF${rows.join('\r\n')}\r\n`, '--out', out);
    expect([code, stdout]).toEqual([1, '']);
    const text = await readFile(out, 'utf8');
    expect(text.startsWith('\uFEFFId;Name;')).toBe(true);
    expect(text).toContain('\r\n');
    const [header = [], ...cells] = parse(text, { bom: true, delimiter: ';' });
    expect(header).toEqual([...HEADER.split(';'), ...SCORE_COLUMNS]);
    expect(cells.map((row) => row[0])).toEqual(['1', '3', '4;Cy;"open;1;;;1;;0;no', '5', '-', '2']);
    const first = Object.fromEntries(header.map((name, index) => [name, cells[0]?.[index]]));
    expect(first).toMatchObject({
      Name: `'=HYPERLINK("http://x")`,
      Balance: '-12.50',
      leadgrade_fit_grade: 'B',
      leadgrade_status: 'hot',
      leadgrade_scored_at: '2026-11-22T00:00:00.000Z',
      leadgrade_error: '',
    });
    const { leadgrade_fit_score: fit, leadgrade_behavior_score: behavior, leadgrade_total_score: total } = first;
    expect(Number(fit) + Number(behavior)).toBe(Number(total));
    const errors = cells.map((row) => row.at(-1) ?? '');
    expect(errors.map((error) => error.split('. ')[0])).toEqual([
      '',
      'line 3, column "Size": the cell is not a number',
      'line 4: a quote that opens here is not closed correctly (checked up to 500 lines)',
      'line 5: the row has 3 cells, the header has 10',
      'line 6, column "Id": the row has no id',
      '',
    ]);
    for (const error of errors) expect(`${stderr}\n`).toContain(`${error.replace(/^line \d+(, |: )?/, '')}\n`);
    expect(stderr).toContain('4 rows are not scored.');
    expect(stderr).not.toMatch(/12 people|Cy|Ed/);
    expect(await readdir(folder)).toEqual(expect.not.arrayContaining([expect.stringContaining('.tmp')]));

    const again = join(folder, 'again.csv');
    await writeFile(join(folder, 'twice.csv'), text);
    const mapping = ['--mapping', join(folder, 'columns.yaml')];
    const twice = await leadgradeHere(['score', '--csv', join(folder, 'twice.csv'), ...mapping, '--out', again]);
    expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining('leadgrade_fit_grade')]);
  });

  test.each([
    ['the export itself', 'leads.csv', 'overwrite'],
    ['the mapping', 'columns.yaml', 'overwrite'],
    ['the model', join(import.meta.dirname, '../../../mappings/model.yaml'), 'overwrite'],
    ['a file in a missing folder', 'none/x.csv', 'ENOENT'],
    ['a folder', '.', 'is a folder'],
  ])('refuses to write over %s', async (_, name, words) => {
    const text = [HEADER, ...GOOD].join('\n').replace('"http://x"', '');
    const { code, stderr } = await score(text, '--out', resolve(folder, name));
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
    expect(await readFile(join(folder, 'leads.csv'), 'utf8')).toBe(text);
  });
});

test('the first ten of many invalid rows are printed, and all are counted', async () => {
  const bad = Array.from({ length: 25 }, (_, row) => `${row};x;VP;many;;;1;;0;yes`);
  const { code, stdout, stderr } = await score([HEADER, ...bad, '99;x;VP;1;;;1;;0;yes'].join('\n'), '--json');
  expect(code).toBe(1);
  expect(stderr.match(/leads\.csv:\d+ · /g)).toHaveLength(10);
  expect(stderr).toContain('25 rows are not scored; the first 10 are listed above.');
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toHaveLength(26);
  expect(lines[0]).toMatchObject({ id: '0', error: { code: 'invalid_row', path: 'Size', line: 2 } });
  expect(lines[25]).toMatchObject({ id: '99' });
});

test.each([
  ['', 'is empty'],
  ['Id;Nome;Size\n1;x;1\n', 'missing column "Title". Nearest in the header'],
  [`${HEADER};Size\n`, 'duplicate column "Size" (columns 4 and 11)'],
])('a CSV file that cannot be read ends with exit code 2 and a clear message: %j', async (text, words) => {
  const { code, stdout, stderr } = await score(text);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(words);
});

test('a CSV file without rows is reported, and is not an error', async () => {
  const { code, stdout, stderr } = await score(`${HEADER}\n`, '--json');
  expect([code, stdout]).toEqual([0, '']);
  expect(stderr).toContain('a header and no rows');
});

test.each([
  ['--csv without --mapping', ['--csv', 'x.csv'], '--csv needs --mapping'],
  ['--mapping without --csv', ['--mapping', 'x.yaml'], '--mapping needs --csv'],
  ['--out without --csv', ['--out', 'x.csv'], '--out needs --csv'],
  ['--csv and --input', ['--csv', 'x.csv', '--input', 'x.ndjson'], 'cannot be used with'],
  ['a missing file', ['--csv', 'none.csv', '--mapping', 'none.yaml'], 'cannot be read'],
])('score with %s is bad usage', async (_, args, words) => {
  const { code, stdout, stderr } = await leadgradeHere(['score', ...args]);
  expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(words)]);
});

test('score --sample summarizes CSV and NDJSON, and lists activity types that the mapping does not mention', async () => {
  const text = [HEADER, ...GOOD, GOOD[1]?.replace('2;', '3;')].join('\n').replace('=HYPERLINK("http://x")', 'Ann');
  const { code, stdout, stderr } = await score(text, '--sample', '--json');
  expect(code).toBe(0);
  expect(stderr).toMatch(/The model counts trial_started, .*email_open.*, which the mapping does not give/);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ leads: 3, refused: 0, outcome: { known: 3, reached: 1 } });
  const title = report.fit.find(({ criterion }: { criterion: string }) => criterion === 'title');
  expect(title).toMatchObject({
    matched: { leads: 3 },
    cases: [{ label: 'Executive', leads: 1 }, {}, {}, {}, {}, { label: 'Student or intern', leads: 2 }, {}],
  });

  const table = await leadgradeHere(['score', '--sample'], { input: '{"id":1}\n{"id":2}\nnot json\n' });
  expect(table.code).toBe(1);
  expect(table.stdout).toContain('2 leads scored with b2b-saas@');
  expect(table.stdout).toMatch(/^Cold +2 +100\.0 %$/m);
});

test('validate checks the mapping of an export', async () => {
  const file = join(folder, 'bad.yaml');
  await writeFile(file, 'csv: { id: Id }\nfields:\n  contact.job_title: { form: Title }\n');
  const { code, stdout } = await leadgradeHere(['validate', '--mapping', file]);
  expect(code).toBe(2);
  expect(stdout).toContain('bad.yaml:3:24 fields.contact.job_title.form: unknown key "form": did you mean from?');
});
