// Leads in NDJSON that are valid and get fewer points than was meant: each reason is said once, with its
// count and without a value.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leadgradeHere } from '../run-command.ts';

const MODEL = `name: m
version: "1"
fit:
  criteria:
    - { id: title, field: contact.job_title, cases: [ { when: { has_word: [ceo] }, points: 30 } ] }
    - { id: size, field: company.employees, cases: [ { when: { gte: 100 }, points: 20 } ] }
    - { id: country, field: company.country, cases: [ { when: { one_of: [DE, US] }, points: 10 } ] }
behavior:
  signals:
    - { id: trial, activity: trial_started, points: 40 }
    - { id: opt_out, when: { field: contact.email_opt_out, is: true }, points: -20 }
status: { bands: [ { id: all } ] }
`;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-notes-'));
  await writeFile(join(folder, 'model.yaml'), MODEL);
});
afterAll(() => rm(folder, { recursive: true }));

async function said(...lines: readonly string[]): Promise<readonly string[]> {
  const args = ['score', '--input', '-', '--model', join(folder, 'model.yaml'), '--as-of', '2024-03-08T12:00:00Z'];
  const { stderr, stdout } = await leadgradeHere([...args, '--json'], { input: `${lines.join('\n')}\n` });
  const errors = stdout.split('\n').flatMap((line) => (line === '' ? [] : (JSON.parse(line).error?.message ?? [])));
  return [...errors, ...stderr.split('\n').filter(Boolean)];
}
const lead = (fields: object, activities: readonly object[] = [], id = '1') =>
  JSON.stringify({ id, fields: { 'contact.job_title': 'CEO', ...fields }, activities });

test('a value of another kind than the model compares with', async () => {
  const leads = [
    lead({ 'company.employees': '1,200', 'company.country': 'Germany', 'contact.email_opt_out': 'true' }),
    lead({ 'company.employees': '51-200', 'company.country': 'de', 'contact.email_opt_out': 1 }, [], '2'),
    lead({ 'company.employees': ' 120 ', 'company.country': 'US', 'contact.email_opt_out': false }, [], '3'),
  ];
  expect(await said(...leads)).toEqual([
    '2 values of company.employees match no case of the model, which compares it with a number: write 1200, not "1,200" or "51-200".',
    '1 value of company.country matches no case of the model, which compares it with a country code of two letters: write "DE", not "Germany".',
    '2 values of contact.email_opt_out match no case of the model, which compares it with true or false, without quotes.',
  ]);
});

test('a misspelled field or activity type, and no other one of the team', async () => {
  const at = '2024-03-01T00:00:00Z';
  const activities = ['trial_start', 'Trial_Started', 'our_own', 'email_open'].map((type, id) => ({ id, type, at }));
  expect(await said(lead({ 'company.employes': 12, 'company.x': 1, constructor: 1 }, activities))).toEqual([
    'The model does not ask for the field company.employes (once): did you mean company.employees?',
    'The model does not ask for the activity type trial_start (once): did you mean trial_started?',
    'The model does not ask for the activity type Trial_Started (once): did you mean trial_started?',
  ]);
});

test('activities to come, and ids that repeat', async () => {
  const activities = [{ id: 'a', type: 'trial_started', at: '2044-03-08T00:00:00Z' }];
  const all = { 'company.employees': 1, 'company.country': 'DE', 'contact.email_opt_out': false };
  expect(await said(lead(all, activities), lead(all))).toEqual([
    '1 activity is dated after the instant of scoring (--as-of) and so not counted yet.',
    '1 line repeats the id of an earlier line. Each is scored as a lead of its own.',
  ]);
});

test('a JSON document over several lines, with the command that makes NDJSON of it', async () => {
  expect(await said('[', lead({}), ']')).toContain(
    'The input is one JSON document over several lines. Write one lead per line: jq -c ".[]" does.',
  );
});

test.each([
  ['{"id": "1", "fields": {"company.employees": NaN}}', 'is not valid JSON: NaN is not a value of JSON.'],
  ['{"id": "1", "fields": {"contact.need": None}}', 'is not valid JSON: None is not a value of JSON.'],
  ["{'id': '1'}", 'is not valid JSON: names and texts need double quotes.'],
])('the line %s, which a script wrote', async (line, message) => {
  expect(await said(line)).toEqual([expect.stringContaining(message), expect.stringContaining('1 line is not scored')]);
});
