#!/usr/bin/env node
// The `leadgrade` command: its streams, its environment, its exit code.
import { loadEnvironment } from '../config.ts';
import type { CommandIo } from './io.ts';
import { runProgram } from './program.ts';

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
