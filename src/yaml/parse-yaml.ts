// Parses a YAML file that people edit (model, mapping) into a typed value, or into problems with
// file, line, column and path.
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import type { Problem } from '../domain/problem.ts';
import { allKeys } from '../problems/schema-at.ts';
import type { Notation, Sentence } from '../problems/sentence.ts';
import { parseInWords } from '../problems/zod-sentences.ts';
import { type FileKind, IF_EMPTY, otherKind } from './file-kind.ts';
import { sizeProblem } from './file-text.ts';
import { byPlace, formatPath, type Path, type Place } from './paths.ts';
import { findSyntaxProblems } from './syntax-problems.ts';

export interface ParsedYaml<T> {
  /** Null if there is any error. */
  readonly value: T | null;
  readonly problems: readonly Problem[];
  /** The place of the node at `path`, or of its nearest existing ancestor. */
  locate(path: Path): Place;
}

// A model needs few aliases; a small file that expands to gigabytes has hundreds.
const MAX_ALIASES = 100;

/**
 * @param text the file's content, YAML 1.2 core schema
 * @param file the file name for problems
 * @param schema the expected content; with strict objects, unknown keys are errors
 * @param kind the kind of file that is wanted
 */
export function parseYaml<T>(text: string, file: string, schema: z.ZodType<T>, kind?: FileKind): ParsedYaml<T> {
  const tooLarge = sizeProblem(text);
  if (tooLarge !== null) {
    return { value: null, problems: [{ level: 'error', file, path: '', ...tooLarge }], locate: () => FIRST };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    // findSyntaxProblems finds keys that stand twice, in linear time and with both lines.
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
  });
  const locate = (path: Path): Place => placeOf(document, lines, path);
  const syntax = findSyntaxProblems({ text, file, document, lines, knownKeys: () => allKeys(schema) });
  if (syntax.length > 0) return { value: null, problems: syntax, locate };
  const content = expand(document, file);
  if ('problem' in content) return { value: null, problems: [content.problem], locate };
  const parsed = parseInWords(schema, content.value, notationOf(document, text, kind));
  if ('value' in parsed) return { value: parsed.value, problems: [], locate };
  const other = kind === undefined ? null : otherKind(text, kind);
  if (other !== null)
    return { value: null, problems: [{ level: 'error', file, ...FIRST, path: '', ...other }], locate };
  const problems = parsed.sentences.map((sentence) => toProblem(sentence, file, document, lines));
  return { value: null, problems: problems.toSorted(byPlace), locate };
}

const FIRST: Place = { line: 1, column: 1 };

function toProblem({ path, atKey, message, fix }: Sentence, file: string, document: Document, lines: LineCounter) {
  const place = atKey ? keyPlace(document, lines, path) : placeOf(document, lines, path);
  const problem: Problem = { level: 'error', file, ...place, path: formatPath(path), message };
  return fix === undefined ? problem : { ...problem, fix };
}

function notationOf(document: Document, text: string, kind: FileKind | undefined): Notation {
  return {
    ifEmpty: kind === undefined ? 'Write its keys, or remove the file.' : IF_EMPTY[kind],
    line: (key, value) => `${key}: ${value}`,
    written: (path) => {
      const node = document.getIn(path, true);
      if (!isNode(node) || !node.range) return undefined;
      if (!isScalar(node)) return shortText(text.slice(node.range[0], node.range[1]));
      if (node.value !== null) return node.source;
      // A value that was meant may have become a comment: `label: #1 lead`.
      return /^.*/.exec(text.slice(node.range[0]))?.[0].trim();
    },
  };
}

/** A list or section that stands on one line. */
function shortText(text: string): string | undefined {
  return text.includes('\n') || text.length > 60 ? undefined : text.trim();
}

function expand(document: Document, file: string): { value: unknown } | { problem: Problem } {
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) };
  } catch {
    const message = `the file repeats sections (* and &) more than ${MAX_ALIASES} times.`;
    return { problem: { level: 'error', file, ...FIRST, path: '', message, fix: 'Write the values out.' } };
  }
}

function placeOf(document: Document, lines: LineCounter, path: Path): Place {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return toPlace(lines.linePos(node.range[0]));
  }
  return FIRST;
}

/** The place of the key at the end of the path. */
function keyPlace(document: Document, lines: LineCounter, path: Path): Place {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const items = isMap(parent) ? parent.items : [];
  const pair = items.find(({ key }) => isScalar(key) && String(key.value) === String(path.at(-1)));
  if (pair === undefined || !isNode(pair.key) || !pair.key.range) return placeOf(document, lines, path);
  return toPlace(lines.linePos(pair.key.range[0]));
}

function toPlace({ line, col }: { readonly line: number; readonly col: number }): Place {
  return { line, column: col };
}
