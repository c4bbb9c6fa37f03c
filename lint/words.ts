// Refuses retired words in everything that people read: code, comments, messages, models, docs.
// `node lint/words.ts [PATH ...]` checks these files or folders; without one, all that git tracks.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { RETIRED_WORDS } from './retired-words.ts';

const READ = /\.(ts|js|md|ya?ml|html|json)$|^\.env\.example$|^\.ci\/run$/;
const NOT_OURS =
  /(^|\/)(package-lock\.json|node_modules\/)|^lint\/retired-words\.ts$|^apps\/salesforce\/force-app\/.*\.xml$/;

/** @returns a line for each place: file, line, the word, and what to write in its place */
export function findRetiredWords(paths: readonly string[]): readonly string[] {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', ...paths], { encoding: 'utf8' });
  return files
    .split('\n')
    .filter((file) => READ.test(file) && !NOT_OURS.test(file) && existsSync(file))
    .flatMap((file) => inText(file, readFileSync(file, 'utf8')));
}

function inText(file: string, text: string): readonly string[] {
  const words = RETIRED_WORDS.filter(({ except }) => except?.test(file) !== true);
  return text.split('\n').flatMap((line, index) =>
    words.flatMap(({ pattern, use }) => {
      const [found] = pattern.exec(line) ?? [];
      return found === undefined ? [] : [`${file}:${index + 1}: "${found}" is retired. Use: ${use}.`];
    }),
  );
}

if (import.meta.main) {
  const found = findRetiredWords(process.argv.slice(2));
  for (const line of found) process.stderr.write(`${line}\n`);
  if (found.length > 0) {
    process.stderr.write(`${found.length} retired words.\n`);
    process.exitCode = 1;
  }
}
