// Writes settings into the .env file. Other lines stay as they are. Only the owner can read the
// file.
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';

/** Readable and writable by the owner only. */
const MODE = 0o600;

/** Replaces the line of each setting, or appends one. The file is replaced atomically. */
export async function writeEnvFile(path: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const before = await readIfExists(path);
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, withSettings(before, settings), { mode: MODE, flag: 'wx' });
  // A umask only removes permissions. Some file systems ignore the mode of writeFile, so set it
  // again.
  await chmod(temporary, MODE);
  await rename(temporary, path);
}

/** The text of a .env file with these settings in it; comments and other lines as they were. */
export function withSettings(text: string, settings: Readonly<Record<string, string>>): string {
  const remaining = new Map(Object.entries(settings));
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const result = lines.flatMap((line) => {
    const name = /^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=/.exec(line)?.[1];
    if (name === undefined || !Object.hasOwn(settings, name)) return [line];
    const value = remaining.get(name);
    remaining.delete(name);
    // In a file with duplicate lines the last one would win, so keep only the first.
    return value === undefined ? [] : [`${name}=${quoted(value)}`];
  });
  return `${[...result, ...[...remaining].map(([name, value]) => `${name}=${quoted(value)}`)].join('\n')}\n`;
}

/**
 * Without quotes where that is safe: a `#` or a space ends an unquoted value. Between double quotes
 * `\n` is a line feed, and quotes cannot be escaped.
 */
function quoted(value: string): string {
  if (/^[\w.:/@+-]*$/.test(value)) return value;
  const quote = ["'", '`', '"'].find((mark) => !value.includes(mark)) ?? '"';
  return `${quote}${value}${quote}`;
}

async function readIfExists(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
