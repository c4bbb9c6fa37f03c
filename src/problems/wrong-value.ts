// A value that its key may not have: what it must be, and the value that was probably meant.
import type { z } from 'zod';
import { exampleOf } from './examples.ts';
import { isOptionalAt, keysAt } from './schema-at.ts';
import { type Context, exampleFor, nameOf, type Path, subjectOf, valueAt, withStop } from './sentence.ts';
import { closest } from './suggest.ts';
import { type Kind, nameOfKind, wantedKinds, writtenAs } from './value-kinds.ts';
import { count, describeValue, listOf, quoted } from './words.ts';

interface Words {
  readonly message: string;
  readonly fix?: string;
}

/** What the sentences about one value have in common. */
interface Subject {
  readonly value: unknown;
  readonly path: Path;
  readonly context: Context;
  readonly name: string;
  /** `, not the text "x"`; empty for a secret */
  readonly not: string;
  readonly isSecret: boolean;
  readonly write: (text: string) => string;
  readonly suggest: (text: string) => string;
}

export function wrongValue(issue: z.core.$ZodIssue, path: Path, context: Context): Words {
  const { notation } = context;
  const value = valueAt(context.root, path);
  const isSecret = notation.isSecret?.(path) === true;
  const isPlainText = notation.isTextOnly === true && typeof value === 'string';
  const shown = isPlainText ? quoted(value) : describeValue(value, notation.written?.(path));
  const subject: Subject = {
    value,
    path,
    context,
    isSecret,
    name: subjectOf(path),
    not: isSecret ? '' : `, not ${shown}`,
    write: (text) => `Write ${notation.line(nameOf(path), text)}`,
    suggest: (text) => `For example ${notation.line(nameOf(path), text)}`,
  };
  return issue.message === '' ? ownWords(issue, subject) : schemaWords(issue, subject);
}

/** The message of the schema, with the value and the line to write. */
function schemaWords(issue: z.core.$ZodIssue, subject: Subject): Words {
  const { message } = issue;
  const isRule = message.startsWith('must ');
  const isContinued = isRule || message.startsWith('is ');
  const [what = '', ...rest] = (isContinued ? `${subject.name} ${message}` : message).split(': ');
  const full = withStop([`${what}${isRule ? subject.not : ''}`, ...rest].join(': '));
  const fix = schemaFix(issue, isRule, subject);
  return fix === null ? { message: full } : { message: full, fix };
}

function schemaFix(issue: z.core.$ZodIssue, isRule: boolean, { value, path, context, write, suggest }: Subject) {
  const params = issue.code === 'custom' ? issue.params : undefined;
  const fix: unknown = params?.fix;
  const meant: unknown = params?.write;
  if (typeof fix === 'string') return fix;
  if (typeof meant === 'string') return write(meant);
  if (!isRule) return null;
  const better = Array.isArray(value) ? meantAs([], value, path, context) : null;
  if (better !== null) return better;
  const example = exampleOf(nameOf(path));
  const withUnit = valueInUnit(example, value);
  return withUnit === null ? (example === null ? null : suggest(example)) : write(withUnit);
}

/** `window: 30` with the example `90d` is meant as 30d. */
function valueInUnit(example: string | null, value: unknown): string | null {
  const [, unit] = /^\d+([dwh%])$/.exec(example ?? '') ?? [];
  return unit !== undefined && typeof value === 'number' && value > 0 ? `${value}${unit}` : null;
}

function ownWords(issue: z.core.$ZodIssue, subject: Subject): Words {
  const { path, context, name, value, not, isSecret, write, suggest } = subject;
  switch (issue.code) {
    case 'too_small':
    case 'too_big':
      return outOfBounds(issue, subject);
    case 'invalid_value':
      return notAmong(issue.values.map(String), subject);
    case 'not_multiple_of':
      return { message: `${name} must be a multiple of ${issue.divisor}${not}.`, fix: write(String(issue.divisor)) };
    case 'invalid_format': {
      const shown = isSecret ? '' : `: ${describeValue(value)}`;
      return { message: `${name} has the wrong form${shown}.`, fix: suggest(exampleFor(path, context)) };
    }
    case 'invalid_key':
      return {
        message: `the key ${quoted(nameOf(path))} may not stand here.`,
        fix: 'Write a name of letters, digits, dots and _.',
      };
    case 'invalid_element':
      return { message: `an entry of ${name} may not stand here.`, fix: suggest(exampleFor(path, context)) };
    case 'invalid_type':
    case 'invalid_union':
      return wrongKind(issue, subject);
    default:
      return { message: `${name} may not be ${isSecret ? 'this' : describeValue(value)}.` };
  }
}

