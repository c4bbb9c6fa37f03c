// The list of commands: `leadgrade --help` prints it without loading a command.
import { execFileSync } from 'node:child_process';
import { Readable, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { loadProgram } from '../../cli/program.ts';
import { leadgradeHere, MAIN } from './run-command.ts';

const io = {
  stdin: Readable.from([]),
  stdout: new Writable(),
  stderr: new Writable(),
  env: {},
  clock: { now: () => new Date() },
  setExitCode: () => undefined,
};

const ROOT = new URL('../../', import.meta.url).href;
const LIST_MODULES = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ load: (url, context, next) => (process.stderr.write(url + '\\n'), next(url, context)) });
`)}`;

/** The files that a command line loads, from the root of the repository. */
function loadedFiles(...args: readonly string[]): readonly string[] {
  const script = `node "$@" 2>&1 >/dev/null`;
  const node = ['--import', LIST_MODULES, MAIN, ...args];
  const output = execFileSync('sh', ['-c', script.replace('node', process.execPath), 'sh', ...node], {
    encoding: 'utf8',
  });
  return output.split('\n').flatMap((line) => (line.startsWith(ROOT) ? [line.slice(ROOT.length)] : []));
}

test('leadgrade --help equals the help that the loaded commands give', async () => {
  const printed = await leadgradeHere(['--help']);
  expect(printed).toMatchObject({ code: 0, stderr: '' });
  expect(printed.stdout).toBe((await loadProgram(io)).helpInformation());
  expect((await leadgradeHere(['help'])).stdout).toBe(printed.stdout);
});

test('leadgrade --help loads no command', () => {
  const files = loadedFiles('--help').filter((file) => !file.startsWith('node_modules/commander/'));
  const own = [
    'bin/leadgrade.js',
    'cli/main.ts',
    'cli/product/environment.ts',
    'cli/program.ts',
    'cli/terminal/shutdown-signal.ts',
  ];
  expect(files.toSorted()).toEqual(own);
});

test.each(['start', 'backfill', 'demo', 'explain'])(
  'leadgrade %s --help loads the command line of that command only, and nothing of what it does',
  (command) => {
    const files = loadedFiles(command, '--help');
    expect(files.filter((file) => file.endsWith('-command.ts'))).toHaveLength(1);
    expect(files.filter((file) => !/^(bin|cli|node_modules\/commander)\//.test(file))).toEqual([]);
  },
);

test('leadgrade score of NDJSON loads no database, queue, connector or CSV reader, and one language of zod', () => {
  const files = loadedFiles('score');
  expect(files.length).toBeGreaterThan(20);
  const unused =
    /^(jobs|web|connectors|sandbox|src\/(store|csv|mapping|people)|node_modules\/(bullmq|csv-parse|kysely|pg|pino))\//;
  // The texts that mean unknown (N/A) are read in NDJSON, too.
  expect(files.filter((file) => unused.test(file))).toEqual(['src/mapping/values/unknown-texts.ts']);
  expect(files.filter((file) => file.includes('/locales/'))).toEqual(['node_modules/zod/v4/locales/en.js']);
});

test.each([
  ['help score', ['help', 'score'], 'Usage: leadgrade score'],
  ['score --help', ['score', '--help'], 'Usage: leadgrade score'],
  ['errors list --help', ['errors', 'list', '--help'], 'Usage: leadgrade errors list'],
])('leadgrade %s prints the help of the command', async (_name, args, usage) => {
  expect(await leadgradeHere(args)).toMatchObject({ code: 0, stdout: expect.stringContaining(usage), stderr: '' });
});

test.each([['nonsense'], ['--nonsense'], []])('leadgrade %s is bad usage', async (...args) => {
  expect(await leadgradeHere(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/\S/) });
});
