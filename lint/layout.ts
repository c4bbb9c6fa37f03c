// Refuses source files above 250 lines and folders with more than 15 files: a reader finds things by the names of small folders.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

const MAX_LINES = 250;
const MAX_FILES = 15;

const SOURCES = ['src', 'jobs', 'connectors', 'cli', 'web', 'sandbox', 'lint', 'bench'];
/** A folder of a sandbox lists the routes or objects of the real API: one file each. */
const NARROW = /^(src|jobs|connectors|cli|web)\//;

function layoutProblems(files: readonly string[]): readonly string[] {
  const long = files.flatMap((file) => {
    const lines = readFileSync(file, 'utf8').split('\n').length - 1;
    return lines > MAX_LINES && !file.endsWith('.test.ts')
      ? [`${file}: ${lines} lines, more than ${MAX_LINES}. Split it by subject.`]
      : [];
  });
  const folders = Map.groupBy(
    files.filter((file) => NARROW.test(file)),
    (file) => posix.dirname(file),
  );
  const full = [...folders].flatMap(([folder, { length }]) =>
    length > MAX_FILES ? [`${folder}: ${length} files, more than ${MAX_FILES}. Give each subject a folder.`] : [],
  );
  return [...long, ...full];
}

const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', ...SOURCES], { encoding: 'utf8' });
const problems = layoutProblems(listed.split('\n').filter((file) => file.endsWith('.ts') && existsSync(file)));
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
