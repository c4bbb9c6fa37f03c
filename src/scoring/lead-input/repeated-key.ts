// Finds a key that stands twice in one object of a JSON text. JSON.parse keeps the last one without
// a word.
import { formatPath } from '../../yaml/paths.ts';

/** A text with its quotes, or a sign of the structure. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g;
const KEY = /"\s*:/g;

/**
 * @param value what JSON.parse made of the text
 * @returns the path of the key, as in `fields.title`; null = each key stands once
 */
export function findRepeatedKey(text: string, value: unknown): string | null {
  // Texts can contain what looks like a key, so that more are counted than there are, never less.
  const found = text.match(KEY)?.length ?? 0;
  return found > countKeys(value) ? scan(text) : null;
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Object.values(value).reduce<number>((sum, each) => sum + countKeys(each), 0);
  return Array.isArray(value) ? inner : inner + Object.keys(value).length;
}

interface Level {
  /** Null: a list. */
  readonly keys: Set<string> | null;
  /** The current key or index. */
  at: string | number;
}

function scan(text: string): string | null {
  const levels: Level[] = [];
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === '{') levels.push({ keys: new Set(), at: '' });
    else if (token === '[') levels.push({ keys: null, at: 0 });
    else if (token === '}' || token === ']') levels.pop();
    else if (token === ',') next(level);
    else if (isKey(text, index + token.length) && isRepeated(level, String(JSON.parse(token))))
      return formatPath(levels.map(({ at }) => at));
  }
  return null;
}

function isRepeated(level: Level | undefined, key: string): boolean {
  if (!level?.keys) return false;
  level.at = key;
  const isKnown = level.keys.has(key);
  level.keys.add(key);
  return isKnown;
}

function next(level: Level | undefined): void {
  if (typeof level?.at === 'number') level.at += 1;
}

function isKey(text: string, end: number): boolean {
  return /^\s*:/.test(text.slice(end, end + 100));
}
