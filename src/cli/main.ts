#!/usr/bin/env node
// The `leadgrade` command. Each subcommand is loaded only when it is asked for, so that `score` needs neither connectors nor a
// database. Bad usage ends with exit code 2 and nothing on standard output.
import { Command, CommanderError } from 'commander';
import { loadEnvironment } from '../config.ts';
import type { CommandIo } from './io.ts';

type LoadCommand = (io: CommandIo) => Promise<Command>;

const COMMANDS: Readonly<Record<string, LoadCommand>> = {
  backfill: async (io) => (await import('./backfill.ts')).backfillCommand(io),
  demo: async (io) => (await import('./demo.ts')).demoCommand(io),
  doctor: async (io) => (await import('./doctor.ts')).doctorCommand(io),
  errors: async (io) => (await import('./errors.ts')).errorsCommand(io),
  explain: async (io) => (await import('./explain.ts')).explainCommand(io),
  init: async (io) => (await import('./init.ts')).initCommand(io),
  migrate: async (io) => (await import('./migrate.ts')).migrateCommand(io),
  recompute: async (io) => (await import('./recompute.ts')).recomputeCommand(io),
  sandbox: async (io) => (await import('./sandbox.ts')).sandboxCommand(io),
  score: async (io) => (await import('./score.ts')).scoreCommand(io),
  setup: async (io) => (await import('./setup.ts')).setupCommand(io),
  start: async (io) => (await import('./start.ts')).startCommand(io),
  validate: async (io) => (await import('./validate.ts')).validateCommand(io),
};

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

const program = new Command('leadgrade').description('Self-hosted lead scoring for HubSpot and Salesforce.');
program.exitOverride();
const asked = process.argv[2] ?? '';
const names = Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS);
for (const name of names) {
  const command = await COMMANDS[name]?.(io);
  if (command) program.addCommand(command.exitOverride());
}
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
