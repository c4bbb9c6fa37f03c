// Finds what the parser cannot read, and what it reads as something that was surely not meant.
import { type Document, isAlias, isMap, isNode, isScalar, type LineCounter, visit, type YAMLMap } from 'yaml';
import type { Problem } from '../domain/problem.ts';
import { inQuotes, quoted } from '../problems/words.ts';
import type { YamlError } from '../problems/yaml-error.ts';
import { describeSyntax, twice, unclosedQuote } from '../problems/yaml-sentences.ts';

interface Parts {
  readonly text: string;
  readonly file: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  /** All keys of this kind of file. */
  knownKeys(): ReadonlySet<string>;
}

/** Errors in file order; empty if the file can be read. */
export function findSyntaxProblems(parts: Parts): readonly Problem[] {
  const { document } = parts;
  const found = [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0]);
  const [first] = found;
  if (first === undefined) return nodeProblems(parts);
  // Further errors are mostly consequences of the first one.
  const reported = first.code === 'TAB_AS_INDENT' ? found.filter(({ code }) => code === first.code) : [first];
  return reported.map((error) => toProblem(error, parts));
}

type ParserError = Document.Parsed['errors'][number] | Document.Parsed['warnings'][number];

function toProblem({ code, message: reason, pos }: ParserError, parts: Parts): Problem {
  const { text, lines } = parts;
  const rows = text.split('\n');
  if (/Missing closing ["']/.test(reason) || code === 'UNEXPECTED_TOKEN') {
    const open = openQuote(rows, lines.linePos(pos[0]).line, /closing '/.test(reason) ? "'" : '"');
    if (open !== null) return problemAt(parts, open, unclosedQuote(open.sign));
  }
  const bracket = /end with a (\S)/.exec(reason)?.[1] === '}' ? '{' : '[';
  const open = /end with a/.test(reason) ? openBracket(text.slice(0, pos[0]), bracket) : null;
  // An error at the end of the file belongs to the last line with a text.
  const { line, col } = lines.linePos(open ?? Math.min(pos[0], text.trimEnd().length));
  const error: YamlError = {
    code,
    reason,
    line: rows[line - 1]?.replace(/\r$/, '') ?? '',
    lineNumber: line,
    column: col,
    nextLine: rows[line] ?? '',
    knownKeys: parts.knownKeys(),
  };
  return problemAt(parts, { line, column: col }, describeSyntax(error));
}

function problemAt(
  { file }: Parts,
  { line, column }: { readonly line: number; readonly column: number },
  { message, fix }: { readonly message: string; readonly fix: string },
): Problem {
  return { level: 'error', file, line, column, path: '', message, fix };
}

/** The offset of the last bracket without a partner. */
function openBracket(text: string, bracket: string): number | null {
  let depth = 0;
  for (let index = text.length - 1; index >= 0; index--) {
    if ('}]'.includes(text[index] ?? '')) depth++;
    if (!'{['.includes(text[index] ?? '')) continue;
    if (depth === 0 && text[index] === bracket) return index;
    depth--;
  }
  return null;
}

/** The first line, up to that of the error, whose quotes do not come in pairs. */
function openQuote(rows: readonly string[], until: number, sign: string) {
  for (const [index, row] of rows.slice(0, until).entries()) {
    const start = unpairedQuote(row, sign);
    if (start !== null) return { line: index + 1, column: start + 1, sign };
  }
  return null;
}

/** The index of a quote that begins a value or key and has no partner in its line. */
function unpairedQuote(row: string, sign: string): number | null {
  const inside = sign === '"' ? '(?:\\\\.|[^"\\\\])*' : "[^']*";
  const pairs = new RegExp(`(^|[:,[{-])(\\s*)${sign}${inside}${sign}`, 'g');
  const rest = row.replace(pairs, (all, before: string) => before.padEnd(all.length, 'x'));
  const start = rest.search(new RegExp(`(?<=(^|[:,[{-])\\s*)${sign}`));
  const comment = rest.search(/(^|\s)#/);
  return start < 0 || (comment >= 0 && comment < start) ? null : start;
}

const MAX_PROBLEMS = 100;

/** Levels of sections and lists: a condition of a model is about ten levels deep. */
const MAX_DEPTH = 50;

/**
 * What the parser accepts: keys that stand twice, keys that are no text, unknown aliases, invisible
 * characters, curly quotes, too many levels.
 */
function nodeProblems(parts: Parts): readonly Problem[] {
  const { document, lines } = parts;
  const problems: Problem[] = [];
  const anchors = new Set<string>();
  const report = (offset: number, message: string, fix: string) => {
    if (problems.length >= MAX_PROBLEMS) return;
    const { line, col } = lines.linePos(offset);
    problems.push(problemAt(parts, { line, column: col }, { message, fix }));
  };
  visit(document, {
    Node: (_key, node) => {
      if (!isAlias(node) && node.anchor) anchors.add(node.anchor);
    },
  });
  visit(document, {
    Alias: (_key, { source, range }) => {
      if (anchors.has(source) || !range) return;
      report(range[0], `a text that begins with * needs quotes: *${source}.`, `Write "*${source}".`);
    },
    Collection: (_key, node, ancestors) => {
      if (isMap(node)) reportKeys(node, lines, report);
      if (ancestors.length <= 2 * MAX_DEPTH) return undefined;
      report(
        node.range?.[0] ?? 0,
        `the file is nested more than ${MAX_DEPTH} levels deep.`,
        'Write it with fewer levels.',
      );
      return visit.BREAK;
    },
    Scalar: (_key, { value, range }) => {
      if (typeof value !== 'string' || !range) return;
      if (CONTROL.test(value)) report(range[0], 'an invisible character is in this text.', 'Type the text again.');
      const [, inside] = /^[“”„«‘’](.*)[“”»‘’]$/su.exec(value) ?? [];
      if (inside === undefined) return;
      report(range[0], `curly quotes are part of the text here: ${quoted(value)}.`, `Write ${inQuotes(inside)}`);
    },
  });
  return problems;
}

/** Keys that stand twice in a section, keys that are lists or sections, and `__proto__`. */
function reportKeys(
  { items }: YAMLMap,
  lines: LineCounter,
  report: (offset: number, message: string, fix: string) => void,
): void {
  const starts = new Map<string, number>();
  for (const { key } of items) {
    if (!isNode(key) || !key.range) continue;
    const [start] = key.range;
    if (!isScalar(key)) {
      report(start, 'a key must be a text, not a list or a section.', 'Write a name and a colon: points: 10.');
      continue;
    }
    const name = String(key.value);
    // zod leaves this key out of a record without a word: a condition on it would be lost.
    if (name === '__proto__') report(start, 'a key cannot be __proto__.', 'Choose another name.');
    const first = starts.get(name);
    if (first === undefined) {
      starts.set(name, start);
      continue;
    }
    const places = [first, start].map((offset) => lines.linePos(offset).line);
    const { message, fix } = twice(name, [...new Set(places)]);
    report(start, message, fix);
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u200b\u2060\ufeff]/u;
