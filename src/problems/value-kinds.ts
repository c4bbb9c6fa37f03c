// The kinds of value that a schema asks for, and how a value of another kind is probably meant.
import type { z } from 'zod';
import { inQuotes } from './words.ts';

type Path = readonly PropertyKey[];

export type Kind = 'text' | 'number' | 'whole number' | 'boolean' | 'list' | 'section' | 'nothing' | { value: string };

const KINDS: Readonly<Record<string, Kind>> = {
  string: 'text',
  number: 'number',
  int: 'whole number',
  boolean: 'boolean',
  array: 'list',
  tuple: 'list',
  set: 'list',
  object: 'section',
  record: 'section',
  map: 'section',
  null: 'nothing',
};

const NAMES: Readonly<Record<string, string>> = {
  text: 'text',
  number: 'a number',
  'whole number': 'a whole number',
  boolean: 'true or false',
  list: 'a list',
  section: 'a section with keys',
  nothing: 'empty',
};

export function nameOfKind(kind: Kind): string {
  return typeof kind === 'string' ? (NAMES[kind] ?? kind) : kind.value;
}

/** The kind that the issue asks for; null if the value has the right kind. */
export function kindOfIssue(issue: z.core.$ZodIssue): Kind | null {
  return issue.path.length === 0 && issue.code === 'invalid_type' ? (KINDS[issue.expected] ?? 'text') : null;
}

/** All kinds that the value may have. */
export function wantedKinds(issue: z.core.$ZodIssueInvalidType | z.core.$ZodIssueInvalidUnion): readonly Kind[] {
  if (issue.code === 'invalid_type') return [KINDS[issue.expected] ?? 'text'];
  if ('options' in issue && issue.discriminator !== undefined) {
    return (issue.options ?? []).map((value) => ({ value: String(value) }));
  }
  const kinds = issue.errors.flat().flatMap((each): readonly Kind[] => {
    if (each.code === 'invalid_value') return each.values.map((value) => ({ value: String(value) }));
    if (each.code === 'invalid_union') return wantedKinds(each);
    const kind = kindOfIssue(each);
    return kind === null ? [] : [kind];
  });
  const byName = new Map(kinds.map((kind) => [nameOfKind(kind), kind]));
  return [...byName.values()];
}

interface Origin {
  readonly path: Path;
  written?(path: Path): string | undefined;
}

/** What the value is probably meant to be, as the file would write it; null if nothing is likely. */
export function writtenAs(kinds: readonly Kind[], value: unknown, { path, written }: Origin): string | null {
  for (const kind of kinds) {
    const found = kind === 'text' ? asText(value, written?.(path)) : asKind(kind, value, path);
    if (found !== null) return found;
  }
  return null;
}

function asText(value: unknown, written: string | undefined): string | null {
  if (typeof value !== 'number' && typeof value !== 'boolean') return null;
  return inQuotes(written ?? String(value));
}

function asKind(kind: Kind, value: unknown, path: Path): string | null {
  if (kind === 'number') return asNumber(value, path);
  if (kind === 'whole number') {
    const number = typeof value === 'number' ? value : Number(asNumber(value, path) ?? Number.NaN);
    return Number.isFinite(number) ? String(Math.max(1, Math.round(number))) : null;
  }
  if (kind === 'boolean') return asBoolean(value);
  if (kind !== 'list' || value === null || typeof value === 'object') return null;
  const entries = String(value)
    .split(/(?:^|\s)-(?=\S)/)
    .map((each) => each.trim())
    .filter(Boolean);
  return `[${(entries.length > 1 ? entries : [String(value)]).map(asEntry).join(', ')}]`;
}

function asEntry(text: string): string {
  return /^[\w/][\w ./&+-]*$/.test(text) ? text : inQuotes(text);
}

/** A share between 0 and 1, for which people write per cent. */
const SHARES: ReadonlySet<string> = new Set(['min_coverage']);

function asNumber(value: unknown, path: Path): string | null {
  if (typeof value !== 'string') return null;
  if (/\d[-/:]\d/.test(value)) return null;
  // 1_000, 1 000 and 1,000 are a thousand.
  const plain = value.replace(/(?<=\d)[_'’\s,](?=\d{3}(?!\d))/gu, '');
  const [, sign = '', digits = '', percent] = /^\s*([+\-−–]?)\s*(\d+(?:[.,]\d+)?)\s*(%)?/u.exec(plain) ?? [];
  if (digits === '') return null;
  const number = Number(digits.replace(',', '.'));
  const share = percent !== undefined && SHARES.has(String(path.at(-1))) ? number / 100 : number;
  return String(sign === '' || sign === '+' ? share : -share);
}

const YES = /^(true|yes|y|on|ja|oui|si|1)$/i;
const NO = /^(false|no|n|off|nein|non|0)$/i;

function asBoolean(value: unknown): string | null {
  const text = String(value).trim();
  if (YES.test(text)) return 'true';
  return NO.test(text) ? 'false' : null;
}
