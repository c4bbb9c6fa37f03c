// The command lines of `npx leadgrade errors list` and `npx leadgrade errors retry`.
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import type { CommandIo } from '../terminal/io.ts';
import { LEAD_HELP, type LeadQuery, parseLeadQuery } from '../terminal/lead-key.ts';
import { jsonOption, positiveNumber } from '../terminal/options.ts';
import type { EntryPosition, ListOptions } from './errors.ts';

const START: EntryPosition = { list: 'records', id: 0 };

export function errorsCommand(io: CommandIo): Command {
  return new Command('errors').addCommand(listCommand(io)).addCommand(retryCommand(io));
}

function listCommand(io: CommandIo): Command {
  return new Command('list')
    .description('print them, oldest first')
    .addArgument(new Argument('[lead]', `only those of this lead: ${LEAD_HELP}`).argParser(parseLeadQuery))
    .option('--limit <n>', 'maximum number of entries', positiveNumber, 100)
    .addOption(
      new Option('--after <entry>', 'continue after this entry: 12, set-aside:12 or webhook:12')
        .argParser(parsePosition)
        .default(START, 'none'),
    )
    .addOption(jsonOption())
    .action(async (query: LeadQuery | undefined, options: ListOptions) => {
      await (await import('./errors.ts')).listAllErrors(io, query ?? null, options);
    });
}

function retryCommand(io: CommandIo): Command {
  return new Command('retry')
    .description('read, score and write them again (by the running service, or by the next command that works)')
    .addArgument(new Argument('[lead]', `only the records of this lead: ${LEAD_HELP}`).argParser(parseLeadQuery))
    .addOption(jsonOption())
    .action(async (query: LeadQuery | undefined, { json }: { json: boolean }) => {
      await (await import('./errors.ts')).retryAllErrors(io, query ?? null, json);
    });
}

const LISTS: Readonly<Record<string, EntryPosition['list']>> = { 'set-aside': 'set-aside', webhook: 'webhooks' };

function parsePosition(text: string): EntryPosition {
  const [, list = 'records', id] = /^(?:(set-aside|webhook):)?(\d{1,15})$/.exec(text) ?? [];
  if (id === undefined)
    throw new InvalidArgumentError('It must be the number of an entry, set-aside:<number> or webhook:<number>.');
  return { list: LISTS[list] ?? 'records', id: Number(id) };
}
