// `leadgrade validate` as a process.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leadgrade } from './run.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgrade-validate-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a folder with a valid model is valid', async () => {
  await mkdir(join(folder, 'mappings'), { recursive: true });
  await writeFile(join(folder, 'mappings/model.yaml'), 'name: m\nversion: "1"\nstatus: { bands: [{ id: all }] }\n');
  const { code, stdout } = await leadgrade(['validate', '--json'], { cwd: folder });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ valid: true, files: ['mappings/model.yaml'], problems: [] });
});

test('mistakes are all named, with file, line, path and what to do, and end with exit code 2', async () => {
  const file = join(folder, 'bad.yaml');
  await writeFile(file, 'name: m\nversion: "1"\nstatus:\n  bands: [{ id: all }, { id: all }]\n  gate: []\n');
  const { code, stdout } = await leadgrade(['validate', '--model', file, '--mapping', join(folder, 'none.yaml')]);
  expect(code).toBe(2);
  expect(stdout).toContain(`error: ${file}:5 status.gate: unknown key "gate".`);
  expect(stdout).toContain('none.yaml: cannot be read (ENOENT).');
});
