// Parses a YAML file that people edit (model, mapping) into a typed value, or into problems with
// file, line and path.
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import type { Problem } from '../domain/problem.ts';

export type Path = readonly PropertyKey[];

export interface ParsedYaml<T> {
  /** Null if there is any error. */
  readonly value: T | null;
  readonly problems: readonly Problem[];
  /** The 1-based line of the node at `path`, or of its nearest existing ancestor. */
  locate(path: Path): number;
}

// A model needs few aliases; a small file that expands to gigabytes has hundreds.
const MAX_ALIASES = 100;

/**
 * @param text the file's content, YAML 1.2 core schema
 * @param file the file name for problems
 * @param schema the expected content; with strict objects, unknown keys are errors
 */
export function parseYaml<T>(text: string, file: string, schema: z.ZodType<T>): ParsedYaml<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, { version: '1.2', schema: 'core', uniqueKeys: true, lineCounter: lines });
  const locate = (path: Path): number => lineOf(document, lines, path);
  if (document.errors.length > 0) {
    const problems = document.errors.map((error): Problem => {
      const message = error.message.split('\n')[0] ?? error.message;
      return { level: 'error', file, line: lines.linePos(error.pos[0]).line, path: '', message };
    });
    return { value: null, problems, locate };
  }
  const content = expand(document, file);
  if ('problem' in content) return { value: null, problems: [content.problem], locate };
  // A file is parsed once: compiling a parser for it would take longer than interpreting the
  // schema.
  const parsed = schema.safeParse(content.value, { jitless: true });
  if (parsed.success) return { value: parsed.data, problems: [], locate };
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, [], content.value, file, locate));
  return { value: null, problems, locate };
}

function expand(document: Document, file: string): { value: unknown } | { problem: Problem } {
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { problem: { level: 'error', file, line: 1, path: '', message, fix: 'Write the values out.' } };
  }
}

function lineOf(document: Document, lines: LineCounter, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

/** Turns an issue of zod into problems. For a union, reports the branch that matched furthest. */
function problemsOf(
  issue: z.core.$ZodIssue,
  base: Path,
  root: unknown,
  file: string,
  locate: (path: Path) => number,
): Problem[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const branches = issue.errors.filter((branch) => branch.length > 0);
    const furthest = branches.toSorted((a, b) => depthOf(b) - depthOf(a))[0];
    if (furthest && depthOf(furthest) > 0)
      return furthest.flatMap((each) => problemsOf(each, path, root, file, locate));
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      level: 'error',
      file,
      line: locate([...path, key]),
      path: formatPath([...path, key]),
      message: `unknown key "${key}".`,
      fix: 'Remove it, or check its spelling and indentation.',
    }));
  }
  const value = valueAt(root, path);
  const got = value === undefined ? '' : ` (got ${preview(value)})`;
  return [{ level: 'error', file, line: locate(path), path: formatPath(path), message: `${issue.message}${got}.` }];
}

function depthOf(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

function preview(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** `fit.criteria[0].cases[1].when` */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}
