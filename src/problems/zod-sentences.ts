// Turns what zod finds into sentences for the person who edits the file: what is wrong in the words
// of the file, and what to write. Every issue code of zod has a sentence.
//
// Messages in schemas: one that begins with `must` or `is` continues the name of the key ("points must be
// ..."); any other is a sentence of its own. Of a custom issue, `params.fix` is the sentence on what
// to do, and `params.write` the value to write.
import type { z } from 'zod';
import { exampleOf } from './examples.ts';
import { isOptionalAt } from './schema-at.ts';
import {
  type Context,
  exampleFor,
  type Notation,
  nameOf,
  type Path,
  type Sentence,
  subjectOf,
  valueAt,
  withStop,
} from './sentence.ts';
import { meantKeys, unknownKey } from './unknown-key.ts';
import { kindOfIssue } from './value-kinds.ts';
import { describeValue } from './words.ts';
import { wrongValue } from './wrong-value.ts';

export type Parsed<T> = { readonly value: T } | { readonly sentences: readonly Sentence[] };

/** Parses the value with the schema; problems as sentences. */
export function parseInWords<T>(schema: z.ZodType<T>, root: unknown, notation: Notation): Parsed<T> {
  // A file is parsed once: compiling a parser for it would take longer than interpreting the
  // schema. An issue without a message of the schema has an empty message.
  const parsed = schema.safeParse(root, { jitless: true, error: () => '' });
  if (parsed.success) return { value: parsed.data };
  const context = { root, schema, notation };
  if (notation.ifEmpty !== undefined && (typeof root !== 'object' || root === null || Array.isArray(root))) {
    const isEmpty = root === null || root === undefined;
    const message = isEmpty ? 'the file is empty.' : `the file must have keys at its top, not ${describeValue(root)}.`;
    return { sentences: [{ path: [], message, fix: notation.ifEmpty }] };
  }
  const all = parsed.error.issues.flatMap((issue) => furthestIssues(issue, [], context));
  const issues = all.slice(0, MAX_ISSUES);
  const misspelled = new Set(
    issues.flatMap(({ issue, path }) => {
      if (issue.code !== 'unrecognized_keys') return [];
      const meant = issue.keys.slice(0, MAX_ISSUES).flatMap((key) => meantKeys(key, path, context));
      return [path, ...meant.map((key) => [...path, key])].map((each) => each.join('\0'));
    }),
  );
  // A misspelled or misplaced key is also missing: it is one mistake.
  const others = issues.filter(({ issue, path }) => {
    const isMissing = issue.code === 'custom' || (valueAt(root, path) ?? null) === null;
    return issue.code === 'unrecognized_keys' || !isMissing || !misspelled.has(path.join('\0'));
  });
  return { sentences: others.flatMap(({ issue, path }) => describeIssue(issue, path, context)) };
}

/** Each one costs a walk through the file. */
const MAX_ISSUES = 200;

interface LocatedIssue {
  readonly issue: z.core.$ZodIssue;
  readonly path: Path;
}

/** For a union, the issues of the alternative that matches furthest, and best. */
function furthestIssues(issue: z.core.$ZodIssue, base: Path, context: Context): LocatedIssue[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const branches = issue.errors.filter((branch) => branch.length > 0);
    const furthest = branches.toSorted((a, b) => depthOf(b) - depthOf(a) || a.length - b.length)[0];
    if (furthest && depthOf(furthest) > 0) return furthest.flatMap((each) => furthestIssues(each, path, context));
    const [only] = preferred(branches);
    if (issue.message === '' && only && valueAt(context.root, path) !== undefined) {
      return only.flatMap((each) => furthestIssues(each, path, context));
    }
  }
  if (issue.code === 'invalid_key' || issue.code === 'invalid_element') {
    const inner = issue.issues.filter(({ message }) => message !== '');
    if (inner.length > 0) return inner.map((each) => ({ issue: { ...each, path: [] }, path }));
  }
  return [{ issue, path }];
}

/** The alternative that says more than "must be a or b": it has a message, or takes this kind of value. */
function preferred(branches: readonly (readonly z.core.$ZodIssue[])[]) {
  const ruled = branches.filter(([first]) => first?.message.startsWith('must '));
  if (ruled.length > 0) return ruled;
  const fitting = branches.filter((branch) => branch.every((each) => kindOfIssue(each) === null));
  return fitting.length === 1 ? fitting : [];
}

function depthOf(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)));
}

function describeIssue(issue: z.core.$ZodIssue, path: Path, context: Context): Sentence[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, MAX_ISSUES).map((key) => unknownKey(key, path, context));
  const value = valueAt(context.root, path);
  if (value === undefined && issue.code !== 'custom') return [missing(issue, path, context)];
  if (value === null && issue.code !== 'custom') return [withoutValue(path, context)];
  return [{ path, ...wrongValue(issue, path, context) }];
}

function missing(issue: z.core.$ZodIssue, path: Path, context: Context): Sentence {
  const key = nameOf(path);
  if (issue.message.startsWith('is ')) return { path, message: withStop(`${key} ${issue.message}`) };
  if (issue.message !== '' && !issue.message.startsWith('must ')) return { path, message: withStop(issue.message) };
  if (issue.message !== '' && exampleOf(key) === null) {
    return { path, message: withStop(`${key} is missing: it ${issue.message}`) };
  }
  return {
    path,
    message: `${key} is missing.`,
    fix: `Add it, for example ${context.notation.line(key, exampleFor(path, context))}`,
  };
}

function withoutValue(path: Path, context: Context): Sentence {
  const { notation, schema } = context;
  const key = subjectOf(path);
  const example = notation.line(nameOf(path), exampleFor(path, context));
  const isEntry = typeof path.at(-1) === 'number';
  const remove = isEntry || isOptionalAt(schema, path) ? 'Remove it, or write' : 'Write';
  const fix = isEntry ? 'Remove it.' : `${remove} a value, for example ${example}`;
  const hidden = (notation.written?.(path) ?? '').startsWith('#');
  const message = hidden ? `${key} has no value: what begins with # is a comment.` : `${key} has no value.`;
  return { path, message, fix: hidden ? 'Put the value in quotes.' : fix };
}
