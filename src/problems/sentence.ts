// A sentence about one problem of a value, and what the sentences are made from.
import type { z } from 'zod';
import { exampleOf } from './examples.ts';
import { keysAt } from './schema-at.ts';
import type { Kind } from './value-kinds.ts';
import { inQuotes } from './words.ts';

export type Path = readonly PropertyKey[];

export interface Sentence {
  readonly path: Path;
  /** The key at the end of the path is meant, not its value. */
  readonly atKey?: true;
  readonly message: string;
  readonly fix?: string;
}

/** How the file writes a key with its value. */
export interface Notation {
  /** `points: 10`, or `PORT=3000` */
  line(key: string, value: string): string;
  /** The value as the file has it, without quotes: `1.0` for the number 1. */
  written?(path: Path): string | undefined;
  /** What to say of an empty file. */
  readonly ifEmpty?: string;
  /** Every value is a text, so messages do not say that it is one. */
  readonly isTextOnly?: boolean;
  /** The content of the file may be secret: messages never show a value. */
  isSecret?(path: Path): boolean;
}

/** The value with problems, its schema, and how it is written. */
export interface Context {
  readonly root: unknown;
  readonly schema: z.ZodType;
  readonly notation: Notation;
}

export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (value instanceof Map) {
      value = value.get(key);
      continue;
    }
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

/** The last key of the path, also for an entry of its list. */
export function nameOf(path: Path): string {
  return String(path.findLast((key) => typeof key === 'string') ?? 'the file');
}

/** `points`, or `entry 2 of cases` */
export function subjectOf(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return 'the file';
  return typeof last === 'number' ? `entry ${last + 1} of ${nameOf(path)}` : nameOf(path);
}

/** What may stand at `path`. */
export function exampleFor(path: Path, { schema }: Context, kinds: readonly Kind[] = []): string {
  const example = exampleOf(nameOf(path));
  if (example !== null) return example;
  const keys = keysAt(schema, path);
  if (keys.includes('is')) return '{ is: Software }';
  const [kind] = kinds;
  if (keys.length > 0)
    return `{ ${keys
      .slice(0, 2)
      .map((key) => `${key}: ${exampleOf(key) ?? '...'}`)
      .join(', ')} }`;
  if (kind === 'number' || kind === 'whole number') return '1';
  if (kind === 'boolean') return 'true';
  return kind === 'list' ? '[a, b]' : inQuotes('text');
}

export function withStop(message: string): string {
  return /[.?]$/.test(message) ? message : `${message}.`;
}
