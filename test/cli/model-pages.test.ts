// The pages of docs/models show the real output of the commands that they name.
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { leadgradeHere } from './run-command.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGES = globSync('docs/models/*.md', { cwd: ROOT }).filter((page) => basename(page) !== 'README.md');
const textOf = (page: string) => readFileSync(join(ROOT, page), 'utf8');

test('the index of docs/models names every page', () => {
  const index = textOf('docs/models/README.md');
  expect(PAGES.filter((page) => !index.includes(`(${basename(page)})`))).toEqual([]);
});

test.each(PAGES.toSorted())('%s shows what its model makes of the three leads', async (page) => {
  const text = textOf(page);
  const [, command = ''] = /^npx leadgrade (score .*)$/m.exec(text) ?? [];
  const [, shown] = /^```text\n(.*?)^```$/ms.exec(text) ?? [];
  const { stdout, code } = await leadgradeHere(command.split(' '));
  expect(code).toBe(0);
  expect(stdout.trimEnd()).toBe(shown?.trimEnd());
});
