#!/usr/bin/env node
// Starts cli/main.ts: in this process, or on the Node of the package if this Node is too old to run
// TypeScript. Plain JavaScript that Node 20 can run. Also faster: a TypeScript file that is loaded
// before the compile cache is on takes more CPU time than all of `leadgrade --help`.
import * as nodeModule from 'node:module';
import { dirname, join } from 'node:path';

const SUPPORTED = '22.20.0';
// Commands that read pages of records, which are short-lived.
const READS_MANY_RECORDS = new Set(['backfill', 'demo', 'init', 'recompute', 'sandbox', 'start']);

if (canRunTypeScript()) await runHere();
else await runOnPackagedNode();

function canRunTypeScript() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return (major > 22 || (major === 22 && minor >= 20)) && Boolean(process.features.typescript);
}

async function runHere() {
  if (READS_MANY_RECORDS.has(process.argv[2] ?? '')) {
    const { setFlagsFromString } = await import('node:v8');
    // By default V8 lets the heap grow to a multiple of the live data before it collects garbage.
    // Set before the cache is enabled: V8 accepts cached code only under the flags under which it
    // was made.
    setFlagsFromString('--heap-growing-percent=40');
  }
  // In the package, because in the shared temporary folder another user could plant code. Without
  // permission to write there, the command runs without a cache.
  nodeModule.enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/leadgrade'));
  await import('../cli/main.ts');
}

async function runOnPackagedNode() {
  const node = findPackagedNode();
  if (node === null) {
    process.stderr.write(
      `Leadgrade needs Node ${SUPPORTED} or newer; this is ${process.version}. Install it from https://nodejs.org.\n`,
    );
    process.exitCode = 2;
    return;
  }
  const { spawn } = await import('node:child_process');
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  // At a terminal, Ctrl+C reaches the child as well: forwarded, it would be the second signal,
  // which ends at once.
  const isTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  process.on('SIGINT', () => isTerminal || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`leadgrade could not run: ${error.message}\n`);
    process.exitCode = 3;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 3);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** The optional dependency for this platform, or null. */
function findPackagedNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  try {
    const require = nodeModule.createRequire(import.meta.url);
    const manifest = require.resolve(`node-${platform}-${process.arch}/package.json`);
    return join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  } catch {
    return null;
  }
}
