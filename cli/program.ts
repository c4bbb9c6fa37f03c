// All commands in one table. The module of a command is loaded only when that command runs.
import { Command, CommanderError, Help } from 'commander';
import type { CommandIo } from './terminal/io.ts';

interface CommandEntry {
  readonly description: string;
  /** Placeholders for options and arguments, as the list of commands shows them. */
  readonly usage: string;
  /** Imports the definition of the command. What the command does is imported when it runs. */
  readonly load: (io: CommandIo) => Promise<Command>;
}

const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  apply: {
    description: 'write the scores that the guard holds, because too many leads would leave their band',
    usage: '[options]',
    load: async (io) => (await import('./apply/apply-command.ts')).applyCommand(io),
  },
  backfill: {
    description: 'read all records of the CRM, score them and write the scores; continues where it was interrupted',
    usage: '[options]',
    load: async (io) => (await import('./runs/backfill-command.ts')).backfillCommand(io),
  },
  compare: {
    description: "our score beside another one of the same contacts, such as HubSpot's own",
    usage: '',
    load: async (io) => (await import('./compare/compare-command.ts')).compareCommand(io),
  },
  demo: {
    description: 'the whole product on two local CRMs, without any settings: three days of it, and what reps see',
    usage: '[options]',
    load: async (io) => (await import('./demo/demo-command.ts')).demoCommand(io),
  },
  doctor: {
    description: 'check settings, database, queue and CRM, and print the fix for every problem',
    usage: '[options]',
    load: async (io) => (await import('./doctor/doctor-command.ts')).doctorCommand(io),
  },
  erase: {
    description: 'delete all data of a record that is no longer in its CRM, and print a report',
    usage: '[options] <lead>',
    load: async (io) => (await import('./records/erase-command.ts')).eraseCommand(io),
  },
  errors: {
    description: 'records that could not be read, scored or written completely',
    usage: '',
    load: async (io) => (await import('./records/errors-command.ts')).errorsCommand(io),
  },
  explain: {
    description: 'the score of one lead, its reasons, and its history',
    usage: '[options] <lead>',
    load: async (io) => (await import('./records/explain-command.ts')).explainCommand(io),
  },
  import: {
    description: 'a lead score of another tool as a model file, with a list of what does not map',
    usage: '',
    load: async (io) => (await import('./import/import-command.ts')).importCommand(io),
  },
  init: {
    description: 'connect a CRM: ask for its token, try it, write .env, show what setup would create, offer a dry run',
    usage: '[options]',
    load: async (io) => (await import('./init/init-command.ts')).initCommand(io),
  },
  migrate: {
    description: 'bring the database up to date',
    usage: '[options]',
    load: async (io) => (await import('./setup/migrate-command.ts')).migrateCommand(io),
  },
  models: {
    description: 'the models that were used: list them, print one, or compare two in words',
    usage: '',
    load: async (io) => (await import('./models/models-command.ts')).modelsCommand(io),
  },
  plan: {
    description: 'who would get another status, grade or score with the changed model, and why; changes nothing',
    usage: '[options]',
    load: async (io) => (await import('./plan/plan-command.ts')).planCommand(io),
  },
  recompute: {
    description: 'run the nightly job now: sync with the CRM and rescore the leads whose score changes with time',
    usage: '[options]',
    load: async (io) => (await import('./runs/recompute-command.ts')).recomputeCommand(io),
  },
  sandbox: {
    description: 'run the local CRMs alone: they behave like the real ones and contain made-up data',
    usage: '[options]',
    load: async (io) => (await import('./sandbox/sandbox-command.ts')).sandboxCommand(io),
  },
  score: {
    description: 'score leads offline: NDJSON or a CSV export in, results out, in the same order',
    usage: '[options]',
    load: async (io) => (await import('./score/score-command.ts')).scoreCommand(io),
  },
  setup: {
    description: "create the product's fields in the CRM",
    usage: '[options]',
    load: async (io) => (await import('./setup/setup-command.ts')).setupCommand(io),
  },
  start: {
    description: 'run the service: receive events, poll, score, write back, every night',
    usage: '[options]',
    load: async (io) => (await import('./start/start-command.ts')).startCommand(io),
  },
  validate: {
    description: 'check the model, the mappings and people.yaml; print file, line and path of every problem',
    usage: '[options] [files...]',
    load: async (io) => (await import('./model-files/validate-command.ts')).validateCommand(io),
  },
};

/** Runs a command line. Bad usage: exit code 2 and nothing on standard output. */
export async function runProgram(io: CommandIo, args: readonly string[]): Promise<void> {
  const program = await programFor(io, args);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    io.setExitCode(error.exitCode === 0 ? 0 : 2);
  }
}

/** Loads the definitions of all commands. */
export function loadProgram(io: CommandIo): Promise<Command> {
  return loadCommands(io, Object.keys(COMMANDS));
}

function programFor(io: CommandIo, args: readonly string[]): Promise<Command> | Command {
  const [first] = args.filter((arg) => arg !== 'help' && arg !== '--');
  return first !== undefined && Object.hasOwn(COMMANDS, first) ? loadCommands(io, [first]) : overview(io);
}

async function loadCommands(io: CommandIo, names: readonly string[]): Promise<Command> {
  const program = newProgram();
  for (const name of names) {
    const entry = COMMANDS[name];
    if (entry) program.addCommand((await entry.load(io)).description(entry.description));
  }
  return connect(program, io);
}

/** Names and descriptions: enough for `--help`, and to reject an unknown command. */
function overview(io: CommandIo): Command {
  const program = newProgram().configureHelp({
    subcommandTerm: (command) => {
      const usage = COMMANDS[command.name()]?.usage;
      return usage === undefined ? new Help().subcommandTerm(command) : `${command.name()} ${usage}`.trimEnd();
    },
  });
  for (const [name, { description }] of Object.entries(COMMANDS)) {
    program.addCommand(new Command(name).description(description));
  }
  return connect(program, io);
}

function newProgram(): Command {
  return new Command('leadgrade').description('Self-hosted lead scoring for HubSpot and Salesforce.');
}

/** Subcommands do not inherit these settings, so every command gets them. */
function connect(command: Command, io: CommandIo): Command {
  command.exitOverride().configureOutput({
    writeOut: (text) => void io.stdout.write(text),
    writeErr: (text) => void io.stderr.write(text),
  });
  for (const child of command.commands) connect(child, io);
  return command;
}
