// `leadgrade errors list`: pages of records, then of quarantined parts of webhooks.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertQuarantine } from '../../../src/store/inbox/quarantine.ts';
import { recordErrors } from '../../../src/store/leads/record-errors.ts';
import { openDatabase } from '../../../src/store/open-database.ts';
import { saveSetAside } from '../../../src/store/set-aside/set-aside.ts';
import { at, ref } from '../../store/fresh-store.ts';
import { BACKEND, type Installation } from '../../support/backends.ts';
import { leadgradeHere } from '../run-command.ts';

let installation: Installation;

beforeAll(async () => {
  installation = await BACKEND.create();
  const { DATABASE_URL: databaseUrl, DATA_DIR: dataDir } = installation.env;
  const { db, close } = await openDatabase({ databaseUrl, dataDir });
  const problem = { stage: 'read', field: '', code: 'BAD_VALUE', message: 'is odd' } as const;
  await recordErrors(
    db,
    'hubspot',
    [1, 2].map((id) => ({ ...problem, ref: ref(String(id)) })),
    at(),
  );
  const failure = { code: 'HTTP_400', message: 'Words of the CRM.', fix: 'Publish the form again.' };
  await saveSetAside(db, 'hubspot', [{ stream: 'form_submissions', kind: 'form', id: 'f1', failure }], at());
  for (const n of [1, 2, 3]) {
    await insertQuarantine(db, 'hubspot', [{ text: `jane${n}@acme.example`, reason: `Reason ${n}.` }], at(n));
  }
  await close();
});
afterAll(() => installation.destroy());

function list(...args: readonly string[]) {
  return leadgradeHere(['errors', 'list', ...args], { env: { ...installation.env, HUBSPOT_ACCESS_TOKEN: 'token' } });
}

test('the pages of errors list contain each record, each thing that is set aside and each part of a webhook once, and end', async () => {
  const seen: string[] = [];
  let after: readonly string[] = [];
  for (let page = 0; page < 5; page += 1) {
    const { stdout, stderr, code } = await list('--limit', '2', ...after);
    expect(code).toBe(0);
    expect(stdout).not.toContain('jane');
    seen.push(...(stdout.match(/hubspot:\d|form of form_submissions: f1|Reason \d/g) ?? []));
    const more = /^More: --after (\S+)$/m.exec(stderr)?.[1];
    if (more === undefined) break;
    after = ['--after', more];
  }
  expect(seen).toEqual(['hubspot:1', 'hubspot:2', 'form of form_submissions: f1', 'Reason 1', 'Reason 2', 'Reason 3']);
  expect(after).toEqual(['--after', 'webhook:3']);
});

test('a page of errors list --json may contain the last records and the first parts of webhooks', async () => {
  const { stdout, stderr } = await list('--limit', '4', '--json');
  const entries: unknown[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(entries).toMatchObject([
    { record_id: '1' },
    { record_id: '2' },
    { setAside: { stream: 'form_submissions', id: 'f1', code: 'HTTP_400', message: 'Words of the CRM.' } },
    { quarantine: { id: 1, reason: 'Reason 1.' } },
  ]);
  expect(stderr).toBe('More: --after webhook:1\n');
});

test.each([
  ['--after', 'record:1'],
  ['--after', '-1'],
  ['--limit', '0'],
])('errors list %s %s is bad usage', async (option, value) => {
  expect(await list(`${option}=${value}`)).toMatchObject({ code: 2, stdout: '' });
});
