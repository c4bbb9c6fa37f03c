// A key that a section may not have: the key that was probably meant, or where it belongs.

import { z } from 'zod';
import { keysAt } from './schema-at.ts';
import { type Context, nameOf, type Path, type Sentence, valueAt } from './sentence.ts';
import { closest } from './suggest.ts';
import { inQuotes, quoted } from './words.ts';

export function unknownKey(key: string, path: Path, context: Context): Sentence {
  const at = { path: [...path, key], atKey: true } as const;
  const { schema, root, notation } = context;
  const meant = meantBy(key, path, context);
  const value = valueAt(root, at.path);
  const written = notation.written?.(at.path) ?? '...';
  const pair = PAIR.exec(key);
  if (value === null && pair) {
    const fix = `Write ${notation.line(pair[1] ?? '', pair[2] ?? '')}`;
    return { ...at, message: `a space is missing after the colon in ${quoted(key)}.`, fix };
  }
  const comma = decimalComma(key, value, path, context) ?? textComma(key, path, context);
  if (comma !== null) return { ...at, ...comma };
  if (meant !== null) {
    const fix = `Write ${notation.line(meant, written)}`;
    return { ...at, message: `unknown key ${quoted(key)}: did you mean ${meant}?`, fix };
  }
  if (key === '<<') {
    return { ...at, message: 'merged sections ("<<") are not read.', fix: 'Write their keys here.' };
  }
  if (ODD_SPACE.test(key)) {
    const fix = 'Type the beginning of the line again, with ordinary spaces.';
    return { ...at, message: `a no-break space is in the key ${quoted(key)}.`, fix };
  }
  const section = sectionOf(key, path, schema);
  if (section !== null) {
    const isThere = valueAt(root, [...path, section]) !== undefined;
    const fix = isThere ? 'Indent it below that key.' : `Write ${notation.line(section, `{ ${key}: ${written} }`)}`;
    return { ...at, message: `"${key}" belongs under ${section}.`, fix };
  }
  const above = ancestorOf(key, path, schema);
  if (above !== null) {
    return {
      ...at,
      message: `"${key}" is in the wrong place.`,
      fix: `It belongs ${above}: check its indentation.`,
    };
  }
  return { ...at, message: `unknown key ${quoted(key)}.`, fix: useKnown(keysAt(schema, path)) };
}

function useKnown(keys: readonly string[]): string {
  if (keys.length === 0 || keys.length > 20) return 'Remove it, or check its spelling and indentation.';
  return `Remove it, or use one of: ${keys.join(', ')}.`;
}

/** The key of the object at `path` that a misspelled key means: one that is missing, if possible. */
function meantBy(key: string, path: Path, { root, schema }: Context): string | null {
  const present = valueAt(root, path);
  const isUsed = (each: string) => typeof present === 'object' && present !== null && Object.hasOwn(present, each);
  return closest(
    key,
    keysAt(schema, path).filter((each) => !isUsed(each)),
  );
}

const PAIR = /^([\w.-]+):(\S.*)$/;
const ODD_SPACE = /[\u00a0\u2000-\u200a\u202f\u3000]/u;

/** The keys that are missing because of this one. */
export function meantKeys(key: string, path: Path, context: Context): readonly string[] {
  if (ODD_SPACE.test(key)) return keysAt(context.schema, path);
  const meant = PAIR.exec(key)?.[1] ?? meantBy(key, path, context);
  return [meant, sectionOf(key, path, context.schema)].filter((each) => each !== null && each !== undefined);
}

/** `{ points: 1,5 }` has the key `5` without a value. */
function decimalComma(key: string, value: unknown, path: Path, { root, notation }: Context) {
  const object = valueAt(root, path);
  if (value !== null || !/^\d+$/.test(key) || typeof object !== 'object' || object === null) return null;
  const number = Object.entries(object).find(([, each]) => typeof each === 'number');
  if (number === undefined) return null;
  const [name, whole] = number;
  const message = `a decimal has a point, not a comma: ${name}: ${whole},${key}.`;
  return { message, fix: `Write ${notation.line(name, `${whole}.${key}`)}` };
}

/** `{ label: Large (1,000 or more) }` has the key `000 or more)`, without a colon. */
function textComma(key: string, path: Path, { root, notation }: Context) {
  if (notation.written === undefined || notation.written([...path, key]) !== undefined) return null;
  const keys = Object.keys(z.record(z.string(), z.unknown()).safeParse(valueAt(root, path)).data ?? {});
  const name = keys[keys.indexOf(key) - 1];
  const start = name === undefined ? undefined : valueAt(root, [...path, name]);
  if (name === undefined || typeof start !== 'string') return null;
  const whole = inQuotes(`${start}${/\d$/.test(start) && /^\d/.test(key) ? ',' : ', '}${key}`);
  const message = `a comma ends a text inside { }: ${name} is only ${quoted(start)}.`;
  return { message, fix: `Write ${notation.line(name, whole)}` };
}

/** The section beside which the key stands, and to which it belongs: `csv`. */
function sectionOf(key: string, path: Path, schema: z.ZodType): string | null {
  return keysAt(schema, path).find((each) => keysAt(schema, [...path, each]).includes(key)) ?? null;
}

/** Where further up a key belongs that may not stand at `path`: `beside bands`. */
function ancestorOf(key: string, path: Path, schema: z.ZodType): string | null {
  for (let length = path.length - 1; length >= 0; length--) {
    if (!keysAt(schema, path.slice(0, length)).includes(key)) continue;
    return length === 0 ? 'at the beginning of a line' : `beside ${nameOf(path.slice(0, length + 1))}`;
  }
  return null;
}
