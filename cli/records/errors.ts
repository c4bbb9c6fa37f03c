// `leadgrade errors`: records that could not be read, scored or written whole, in the CRM's own words; and another try.
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Kysely } from 'kysely';
import { reprocessQuarantine } from '../../jobs/ingest/reprocess-quarantine.ts';
import { listQuarantine, type QuarantinedPart } from '../../src/store/inbox/quarantine.ts';
import { type ListedError, listErrors, retryErrors } from '../../src/store/leads/record-errors.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import { jsonOption } from '../terminal/options.ts';

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
    .addOption(
      new Option('--after <entry>', 'go on behind this entry: 12, or webhook:12')
        .argParser(place)
        .default(BEGINNING, 'none'),
    )
    .addOption(jsonOption())
    .action((options: ListOptions) => withProduct(io, { quiet: true }, ({ context }) => list(io, context.db, options)));
}

/** An entry of one of the two lists, the records and behind them what CRMs sent and nobody understood. */
interface Place {
  readonly list: 'records' | 'webhooks';
  readonly id: number;
}

const BEGINNING: Place = { list: 'records', id: 0 };

interface ListOptions {
  readonly limit: number;
  readonly after: Place;
  readonly json: boolean;
}

async function list(io: CommandIo, db: Kysely<Tables>, { limit, after, json }: ListOptions): Promise<void> {
  const records = after.list === 'records' ? await listErrors(db, { after: after.id, limit }) : [];
  const room = limit - records.length;
  const begin = after.list === 'webhooks' ? after.id : 0;
  const parts = room > 0 ? await listQuarantine(db, { after: begin, limit: room }) : [];
  const lines = json
    ? [...records.map((entry) => JSON.stringify(entry)), ...parts.map((part) => JSON.stringify({ quarantine: part }))]
    : [...records.map(toLines), ...parts.map(partLines)];
  if (lines.length > 0) io.stdout.write(`${lines.join('\n')}\n`);
  else if (!json) io.stdout.write('No errors.\n');
  if (lines.length < limit) return;
  const last = parts.at(-1);
  io.stderr.write(`More: --after ${last === undefined ? records.at(-1)?.id : nameOf(last)}\n`);
}

function retryCommand(io: CommandIo): Command {
  return new Command('retry')
    .description('have them read, scored and written again (by the running service, or the next command that works)')
    .addOption(jsonOption())
    .action((options: { json: boolean }) =>
      withProduct(io, { quiet: true }, async ({ context }) => {
        const records = await retryErrors(context.db, context.clock.now());
        for (const crm of context.crms.keys()) await context.enqueue('refresh-records', { crm });
        const webhooks = await reprocessQuarantine(context);
        const told = [
          `${records} records will be tried again.`,
          ...(webhooks > 0 ? [`${webhooks} parts of webhooks are understood now.`] : []),
        ];
        io.stdout.write(`${options.json ? JSON.stringify({ records, webhooks }) : told.join('\n')}\n`);
      }),
    );
}

function toLines(entry: ListedError): string {
  const field = entry.field === '' ? '' : ` ${entry.field}`;
  const occurrences =
    entry.occurrences === 1 ? '' : ` (${entry.occurrences} occurrences, last ${entry.last_at.toISOString()})`;
  const head = `${entry.id}  ${entry.crm}:${entry.record_id}  ${entry.stage}${field}  ${entry.code}${occurrences}`;
  return [head, `    ${entry.message}`, ...(entry.fix === null ? [] : [`    ${entry.fix}`])].join('\n');
}

function nameOf({ id }: Pick<QuarantinedPart, 'id'>): string {
  return `webhook:${id}`;
}

/** What it says may be personal, and is not shown. */
function partLines({ id, crm, reason, received_at, bytes }: QuarantinedPart): string {
  const head = `${nameOf({ id })}  ${crm}  ${received_at.toISOString()}  ${bytes} bytes`;
  return [head, `    ${reason}`, '    After an upgrade: leadgrade errors retry reads it again.'].join('\n');
}

function place(text: string): Place {
  const [, webhook, id] = /^(webhook:)?(\d{1,15})$/.exec(text) ?? [];
  if (id === undefined) throw new InvalidArgumentError('It must be the number of an entry, or webhook:<number>.');
  return { list: webhook === undefined ? 'records' : 'webhooks', id: Number(id) };
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}
