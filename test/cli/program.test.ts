// The list of commands: `leadgrade --help` prints it without loading a command.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { beforeAll, expect, test } from 'vitest';
import { CODE } from '../../cli/model-files/value-cache.ts';
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
function loadedFiles(env: NodeJS.ProcessEnv, ...args: readonly string[]): readonly string[] {
  const script = `node "$@" 2>&1 >/dev/null`;
  const node = ['--import', LIST_MODULES, MAIN, ...args];
  const output = execFileSync('sh', ['-c', script.replace('node', process.execPath), 'sh', ...node], {
    encoding: 'utf8',
    env: { ...process.env, MODEL_FILE: '', ...env },
    input: '',
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
  const files = loadedFiles({}, '--help').filter((file) => !file.startsWith('node_modules/commander/'));
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
    const files = loadedFiles({}, command, '--help');
    expect(files.filter((file) => file.endsWith('-command.ts'))).toHaveLength(1);
    expect(files.filter((file) => !/^(bin|cli|node_modules\/commander)\//.test(file))).toEqual([]);
  },
);

/** The files that `leadgrade score` loads first, and for the next command with the same model. */
let ofScore: Readonly<Record<'first' | 'second', readonly string[]>> = { first: [], second: [] };
beforeAll(async () => {
  const cache = await mkdtemp(join(tmpdir(), 'leadgrade-cache-'));
  const load = () => loadedFiles({ NODE_COMPILE_CACHE: cache }, 'score');
  ofScore = { first: load(), second: load() };
  await rm(cache, { recursive: true });
});

test('leadgrade score of NDJSON loads no database, queue, connector or CSV reader, and one language of zod', () => {
  const { first } = ofScore;
  const unused =
    /^(jobs|web|connectors|sandbox|src\/(store|csv|mapping|people)|node_modules\/(bullmq|csv-parse|express|jsforce|kysely|pg|pino))\//;
  // The texts that mean unknown (N/A) are read in NDJSON, too.
  expect(first.filter((file) => unused.test(file))).toEqual(['src/mapping/values/unknown-texts.ts']);
  expect(first.filter((file) => file.includes('/locales/'))).toEqual(['node_modules/zod/v4/locales/en.js']);
});

test('leadgrade score with a model that was read before loads no YAML parser, schema, check or sentence', () => {
  const { second } = ofScore;
  const own = second.filter((file) => !file.startsWith('node_modules/'));
  const packages = new Set(second.map((file) => /^node_modules\/([^/]+)/.exec(file)?.[1]));
  expect([...packages].filter((name) => name !== undefined)).toEqual(['commander', 'zod']);
  expect(
    own.filter((file) => /^src\/scoring\/(checks|dead-rules)\/|-schema\.ts$|parse-yaml|sentence/.test(file)),
  ).toEqual([]);
  // Each file takes as much CPU time as 1 % of `node -e 0`.
  expect(own.length).toBeGreaterThan(30);
  expect(own.length).toBeLessThanOrEqual(76);
});

test('what leadgrade score keeps of its model is thrown away when a file changes that reads the model', () => {
  const { first, second } = ofScore;
  const reading = first.filter((file) => !second.includes(file) && !file.startsWith('node_modules/'));
  expect(reading).toContain('src/scoring/dead-rules/find-dead-rules.ts');
  expect(reading.filter((file) => !CODE.some((folder) => file.startsWith(`${folder}/`)))).toEqual([]);
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
