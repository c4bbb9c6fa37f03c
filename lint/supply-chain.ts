// Checks the lockfiles: every package has a checksum, comes from the public registry, and has a licence under which it may be used.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const REGISTRY = 'https://registry.npmjs.org/';
/** Ask for no more than to keep the notice. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
]);
/** Of tools, which no user of Leadgrade installs. */
const OF_TOOLS = new Set([...PERMISSIVE, 'CC-BY-4.0', 'CC-BY-3.0', 'MPL-2.0', 'Python-2.0', 'Unlicense']);

const entrySchema = z.object({
  link: z.boolean().optional(),
  dev: z.boolean().optional(),
  devOptional: z.boolean().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  license: z.string().optional(),
});
type Entry = z.infer<typeof entrySchema>;
const lockfileSchema = z.object({ lockfileVersion: z.literal(3), packages: z.record(z.string(), entrySchema) });

/** @returns a line for each problem: file, package, and what to do */
export function lockfileProblems(file: string, text: string): readonly string[] {
  const { packages } = lockfileSchema.parse(JSON.parse(text));
  // A path without node_modules is a part of this repository.
  const installed = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && !link);
  // The other lockfiles are of tools for tests.
  const isOurs = file === 'package-lock.json';
  return installed.flatMap(([path, entry]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const problems = [...originProblems(entry), ...(isOurs ? licenceProblems(entry) : [])];
    return problems.map((problem) => `${file}: ${name}: ${problem}`);
  });
}

function originProblems({ integrity, resolved }: Entry): readonly string[] {
  return [
    integrity?.startsWith('sha512-') === true
      ? null
      : 'has no sha512 checksum. Delete its entry, then run: npm install --package-lock-only',
    resolved === undefined || resolved.startsWith(REGISTRY) ? null : `comes from ${resolved}, not from ${REGISTRY}`,
  ].filter((problem) => problem !== null);
}

function licenceProblems({ license, dev, devOptional }: Entry): readonly string[] {
  const allowed = dev || devOptional ? OF_TOOLS : PERMISSIVE;
  const choices = license?.replace(/[()]/g, '').split(' OR ') ?? [];
  if (choices.some((choice) => allowed.has(choice))) return [];
  return [`has the licence ${license ?? 'none'}. Use another package`];
}

if (import.meta.main) {
  const files = execFileSync('git', ['ls-files', '--', '*package-lock.json'], { encoding: 'utf8' }).trim().split('\n');
  const problems = files.flatMap((file) => lockfileProblems(file, readFileSync(file, 'utf8')));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
