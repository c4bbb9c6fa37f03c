// `leadgrade validate` as a process.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testFolder } from '../../support/test-folder.ts';
import { leadgrade } from '../run-command.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-validate-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('validate accepts a folder with a valid model', async () => {
  await mkdir(join(folder, 'mappings'), { recursive: true });
  await writeFile(join(folder, 'mappings/model.yaml'), 'name: m\nversion: "1"\nstatus: { bands: [{ id: all }] }\n');
  const { code, stdout } = await leadgrade(['validate', '--json'], { cwd: folder });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ valid: true, files: ['mappings/model.yaml'], problems: [] });
});

test('validate prints file, line and path of every mistake, and ends with exit code 2', async () => {
  const file = join(folder, 'bad.yaml');
  await writeFile(file, 'name: m\nversion: "1"\nstatus:\n  bands: [{ id: all }, { id: all }]\n  gate: []\n');
  const { code, stdout } = await leadgrade(['validate', '--model', file, '--mapping', join(folder, 'none.yaml')]);
  expect(code).toBe(2);
  expect(stdout).toContain(`error: ${file}:5:3 status.gate: unknown key "gate": did you mean gates?`);
  expect(stdout).toContain('none.yaml: the file does not exist (ENOENT).');
});

const PEOPLE = `match: { by: [email], shared_inboxes: [], max_records: 5 }
prefer: [hubspot, salesforcee]
prefer_by_field:
  contact.job_title: [salesforce, pipedrive]
activities:
  meeting: salesforce
  call: hubspott
`;

test('a misspelled CRM in people.yaml is reported with its line, by validate and by start', async () => {
  const own = await testFolder();
  await mkdir(join(own, 'mappings'));
  await writeFile(join(own, 'mappings/people.yaml'), PEOPLE);
  const lines = [
    'mappings/people.yaml:2:19 prefer[1]: unknown CRM "salesforcee": did you mean salesforce?',
    'mappings/people.yaml:4:35 prefer_by_field.contact.job_title[1]: unknown CRM "pipedrive".',
    'mappings/people.yaml:7:9 activities.call: unknown CRM "hubspott": did you mean hubspot?',
  ];
  const validated = await leadgrade(['validate'], { cwd: own });
  const opened = await leadgrade(['migrate'], { cwd: own, env: { DATA_DIR: own } });
  const started = await leadgrade(['start'], { cwd: own, env: { DATA_DIR: own, HUBSPOT_ACCESS_TOKEN: 'pat-none' } });
  expect(validated.code).toBe(2);
  for (const line of lines) expect(validated.stdout).toContain(line);
  expect(opened.code).toBe(0);
  expect(started.code).toBe(2);
  for (const line of lines) expect(started.stderr).toContain(line);
});

const MODEL = `name: draft
version: "1"
behavior: { signals: [ { id: demo, activity: form_submission, points: 40 }, { id: chat, activity: chat, points: 10 }, { id: bounce, activity: email_bounce, points: -5 } ] }
status: { bands: [ { id: hot, at_least: 45 }, { id: cold } ] }
`;

test('validate judges each named file as what its keys say', async () => {
  const own = await mkdtemp(join(tmpdir(), 'leadgrade-kinds-'));
  const files = {
    'a.yaml': MODEL,
    'b.yaml': 'csv: { id: Id }\nfields: {}\n',
    'c.yaml': 'crm: hubspot\nfields: {}\nwrite_back: {}\n',
    'd.yaml': 'activities: [ { from: track, type: chat } ]\n',
    'e.yaml':
      'match: { by: [], shared_inboxes: [], max_records: 5 }\nprefer: []\nprefer_by_field: {}\nactivities: {}\n',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(own, name), text);
  const judged = await leadgrade(['validate', ...Object.keys(files)], { cwd: own });
  await writeFile(join(own, 'f.yaml'), 'hello: 1\n');
  const unclear = await leadgrade(['validate', 'f.yaml'], { cwd: own });
  await rm(own, { recursive: true });
  expect(judged.stdout.split('\n')).toEqual([
    'a.yaml: highest attainable: fit 0, behavior 50, total 50. Bands by total:',
    '  hot: from 45: reached by behavior alone, or by fit and behavior together',
    '  cold: all other leads',
    'a.yaml, b.yaml, c.yaml, d.yaml, e.yaml: valid.',
    '',
  ]);
  expect(unclear.stdout).toContain('f.yaml: the keys of the file do not tell what it is.');
  expect(unclear.code).toBe(2);
});

test('a draft of a model in mappings/ or models/ is judged as a model', async () => {
  const own = await mkdtemp(join(tmpdir(), 'leadgrade-drafts-'));
  await mkdir(join(own, 'mappings'));
  await mkdir(join(own, 'models'));
  await writeFile(join(own, 'mappings/model.yaml'), MODEL);
  await writeFile(join(own, 'mappings/draft.yaml'), MODEL);
  await writeFile(join(own, 'models/next.yaml'), MODEL.replace('at_least: 45', 'at_least: 300'));
  const { code, stdout } = await leadgrade(['validate'], { cwd: own });
  await rm(own, { recursive: true });
  expect(code).toBe(0);
  expect(stdout).toContain(
    'warning: models/next.yaml:4:41 status.bands[0].at_least: no lead is ever hot: it begins at 300',
  );
  expect(stdout).toContain('mappings/model.yaml, mappings/draft.yaml, models/next.yaml: valid.');
});

test('validate refuses a mapping with a rule that never makes an activity', async () => {
  const own = await mkdtemp(join(tmpdir(), 'leadgrade-rules-'));
  const rules = `activities:
  - { from: meetings, type: meeting, at: a }
  - { from: meetings, type: call, at: a, when: { field: kind, is: Call } }
`;
  await writeFile(join(own, 'h.yaml'), `crm: hubspot\nfields: {}\nwrite_back: {}\n${rules}`);
  const { code, stdout } = await leadgrade(['validate', 'h.yaml'], { cwd: own });
  await rm(own, { recursive: true });
  expect(code).toBe(2);
  expect(stdout).toContain(
    'error: h.yaml:6:5 activities[1]: rule 2 (meetings to call) never makes an activity: rule 1 above takes everything that it is for.',
  );
});

test('validate reports a mistake in events.yaml with its line', async () => {
  const own = await testFolder();
  await mkdir(join(own, 'mappings'));
  const rule = '  - { from: track, type: chat, when: { field: plan, is: Team } }';
  await writeFile(join(own, 'mappings/events.yaml'), `activities:\n${rule}\n`);
  const { code, stdout } = await leadgrade(['validate'], { cwd: own });
  expect(code).toBe(2);
  expect(stdout).toContain('mappings/events.yaml:2:38 activities[0].when: unknown message field "plan".');
});
