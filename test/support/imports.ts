// Which file imports what, read from the text: the linter's formatting makes every import one of these forms. (No parser
// that follows imports reads TypeScript 7 yet.)
import { glob, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';

export interface Import {
  /** Path from the root of the tree. */
  readonly from: string;
  /** Path from the root of the tree, `node:fs`, or the name of a package. */
  readonly to: string;
}

const FORMS = [
  /^(?:import|export)\s[^;'"]*?\sfrom\s+['"]([^'"]+)['"]/gm,
  /^import\s+['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]/g,
  /\bnew URL\(\s*['"](\.{1,2}\/[^'"]+\.ts)['"]/g,
];

/** @param from path from the root of the tree */
export function importsOf(from: string, text: string): readonly Import[] {
  const named = FORMS.flatMap((form) => [...text.matchAll(form)].map((match) => match[1] ?? ''));
  return named.map((name) => ({ from, to: targetOf(from, name) }));
}

function targetOf(from: string, name: string): string {
  if (name.startsWith('.')) return posix.join(posix.dirname(from), name);
  if (name.startsWith('node:')) return name;
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

/** All imports of all files in these folders of the tree. */
export async function importsIn(root: string, folders: readonly string[]): Promise<readonly Import[]> {
  const found: Import[] = [];
  for await (const path of glob(`{${folders.join(',')}}/**/*.ts`, { cwd: root })) {
    const from = path.replaceAll('\\', '/');
    found.push(...importsOf(from, await readFile(join(root, path), 'utf8')));
  }
  return found;
}

/** A ring of files that import each other, or null. */
export function findCycle(imports: readonly Import[]): readonly string[] | null {
  const targets = Map.groupBy(imports, ({ from }) => from);
  const finished = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (finished.has(file)) return null;
    for (const { to } of targets.get(file) ?? []) {
      const cycle = visit(to, [...path, file]);
      if (cycle !== null) return cycle;
    }
    finished.add(file);
    return null;
  };
  for (const file of targets.keys()) {
    const cycle = visit(file, []);
    if (cycle !== null) return cycle;
  }
  return null;
}
