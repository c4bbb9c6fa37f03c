// `leadgrade errors`: lists records that could not be read, scored or written completely, with the
// message of the CRM, and retries them.
import type { Kysely } from 'kysely';
import type { JobContext } from '../../jobs/context.ts';
import { reprocessQuarantine } from '../../jobs/ingest/reprocess-quarantine.ts';
import { listQuarantine, type QuarantinedPart } from '../../src/store/inbox/quarantine.ts';
import { type ListedError, listErrors, retryErrors } from '../../src/store/leads/record-errors.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import type { LeadQuery } from '../terminal/lead-key.ts';
import { findRecords } from './find-records.ts';

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

/** @param query only the errors of these records; null = all, and the quarantined parts */
export function retryAllErrors(io: CommandIo, query: LeadQuery | null, json: boolean): Promise<void> {
  return withProduct(io, { logErrorsOnly: true }, async ({ context }) => {
    if (query !== null) return retryErrorsOf(io, context, query, json);
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

async function retryErrorsOf(io: CommandIo, context: JobContext, query: LeadQuery, json: boolean): Promise<void> {
  const { name, records: named } = await findRecords(context, query);
  if (named.length === 0) throw new ConfigurationError(`No record of ${name} is known.`);
  const records = await retryErrors(context.db, context.clock.now(), null, named);
  for (const crm of new Set(named.map((record) => record.crm))) await context.enqueue('refresh-records', { crm });
  const line = records === 0 ? `There are no errors of ${name}.` : `${records} records will be tried again.`;
  io.stdout.write(`${json ? JSON.stringify({ records }) : line}\n`);
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
  return [head, `    ${reason}`, '    After an upgrade, run: leadgrade errors retry'].join('\n');
}
