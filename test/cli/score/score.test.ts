// `leadgrade score` as a process: input, output and exit code.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leadgrade, leadgradeHere } from '../run-command.ts';

const AS_OF = ['--as-of', '2026-11-22T00:00:00Z'];
const JSON_LINES = ['score', '--json', ...AS_OF];
const vp = {
  id: 7,
  fields: { 'contact.job_title': 'VP, Sales', 'company.employees': 120, 'company.country': 'US' },
  activities: [
    { id: 1, type: 'form_submission', at: '2026-11-21T12:00:00.9999+02:00', attributes: { form: 'Demo' } },
    { id: '1', type: 'trial_started', at: '2026-11-21T12:00:00Z' },
  ],
};

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-score-'));
});
afterAll(() => rm(folder, { recursive: true }));

const parse = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('score prints one line a lead, in the order of the input, with every criterion and signal', async () => {
  const { code, stdout } = await leadgrade([...JSON_LINES, '--input', '-'], {
    input: `${JSON.stringify(vp)}\n\n{"id":"x"}\n`,
  });
  expect(code).toBe(0);
  const [first, second] = parse(stdout);
  expect(Object.keys(first)).toEqual([
    'id',
    'model',
    'as_of',
    'grade',
    'coverage',
    'fit',
    'behavior',
    'total',
    'status',
    'cell',
    'next_change_at',
    'contributions',
    'gates',
    'explanation',
  ]);
  expect(first).toMatchObject({ id: '7', as_of: '2026-11-22T00:00:00.000Z', grade: 'B', status: 'hot' });
  expect(first.contributions).toHaveLength(17);
  expect(first.contributions[0]).toEqual({
    dimension: 'fit',
    signal: 'title',
    outcome: 'matched',
    exact: 30,
    points: 30,
    label: 'Executive',
  });
  expect(first.contributions.find((each: { signal: string }) => each.signal === 'trial_started').points).toBe(0);
  expect(second).toMatchObject({ id: 'x', grade: 'Ungraded', status: 'cold', cell: null, next_change_at: null });
});

test('a line with a key twice and a line that is not UTF-8 are not scored, and the reason is said', async () => {
  const lines = [
    Buffer.from('{"id":"a","fields":{"contact.need":"x","contact.need":"y"}}\n'),
    Buffer.from('{"id":"b","fields":{"contact.need":"M\xfcller"}}\n', 'latin1'),
    Buffer.from('{"id":"c"}\n'),
    Buffer.from('{"id":"d"}\n', 'utf16le'),
  ];
  const { code, stdout } = await leadgradeHere(JSON_LINES, { input: Readable.from([Buffer.concat(lines)]) });
  expect(code).toBe(1);
  expect(parse(stdout)).toMatchObject([
    {
      id: 'a',
      error: { code: 'invalid_lead', path: 'fields.contact.need', message: 'stands twice. Keep one of them.' },
    },
    { id: null, error: { code: 'invalid_json', message: 'is not UTF-8. Write the lines in UTF-8.' } },
    { id: 'c' },
    { id: null, error: { message: 'contains zero bytes: it is probably UTF-16. Write the lines in UTF-8.' } },
    { id: null, error: {} },
  ]);
});

test('an invalid line gets its error at its position, the other leads are scored, and the exit code is 1', async () => {
  const secret = 'someone@example.com';
  const lines = [
    `{"id":"a","fields":{"contact.email":"${secret}"}`,
    '{"id":"b","activities":[{"id":1,"type":"page_view","at":"yesterday"}]}',
    '{"fields":{}}',
    '{"id":"c","fields":{"contact.budget":{}}}',
    '{"id":"d","fields":null,"activities":null,"unobserved":null}',
  ];
  const { code, stdout, stderr } = await leadgrade(JSON_LINES, { input: lines.join('\r\n') });
  expect(code).toBe(1);
  const results = parse(stdout);
  expect(results.slice(0, 4)).toMatchObject([
    { id: null, error: { code: 'invalid_json', path: '' } },
    { id: 'b', error: { code: 'invalid_lead', path: 'activities[0].at' } },
    { id: null, error: { code: 'invalid_lead', path: 'id' } },
    { id: 'c', error: { code: 'invalid_lead', path: 'fields.contact.budget' } },
  ]);
  expect(results[4]).toMatchObject({ id: 'd', total: 0 });
  expect(stdout + stderr).not.toContain(secret);
});

