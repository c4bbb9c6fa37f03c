// `leadgrade errors`: records that could not be read, scored or written whole, in the CRM's own words; and another try.
import { Command, InvalidArgumentError } from 'commander';
import { type ListedError, pageOfErrors, retryErrors } from '../store/record-errors.ts';
import type { CommandIo } from './io.ts';
import { withProduct } from './open.ts';
import { jsonOption } from './options.ts';

export function errorsCommand(io: CommandIo): Command {
  return new Command('errors')
    .description('records that could not be read, scored or written whole')
    .addCommand(listCommand(io))
    .addCommand(retryCommand(io));
}

function listCommand(io: CommandIo): Command {
  return new Command('list')
    .description('print them, oldest first')
    .option('--limit <n>', 'how many', positive, 100)
    .option('--after <id>', 'go on behind this entry', positive, 0)
    .addOption(jsonOption())
    .action((options: { limit: number; after: number; json: boolean }) =>
      withProduct(io, { quiet: true }, async ({ context }) => {
        const page = await pageOfErrors(context.db, options);
        for (const entry of page) io.stdout.write(`${options.json ? JSON.stringify(entry) : toLines(entry)}\n`);
        if (page.length === 0 && !options.json) io.stdout.write('No errors.\n');
        if (page.length === options.limit) io.stderr.write(`More: --after ${page.at(-1)?.id}\n`);
      }),
    );
}

function retryCommand(io: CommandIo): Command {
  return new Command('retry')
    .description('have them read, scored and written again (by the running service, or the next command that works)')
    .addOption(jsonOption())
    .action((options: { json: boolean }) =>
      withProduct(io, { quiet: true }, async ({ context }) => {
        const records = await retryErrors(context.db, context.clock.now());
        for (const crm of context.crms.keys()) await context.ring('refresh', { crm });
        io.stdout.write(`${options.json ? JSON.stringify({ records }) : `${records} records will be tried again.`}\n`);
      }),
    );
}

function toLines(entry: ListedError): string {
  const field = entry.field === '' ? '' : ` ${entry.field}`;
  const times = entry.times === 1 ? '' : ` (${entry.times} times, last ${entry.last_at.toISOString()})`;
  const head = `${entry.id}  ${entry.crm}:${entry.record_id}  ${entry.stage}${field}  ${entry.code}${times}`;
  return [head, `    ${entry.message}`, ...(entry.fix === null ? [] : [`    ${entry.fix}`])].join('\n');
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('It must be a whole number.');
  return value;
}
