// The .env file: settings are put into it line by line, what else stands there stays, and nobody but its owner may read it.
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';

/** The owner alone. */
const MODE = 0o600;

/** Puts each setting in its line, or at the end; the file is replaced in one step. */
export async function writeEnvFile(path: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const before = await readIfThere(path);
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, withSettings(before, settings), { mode: MODE, flag: 'wx' });
  // A umask narrows the mode of a new file, it never widens it; said again for file systems that ignore it.
  await chmod(temporary, MODE);
  await rename(temporary, path);
}

/** The text of a .env file with these settings in it; comments and other lines as they were. */
export function withSettings(text: string, settings: Readonly<Record<string, string>>): string {
  const left = new Map(Object.entries(settings));
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const kept = lines.flatMap((line) => {
    const name = /^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=/.exec(line)?.[1];
    if (name === undefined || !Object.hasOwn(settings, name)) return [line];
    const value = left.get(name);
    left.delete(name);
    // Named twice, the last one would count: one is left.
    return value === undefined ? [] : [`${name}=${quoted(value)}`];
  });
  return `${[...kept, ...[...left].map(([name, value]) => `${name}=${quoted(value)}`)].join('\n')}\n`;
}

/** Plain where that is safe; a `#` or a space would end a bare value. Between double quotes `\n` is a line end, and no quote is escaped. */
function quoted(value: string): string {
  if (/^[\w.:/@+-]*$/.test(value)) return value;
  const quote = ["'", '`', '"'].find((each) => !value.includes(each)) ?? '"';
  return `${quote}${value}${quote}`;
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
