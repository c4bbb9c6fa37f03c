// Doctor names files with secrets that others may read.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { secretFileFindings } from '../../../cli/doctor/secret-files.ts';

async function folderWith(files: Readonly<Record<string, number>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'leadgrade-secrets-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, mode] of Object.entries(files)) {
    await writeFile(join(folder, name), 'x');
    await chmod(join(folder, name), mode);
  }
  return folder;
}

test('a .env that others may read is named with the command that closes it', async () => {
  const folder = await folderWith({ '.env': 0o644 });
  expect(await secretFileFindings({}, folder)).toEqual([
    {
      part: 'leadgrade',
      what: 'secrets',
      level: 'warning',
      detail: `other users of this machine may read ${folder}/.env`,
      fix: `Run: chmod 600 ${folder}/.env`,
    },
  ]);
});

test('a file that a setting names is checked as well, and a private one or a missing one gives no finding', async () => {
  const folder = await folderWith({ '.env': 0o600, token: 0o640, key: 0o600 });
  const env = {
    HUBSPOT_ACCESS_TOKEN_FILE: 'token',
    ADMIN_TOKEN_FILE: join(folder, 'key'),
    METRICS_TOKEN_FILE: 'missing',
  };
  expect((await secretFileFindings(env, folder)).map(({ fix }) => fix)).toEqual([`Run: chmod 600 ${folder}/token`]);
});

test('the model file and the files of other programs are no secrets of ours', async () => {
  const folder = await folderWith({ 'model.yaml': 0o644, 'cert.pem': 0o644 });
  expect(await secretFileFindings({ MODEL_FILE: 'model.yaml', SSL_CERT_FILE: 'cert.pem' }, folder)).toEqual([]);
});