test.each([
  ['an unknown option', ['score', '--nonsense']],
  ['an instant without an offset', ['score', '--as-of', '2026-11-22T00:00:00']],
  ['a model that does not exist', ['score', '--model', 'no-such-model.yaml']],
  ['an input that does not exist', ['score', '--input', 'no-such-leads.ndjson']],
  ['an unknown command', ['scores']],
])('%s ends with exit code 2 and nothing on standard output', async (_, args) => {
  const { code, stdout, stderr } = await leadgrade(args, { input: JSON.stringify(vp) });
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).not.toBe('');
});

test('score with an invalid model ends with exit code 2, and prints file, line and path', async () => {
  const model = join(folder, 'model.yaml');
  await writeFile(model, 'name: m\nversion: 1.0\nstatus:\n  bands:\n    - id: all\n');
  const { code, stdout, stderr } = await leadgrade(['score', '--model', model, '--json'], {
    input: JSON.stringify(vp),
  });
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('model.yaml:2:10 version: version must be text, not the number 1.0. Write version: "1.0"');
});

test('score without --json prints text for people', async () => {
  const { code, stdout } = await leadgrade(['score', ...AS_OF], { input: JSON.stringify(vp) });
  expect(code).toBe(0);
  expect(stdout).toContain('7  Hot - high priority\n');
  expect(stdout).toContain('  +30 Executive (Job title)\n');
});

test('a Unicode line separator inside a string does not end the line of a lead', async () => {
  const { code, stdout } = await leadgrade(JSON_LINES, { input: '\uFEFF{"id":"a\u2028b"}\n' });
  expect(code).toBe(0);
  expect(parse(stdout)[0].id).toBe('a\u2028b');
});

test('score streams twenty thousand leads in order', async () => {
  const file = join(folder, 'many.ndjson');
  const ids = Array.from({ length: 20_000 }, (_, index) => index);
  await writeFile(file, ids.map((id) => `{"id":${id}}`).join('\n'));
  const { code, stdout } = await leadgrade([...JSON_LINES, '--input', file]);
  expect(code).toBe(0);
  expect(parse(stdout).map(({ id }) => Number(id))).toEqual(ids);
});

test('score ends with exit code 3 and a message without a stack when its input fails', async () => {
  const input = Readable.from(
    (function* () {
      yield Buffer.from('{"id":1}\n');
      throw new Error('EIO: i/o error, read');
    })(),
  );
  const { code, stderr } = await leadgradeHere(JSON_LINES, { input });
  expect([code, stderr]).toEqual([3, 'leadgrade could not run: EIO: i/o error, read\n']);
});

test('the example of docs/ndjson.md is scored, line by line', async () => {
  const page = await readFile(join(import.meta.dirname, '../../../docs/ndjson.md'), 'utf8');
  const [, input = ''] = /```json\n(.*?)```/s.exec(page) ?? [];
  const { code, stdout, stderr } = await leadgradeHere(JSON_LINES, { input });
  expect(code).toBe(0);
  expect(parse(stdout).map(({ id, total }) => [id, total > 0])).toEqual([
    ['00Q1', true],
    ['7', true],
    ['8', false],
  ]);
  expect(stderr).toContain('The model asks for company.industry');
});

test('the sentences of docs/ndjson.md are those that score prints', async () => {
  const page = await readFile(join(import.meta.dirname, '../../../docs/ndjson.md'), 'utf8');
  const [, printed = ''] = /```text\n(.*?)```/s.exec(page) ?? [];
  const input = '{"id":"00Q1"}\n{"id":"00Q2","feilds":{}}\n{"id":"00Q3","activities":[{"id":1,"type":"chat"}]}\n';
  const { stdout } = await leadgradeHere(['score'], { input });
  for (const line of printed.trim().split('\n')) expect(stdout).toContain(`${line}\n`);
});
