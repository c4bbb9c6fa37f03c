// The command lines of `leadgrade errors list` and `leadgrade errors retry`.
import { Command, InvalidArgumentError, Option } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { jsonOption, positiveNumber } from '../terminal/options.ts';
import type { EntryPosition, ListOptions } from './errors.ts';

const START: EntryPosition = { list: 'records', id: 0 };

export function errorsCommand(io: CommandIo): Command {
  return new Command('errors').addCommand(listCommand(io)).addCommand(retryCommand(io));
}

function listCommand(io: CommandIo): Command {
  return new Command('list')
    .description('print them, oldest first')
    .option('--limit <n>', 'maximum number of entries', positiveNumber, 100)
    .addOption(
      new Option('--after <entry>', 'continue after this entry: 12, set-aside:12 or webhook:12')
        .argParser(parsePosition)
        .default(START, 'none'),
    )
    .addOption(jsonOption())
    .action(async (options: ListOptions) => {
      await (await import('./errors.ts')).listAllErrors(io, options);
    });
}

function retryCommand(io: CommandIo): Command {
  return new Command('retry')
    .description('read, score and write them again (by the running service, or by the next command that works)')
    .addOption(jsonOption())
    .action(async ({ json }: { json: boolean }) => {
      await (await import('./errors.ts')).retryAllErrors(io, json);
    });
}

const LISTS: Readonly<Record<string, EntryPosition['list']>> = { 'set-aside': 'set-aside', webhook: 'webhooks' };

function parsePosition(text: string): EntryPosition {
  const [, list = 'records', id] = /^(?:(set-aside|webhook):)?(\d{1,15})$/.exec(text) ?? [];
  if (id === undefined)
    throw new InvalidArgumentError('It must be the number of an entry, set-aside:<number> or webhook:<number>.');
  return { list: LISTS[list] ?? 'records', id: Number(id) };
}
