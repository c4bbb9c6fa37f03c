// bin/leadgrade.js: on a Node that runs TypeScript it starts the command in its own process, on an
// older one in a child process with the Node of the package. `--no-experimental-strip-types` stands
// for an older Node.
import { execFileSync, spawn } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { endWithTest } from '../../sandbox/test/end-with-test.ts';
import { start } from '../support/processes.ts';
import { testFolder } from '../support/test-folder.ts';
import { MAIN } from './run-command.ts';

const OLD_NODE = ['--no-experimental-strip-types'];
const SYSTEM_NODES = ['/usr/bin/node', '/usr/local/bin/node'];

async function run(node: string, args: readonly string[], input = '') {
  const child = spawn(node, args, { env: { ...process.env, NODE_OPTIONS: '' } });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, ...output };
}

/** The first installed Node below 22, if any. */
function findOldNode(): string | undefined {
  return SYSTEM_NODES.find((node) => {
    try {
      return Number(execFileSync(node, ['-p', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' })) < 22;
    } catch {
      return false;
    }
  });
}

test('the launcher on an older Node prints the same help as on a current one, and nothing else', async () => {
  const current = await run(process.execPath, [MAIN, '--help']);
  expect(current).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('backfill [options]') });
  expect(await run(process.execPath, [...OLD_NODE, MAIN, '--help'])).toEqual(current);
});

const oldNode = findOldNode();
test.skipIf(oldNode === undefined)('the launcher runs on the Node of the system if that is Node 20', async () => {
  const current = await run(process.execPath, [MAIN, '--help']);
  expect(await run(oldNode ?? '', [MAIN, '--help'])).toEqual(current);
});

test('the launcher on an older Node passes on standard input, output and the exit code', async () => {
  const scored = await run(process.execPath, [...OLD_NODE, MAIN, 'score', '--json'], '{"id":"a"}\nnot json\n');
  expect(scored.code).toBe(1);
  expect(scored.stdout.split('\n').map((line) => line.slice(0, 10))).toEqual(['{"id":"a",', '{"id":null', '']);
  expect(scored.stderr).toBe('1 line is not scored; the output has the reason for each.\n');
});

test.each(['SIGTERM', 'SIGINT'] as const)('the launcher on an older Node forwards %s', async (signal) => {
  const sandbox = start(process.execPath, [...OLD_NODE, MAIN, 'sandbox', '--contacts', '1'], { env: {} });
  endWithTest(sandbox.kill);
  await sandbox.line(/Press Ctrl\+C/);
  sandbox.signal(signal);
  expect(await sandbox.ended).toBe(0);
});

test('the launcher without a suitable Node ends with exit code 2 and says which version is needed', async () => {
  const folder = await testFolder();
  await mkdir(join(folder, 'bin'));
  await copyFile(MAIN, join(folder, 'bin/leadgrade.js'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  const refused = await run(process.execPath, [...OLD_NODE, join(folder, 'bin/leadgrade.js'), '--help']);
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toMatch(/^Leadgrade needs Node 22\.20\.0 or newer; this is v\d+/);
});
