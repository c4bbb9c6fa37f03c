// The documents: their texts, code blocks, sections and tables.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');
const PAGES = globSync('{*.md,docs/**/*.md,sandbox/*.md,apps/*/*.md,src/store/*.md,jobs/*.md,connectors/*/*.md}', {
  cwd: ROOT,
}).toSorted();
export const TEXTS = new Map(PAGES.map((page) => [page, readFileSync(join(ROOT, page), 'utf8')]));

export function textOf(page: string): string {
  const text = TEXTS.get(page);
  if (text === undefined) throw new Error(`${page} is missing`);
  return text;
}

interface Block {
  readonly page: string;
  readonly language: string;
  readonly code: string;
}

export const FENCED = /^```(\w*)\n(.*?)^```/gms;

export const BLOCKS: readonly Block[] = [...TEXTS].flatMap(([page, text]) =>
  [...text.matchAll(FENCED)].map((match) => ({ page, language: match[1] ?? '', code: match[2] ?? '' })),
);

/** What is set as code: the lines of shell and unit blocks, and spans inside the text. */
export const CODE = [...TEXTS].flatMap(([page, text]) => {
  const lines = BLOCKS.filter((block) => block.page === page && ['sh', 'ini'].includes(block.language));
  const spans = [...text.replaceAll(FENCED, '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
  return [...lines.flatMap(({ code }) => code.split('\n')), ...spans].map((code) => ({ page, code }));
});

/** The part of a page under one of its headings of the second level. */
export function section(page: string, heading: string): string {
  const found = textOf(page)
    .split(/^## /m)
    .find((part) => part.startsWith(`${heading}\n`));
  if (found === undefined) throw new Error(`${page} has no section "${heading}"`);
  return found;
}

/** The cells of the rows of a table, without its head. */
export function rows(text: string): readonly (readonly string[])[] {
  const lines = text.split('\n').filter((line) => line.startsWith('|'));
  const cells = lines.map((line) => line.split('|').slice(1, -1));
  return cells.slice(2).map((row) => row.map((cell) => cell.trim()));
}

export function spansOf(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}
