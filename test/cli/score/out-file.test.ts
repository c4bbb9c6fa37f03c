// `score --out` writes regular files only, and leaves nothing behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OutputRefused, replaceFile } from '../../../src/csv/files/replace-file.ts';
import { leadgradeHere, MAIN } from '../run-command.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-out-'));
  await writeFile(join(folder, 'leads.csv'), 'id,title\n1,CEO\n');
  await writeFile(join(folder, 'columns.yaml'), 'csv: { id: id }\nfields: { contact.job_title: { from: title } }\n');
});
afterEach(() => rm(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const score = (...args: readonly string[]) =>
  leadgradeHere(['score', '--csv', at('leads.csv'), '--mapping', at('columns.yaml'), ...args]);
const leftovers = async () => (await readdir(folder)).filter((name) => name.endsWith('.tmp'));

test('an existing file is kept without --force, and replaced with it', async () => {
  await writeFile(at('out.csv'), 'mine');
  const refused = await score('--out', at('out.csv'));
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringContaining('out.csv exists. Name another file, or replace it with --force.'),
  ]);
  expect(await readFile(at('out.csv'), 'utf8')).toBe('mine');
  expect((await score('--out', at('out.csv'), '--force')).code).toBe(0);
  expect(await readFile(at('out.csv'), 'utf8')).toContain('leadgrade_total_score');
  expect(await leftovers()).toEqual([]);
});

test.each([0o600, 0o640, 0o664])('a replaced file keeps its mode %o', async (mode) => {
  await writeFile(at('out.csv'), 'mine');
  await chmod(at('out.csv'), mode);
  await score('--out', at('out.csv'), '--force');
  expect((await stat(at('out.csv'))).mode & 0o777).toBe(mode);
});

test('a new file has the mode that the umask gives', async () => {
  await score('--out', at('out.csv'));
  expect((await stat(at('out.csv'))).mode & 0o777).toBe(0o666 & ~process.umask());
});

test.each([false, true])('a symbolic link is not followed and not replaced (--force: %s)', async (force) => {
  await writeFile(at('target.csv'), 'mine');
  await symlink(at('target.csv'), at('out.csv'));
  const { code, stderr } = await score('--out', at('out.csv'), ...(force ? ['--force'] : []));
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining('out.csv is a symbolic link. Name the file that it leads to.'),
  ]);
  expect((await lstat(at('out.csv'))).isSymbolicLink()).toBe(true);
  expect(await readFile(at('target.csv'), 'utf8')).toBe('mine');
});

test('a broken link, a device, a pipe and a folder are refused, also with --force', async () => {
  await symlink(at('none.csv'), at('broken.csv'));
  const server = createServer().listen(at('pipe'));
  await once(server, 'listening');
  await mkdir(at('folder'));
  for (const [path, words] of [
    [at('broken.csv'), 'is a symbolic link'],
    ['/dev/null', 'is a device or a pipe'],
    [at('pipe'), 'is a device or a pipe'],
    [at('folder'), 'is a folder'],
  ] as const) {
    const { code, stderr } = await score('--out', path, '--force');
    expect([path, code, stderr]).toEqual([path, 2, expect.stringContaining(words)]);
  }
  server.close();
  expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
  expect(await leftovers()).toEqual([]);
});

test('an input is not overwritten with --force, not through a link either', async () => {
  await symlink(at('leads.csv'), at('alias.csv'));
  for (const name of ['leads.csv', 'columns.yaml', 'alias.csv']) {
    const { code, stderr } = await score('--out', at(name), '--force');
    expect([code, stderr]).toEqual([2, expect.stringContaining('would overwrite an input file')]);
  }
  expect(await readFile(at('leads.csv'), 'utf8')).toBe('id,title\n1,CEO\n');
});

test('--force needs --out', async () => {
  const { code, stderr } = await score('--force');
  expect([code, stderr]).toEqual([2, expect.stringContaining('--force needs --out')]);
});

test('a file that appears at the path while the rows are scored is kept', async () => {
  const file = await replaceFile(at('out.csv'), { replace: false });
  await file.write('ours');
  await writeFile(at('out.csv'), 'theirs');
  await expect(file.commit()).rejects.toBeInstanceOf(OutputRefused);
  await file.discard();
  expect(await readFile(at('out.csv'), 'utf8')).toBe('theirs');
  expect(await leftovers()).toEqual([]);
});

test('a link that appears at the path while the rows are scored is not followed', async () => {
  await writeFile(at('target.csv'), 'mine');
  const file = await replaceFile(at('out.csv'), { replace: true });
  await symlink(at('target.csv'), at('out.csv'));
  await expect(file.commit()).rejects.toBeInstanceOf(OutputRefused);
  await file.discard();
  expect(await readFile(at('target.csv'), 'utf8')).toBe('mine');
});

test('only its owner can read the temporary file', async () => {
  const file = await replaceFile(at('out.csv'), { replace: false });
  const [name = ''] = await leftovers();
  expect((await stat(at(name))).mode & 0o777).toBe(0o600);
  await file.discard();
  expect(await leftovers()).toEqual([]);
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s ends the command, deletes the temporary file and keeps the existing one',
  async (signal) => {
    const rows = Array.from({ length: 60_000 }, (_, id) => `${id},CEO\n`);
    await writeFile(at('leads.csv'), `id,title\n${rows.join('')}`);
    await writeFile(at('out.csv'), 'mine');
    const args = [
      'score',
      '--csv',
      at('leads.csv'),
      '--mapping',
      at('columns.yaml'),
      '--out',
      at('out.csv'),
      '--force',
    ];
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: 'ignore' });
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on('close', (_, by) => resolve(by)));
    while ((await leftovers()).length === 0) await sleep(10);
    child.kill(signal);
    expect(await ended).toBe(signal);
    expect(await leftovers()).toEqual([]);
    expect(await readFile(at('out.csv'), 'utf8')).toBe('mine');
  },
);
