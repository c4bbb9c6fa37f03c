// `leadgrade errors`: lists records that could not be read, scored or written completely, with the
// message of the CRM, and retries them.
import type { Kysely } from 'kysely';
import { reprocessQuarantine } from '../../jobs/ingest/reprocess-quarantine.ts';
import { listQuarantine, type QuarantinedPart } from '../../src/store/inbox/quarantine.ts';
import { type ListedError, listErrors, retryErrors } from '../../src/store/leads/record-errors.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';

/** An entry of one of the two lists: records come first, then quarantined parts of webhooks. */
export interface EntryPosition {
  readonly list: 'records' | 'webhooks';
  readonly id: number;
}

export interface ListOptions {
  readonly limit: number;
  readonly after: EntryPosition;
  readonly json: boolean;
}

export function listAllErrors(io: CommandIo, options: ListOptions): Promise<void> {
  return withProduct(io, { logErrorsOnly: true }, ({ context }) => list(io, context.db, options));
}

export function retryAllErrors(io: CommandIo, json: boolean): Promise<void> {
  return withProduct(io, { logErrorsOnly: true }, async ({ context }) => {
    const records = await retryErrors(context.db, context.clock.now());
    for (const crm of context.crms.keys()) await context.enqueue('refresh-records', { crm });
    const webhooks = await reprocessQuarantine(context);
    const lines = [
      `${records} records will be tried again.`,
      ...(webhooks > 0 ? [`${webhooks} quarantined parts of webhooks were parsed.`] : []),
    ];
    io.stdout.write(`${json ? JSON.stringify({ records, webhooks }) : lines.join('\n')}\n`);
  });
}

async function list(io: CommandIo, db: Kysely<Tables>, { limit, after, json }: ListOptions): Promise<void> {
  const records = after.list === 'records' ? await listErrors(db, { after: after.id, limit }) : [];
  const remaining = limit - records.length;
  const afterPart = after.list === 'webhooks' ? after.id : 0;
  const parts = remaining > 0 ? await listQuarantine(db, { after: afterPart, limit: remaining }) : [];
  const lines = json
    ? [...records.map((entry) => JSON.stringify(entry)), ...parts.map((part) => JSON.stringify({ quarantine: part }))]
    : [...records.map(toLines), ...parts.map(partLines)];
  if (lines.length > 0) io.stdout.write(`${lines.join('\n')}\n`);
  else if (!json) io.stdout.write('No errors.\n');
  if (lines.length < limit) return;
  const last = parts.at(-1);
  io.stderr.write(`More: --after ${last === undefined ? records.at(-1)?.id : nameOf(last)}\n`);
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

/** Without the body, which may contain personal data. */
function partLines({ id, crm, reason, received_at, bytes }: QuarantinedPart): string {
  const head = `${nameOf({ id })}  ${crm}  ${received_at.toISOString()}  ${bytes} bytes`;
  return [head, `    ${reason}`, '    After an upgrade, run: npx leadgrade errors retry'].join('\n');
}
