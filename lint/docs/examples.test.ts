// The examples of the documents parse, and their links lead to files and headings that exist.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCsvMapping } from '../../src/csv/csv-mapping.ts';
import { readEventsMapping } from '../../src/mapping/events-mapping.ts';
import { readMapping } from '../../src/mapping/mapping.ts';
import { readPeople } from '../../src/people/people-policy.ts';
import { readModelSet } from '../../src/scoring/model-set/model-set.ts';
import { readModel } from '../../src/scoring/schemas/model.ts';
import { BLOCKS, FENCED, ROOT, TEXTS, textOf } from './pages.ts';

const READERS = [
  [/^crm:/m, readMapping],
  [/^csv:/m, readCsvMapping],
  [/^activities:\n {2}- from: (track|page|screen|identify)/m, readEventsMapping],
  [/^models:/m, (text: string, file: string) => ({ problems: readModelSet(text, file).problems })],
  [/^match:/m, (text: string, file: string) => readPeople(text, file, ['hubspot', 'salesforce'])],
] as const;
const readerOf = (code: string) => READERS.find(([key]) => key.test(code))?.[1] ?? readModel;

describe('examples', () => {
  const examples = BLOCKS.filter(({ language }) => language === 'yaml');

  test.each(examples.map((example) => [example.page, example.code.split('\n')[0], example] as const))(
    '%s: the one that begins with "%s" has no problem',
    (page, _line, { code }) => {
      const { problems } = readerOf(code)(code, page);
      expect(problems).toEqual([]);
    },
  );

  test.each(['mapping', 'model'])('the %s of the whole example has no error', (name) => {
    const file = `docs/examples/x-education/${name}.yaml`;
    const code = readFileSync(join(ROOT, file), 'utf8');
    const { problems } = readerOf(code)(code, file);
    expect(problems.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test.each(['workshop', 'applied', 'payables', 'models'])('the %s.yaml of the guide has no error', (name) => {
    const file = `docs/examples/procurement/${name}.yaml`;
    const code = readFileSync(join(ROOT, file), 'utf8');
    expect(readerOf(code)(code, file).problems).toEqual([]);
  });

  test('are a model in the README, and mappings in their reference', () => {
    expect(examples.filter(({ page }) => page === 'README.md')).toHaveLength(1);
    expect(examples.filter(({ page }) => page === 'docs/mapping.md').length).toBeGreaterThan(1);
  });

  test('the reasons in the picture sum to its total', () => {
    const picture = readFileSync(join(ROOT, 'docs/img/contact.svg'), 'utf8');
    const points = [...picture.matchAll(/>([+-]\d+)</g)].map((match) => Number(match[1]));
    const [, total, fit, behavior] = />(\d+) = fit (\d+) \(\w+\) \+ behavior (\d+)/.exec(picture) ?? [];
    expect(points.reduce((sum, each) => sum + each, 0)).toBe(Number(total));
    expect(Number(fit) + Number(behavior)).toBe(Number(total));
  });
});

/** As the repository's page makes it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}

describe('links', () => {
  const links = [...TEXTS].flatMap(([page, text]) =>
    [...text.replaceAll(FENCED, '').matchAll(/\]\(([^)\s]+)\)/g)].map((match) => ({ page, to: match[1] ?? '' })),
  );

  test.each(links.filter(({ to }) => !/^https?:/.test(to)))('$page -> $to', ({ page, to }) => {
    const [path = '', anchor] = to.split('#');
    const file = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path);
    expect(existsSync(file)).toBe(true);
    if (anchor === undefined) return;
    const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm);
    expect([...headings].map((match) => anchorOf(match[1] ?? ''))).toContain(anchor);
  });
});

test('docs/reliability.md names tests that exist', () => {
  const rows = textOf('docs/reliability.md')
    .split('\n')
    .filter((line) => line.startsWith('| '));
  const named = rows.flatMap((row) => [...(row.split(' | ').at(-1) ?? '').matchAll(/`([\w./-]+)`/g)]);
  const paths = named.map((match) => match[1] ?? '').filter((path) => path !== 'test/');
  expect(paths.length).toBeGreaterThan(40);
  expect(paths.filter((path) => !existsSync(join(ROOT, 'test', path)))).toEqual([]);
});