function wrongKind(
  issue: z.core.$ZodIssueInvalidType | z.core.$ZodIssueInvalidUnion,
  { path, context, name, value, not, isSecret, suggest }: Subject,
): Words {
  const kinds = wantedKinds(issue);
  const better = isSecret ? null : meantAs(kinds, value, path, context);
  const wanted = kinds.length === 0 ? 'something else' : listOf(kinds.map(nameOfKind), 'or');
  return { message: `${name} must be ${wanted}${not}.`, fix: better ?? suggest(exampleFor(path, context, kinds)) };
}

function notAmong(allowed: readonly string[], { name, value, not, write, suggest }: Subject): Words {
  const meant = typeof value === 'string' ? closest(value, allowed) : null;
  const message = `${name} must be ${listOf(allowed, 'or')}${not}.`;
  return { message, fix: meant === null ? suggest(allowed[0] ?? '') : `Did you mean ${meant}? ${write(meant)}` };
}

/** The line that is probably meant, or null. */
function meantAs(kinds: readonly Kind[], value: unknown, path: Path, context: Context): string | null {
  const { notation } = context;
  const write = (key: string, text: string) => `Write ${notation.line(key, text)}`;
  const name = nameOf(path);
  const written = notation.written?.(path);
  if (name === 'is' && Array.isArray(value)) return write('one_of', written ?? '[a, b]');
  const section = kinds.includes('section') ? asSection(value, written, keysAt(context.schema, path)) : null;
  if (section !== null) return write(name, section);
  if (kinds.includes('list') && typeof value === 'object' && !Array.isArray(value)) {
    return 'Begin each entry with "- ", or write it in [ ].';
  }
  const better = writtenAs(kinds, value, { ...notation, path });
  return better === null ? null : typeof path.at(-1) === 'number' ? `Write ${better} there.` : write(name, better);
}

/** A value that stands where a section with one key is meant: `demo` for `{ is: demo }`. */
function asSection(value: unknown, written: string | undefined, keys: readonly string[]): string | null {
  const key = Array.isArray(value) ? 'one_of' : ['is', 'from'].find((each) => keys.includes(each));
  if (key === undefined || !keys.includes(key) || (typeof value === 'object' && !Array.isArray(value))) return null;
  return `{ ${key}: ${written ?? (Array.isArray(value) ? '[a, b]' : String(value))} }`;
}

function outOfBounds(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, subject: Subject): Words {
  const { name, value, isSecret, write } = subject;
  const bound = Number(issue.code === 'too_small' ? issue.minimum : issue.maximum);
  if (issue.origin === 'string' || issue.origin === 'array') return wrongLength(issue, bound, subject);
  const side = issue.code === 'too_small' ? 'at least' : 'at most';
  const share = typeof value === 'number' && bound === 1 && value > 1 && value <= 100 ? value / 100 : bound;
  const not = isSecret ? '' : `, not ${String(value)}`;
  return { message: `${name} must be ${side} ${bound}${not}.`, fix: write(String(share)) };
}

function wrongLength(
  { code, origin }: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  bound: number,
  { name, value, path, context, suggest }: Subject,
): Words {
  const what = origin === 'array' ? 'entries' : 'characters';
  if (code === 'too_small' && bound <= 1) {
    const remove = isOptionalAt(context.schema, path) ? 'Remove it, or write a value' : 'Write a value';
    const example = suggest(exampleFor(path, context)).replace('For', 'for');
    return { message: `${name} is empty.`, fix: `${remove}, ${example}` };
  }
  if (code === 'too_small') {
    return { message: `${name} must have at least ${count(bound)} ${what}.`, fix: 'Add what is missing.' };
  }
  const size = Array.isArray(value) || typeof value === 'string' ? value.length : 0;
  return { message: `${name} has ${count(size)} ${what}; at most ${count(bound)} are read.`, fix: 'Shorten it.' };
}
