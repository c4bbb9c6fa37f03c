#!/usr/bin/env node
// The `leadgrade` command: its streams, its environment, its memory, its exit code.
import { setFlagsFromString } from 'node:v8';
import { loadEnvironment } from './product/config.ts';
import { runProgram } from './program.ts';
import type { CommandIo } from './terminal/io.ts';

// Pages of records live for a moment. V8 by itself lets the heap grow to a multiple of what is in use before it looks for them.
setFlagsFromString('--heap-growing-percent=40');

const io: CommandIo = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: loadEnvironment(),
  clock: { now: () => new Date() },
  setExitCode: (code) => {
    process.exitCode = code;
  },
};

// `leadgrade score | head`: the reader has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

await runProgram(io, process.argv.slice(2));
