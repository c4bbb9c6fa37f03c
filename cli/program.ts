// All commands in one table. Each is loaded only when it is asked for, so that `score` needs neither connectors nor a database.
import { Command, CommanderError } from 'commander';
import type { CommandIo } from './terminal/io.ts';

type LoadCommand = (io: CommandIo) => Promise<Command>;

const COMMANDS: Readonly<Record<string, LoadCommand>> = {
  backfill: async (io) => (await import('./runs/backfill.ts')).backfillCommand(io),
  demo: async (io) => (await import('./demo/demo.ts')).demoCommand(io),
  doctor: async (io) => (await import('./doctor/doctor.ts')).doctorCommand(io),
  erase: async (io) => (await import('./records/erase.ts')).eraseCommand(io),
  errors: async (io) => (await import('./records/errors.ts')).errorsCommand(io),
  explain: async (io) => (await import('./records/explain.ts')).explainCommand(io),
  init: async (io) => (await import('./init/init.ts')).initCommand(io),
  migrate: async (io) => (await import('./setup/migrate.ts')).migrateCommand(io),
  recompute: async (io) => (await import('./runs/recompute.ts')).recomputeCommand(io),
  sandbox: async (io) => (await import('./sandbox/sandbox.ts')).sandboxCommand(io),
  score: async (io) => (await import('./score/score.ts')).scoreCommand(io),
  setup: async (io) => (await import('./setup/setup.ts')).setupCommand(io),
  start: async (io) => (await import('./start/start.ts')).startCommand(io),
  validate: async (io) => (await import('./model-files/validate.ts')).validateCommand(io),
};

/** Runs a command line; bad usage ends with exit code 2 and nothing on standard output. */
export async function runProgram(io: CommandIo, args: readonly string[]): Promise<void> {
  const program = await loadProgram(io, args[0] ?? '');
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    io.setExitCode(error.exitCode === 0 ? 0 : 2);
  }
}

/** @param asked the command to load; all of them when it is none */
export async function loadProgram(io: CommandIo, asked: string): Promise<Command> {
  const program = new Command('leadgrade').description('Self-hosted lead scoring for HubSpot and Salesforce.');
  const names = Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS);
  for (const name of names) {
    const command = await COMMANDS[name]?.(io);
    if (command) program.addCommand(command);
  }
  settle(program, io);
  return program;
}

/** A command does not take these over from the one that it is added to. */
function settle(command: Command, io: CommandIo): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => void io.stdout.write(text),
    writeErr: (text) => void io.stderr.write(text),
  });
  for (const each of command.commands) settle(each, io);
}
