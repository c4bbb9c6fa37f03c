// `npx leadgrade errors`: lists records that could not be read, scored or written completely, with the
// message of the CRM, what is set aside, and unparsed webhook parts; retries them.
import type { Kysely } from 'kysely';
import type { JobContext } from '../../jobs/context.ts';
import { reprocessQuarantine } from '../../jobs/ingest/reprocess-quarantine.ts';
import { GUARD_FIX } from '../../src/domain/limits/guard.ts';
import { currentHold, type GuardHold } from '../../src/store/guard/holds.ts';
import { listQuarantine, type QuarantinedPart } from '../../src/store/inbox/quarantine.ts';
import { type ListedError, listErrors, retryErrors } from '../../src/store/leads/record-errors.ts';
import { type ListedSetAside, listSetAside } from '../../src/store/set-aside/list-set-aside.ts';
import { nameOf } from '../../src/store/set-aside/name-of.ts';
import { retrySetAside } from '../../src/store/set-aside/set-aside.ts';
import { retryUnfinishedJobs } from '../../src/store/set-aside/unfinished-jobs.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import { ConfigurationError } from '../product/configuration-error.ts';
import { withProduct } from '../product/with-product.ts';
import type { CommandIo } from '../terminal/io.ts';
import type { LeadQuery } from '../terminal/lead-key.ts';
import { type FoundRecords, findRecords } from './find-records.ts';

/**
 * An entry of one of the three lists: records come first, then what is set aside, then quarantined
 * parts of webhooks.
 */
export interface EntryPosition {
  readonly list: 'records' | 'set-aside' | 'webhooks';
  readonly id: number;
}

export interface ListOptions {
  readonly limit: number;
  readonly after: EntryPosition;
  readonly json: boolean;
}

/** @param query only what concerns the records of this lead; null = everything */
export function listAllErrors(io: CommandIo, query: LeadQuery | null, options: ListOptions): Promise<void> {
  return withProduct(io, { logErrorsOnly: true }, async ({ context }) => {
    const found = query === null ? null : await knownRecords(context, query);
    await list(io, context.db, { ...options, found, crms: [...context.crms.keys()] });
  });
}

/** @throws ConfigurationError if no record is known */
async function knownRecords(context: JobContext, query: LeadQuery): Promise<FoundRecords> {
  const found = await findRecords(context, query);
  if (found.records.length === 0) throw new ConfigurationError(`No record of ${found.name} is known.`);
  return found;
}

/** @param query only the errors of these records; null = all, and the quarantined parts */
export function retryAllErrors(io: CommandIo, query: LeadQuery | null, json: boolean): Promise<void> {
  return withProduct(io, { logErrorsOnly: true }, async ({ context }) => {
    if (query !== null) return retryErrorsOf(io, context, query, json);
    const records = await retryErrors(context.db, context.clock.now());
    const parts = await retrySetAside(context.db, context.clock.now());
    const setAside = parts + (await retryUnfinishedJobs(context.db));
    if (setAside > parts) await context.enqueue('poll', {});
    for (const crm of context.crms.keys()) {
      await context.enqueue('sync-streams', { crm });
      await context.enqueue('refresh-records', { crm });
      await context.enqueue('write-scores', { crm });
    }
    await context.enqueue('match-site-events', {});
    const webhooks = await reprocessQuarantine(context);
    const lines = [
      `${records} records will be tried again.`,
      ...(setAside > 0 ? [`${setAside} things that were set aside will be tried again.`] : []),
      ...(webhooks > 0 ? [`${webhooks} quarantined parts of webhooks were parsed.`] : []),
    ];
    io.stdout.write(`${json ? JSON.stringify({ records, setAside, webhooks }) : lines.join('\n')}\n`);
  });
}

async function retryErrorsOf(io: CommandIo, context: JobContext, query: LeadQuery, json: boolean): Promise<void> {
  const { name, records: named } = await knownRecords(context, query);
  const records = await retryErrors(context.db, context.clock.now(), null, named);
  for (const crm of new Set(named.map((record) => record.crm))) await context.enqueue('refresh-records', { crm });
  const line = records === 0 ? `There are no errors of ${name}.` : `${records} records will be tried again.`;
  io.stdout.write(`${json ? JSON.stringify({ records }) : line}\n`);
}

interface ListContext extends ListOptions {
  readonly crms: readonly string[];
  /** Null: all. */
  readonly found: FoundRecords | null;
}

interface Entries {
  /** Null: not on this page. */
  readonly hold: GuardHold | null;
  readonly records: readonly ListedError[];
  readonly setAside: readonly ListedSetAside[];
  readonly parts: readonly QuarantinedPart[];
}

/** One page of the three lists, one after the other. */
async function readEntries(db: Kysely<Tables>, { limit, after, crms, found }: ListContext): Promise<Entries> {
  const startOf = (name: EntryPosition['list']) => (after.list === name ? after.id : 0);
  const of = { records: found?.records ?? null };
  const isFirstPage = after.list === 'records' && after.id === 0 && found === null;
  const hold = isFirstPage ? await currentHold(db) : null;
  const records = after.list === 'records' ? await listErrors(db, { after: startOf('records'), limit, ...of }) : [];
  const left = limit - records.length;
  const isSetAsideListed = after.list !== 'webhooks' && left > 0;
  const setAside = isSetAsideListed
    ? await listSetAside(db, { crms, after: startOf('set-aside'), limit: left, ...of })
    : [];
  const remaining = left - setAside.length;
  // A quarantined part could not be read, so its lead is not known.
  if (remaining === 0 || found !== null) return { hold, records, setAside, parts: [] };
  return { hold, records, setAside, parts: await listQuarantine(db, { after: startOf('webhooks'), limit: remaining }) };
}

async function list(io: CommandIo, db: Kysely<Tables>, context: ListContext): Promise<void> {
  const { limit, json, found } = context;
  const { hold, records, setAside, parts } = await readEntries(db, context);
  const lines = json
    ? [
        ...(hold === null ? [] : [JSON.stringify({ guard: hold })]),
        ...records.map((entry) => JSON.stringify(entry)),
        ...setAside.map((thing) => JSON.stringify({ setAside: thing })),
        ...parts.map((part) => JSON.stringify({ quarantine: part })),
      ]
    : [
        ...(hold === null ? [] : [holdLines(hold)]),
        ...records.map(toLines),
        ...setAside.map(setAsideLines),
        ...parts.map(partLines),
      ];
  if (lines.length > 0) io.stdout.write(`${lines.join('\n')}\n`);
  else if (!json) io.stdout.write(found === null ? 'No errors.\n' : `There are no errors of ${found.name}.\n`);
  if (lines.length < limit) return;
  const [part, thing] = [parts.at(-1), setAside.at(-1)];
  const last = part === undefined ? (thing === undefined ? records.at(-1)?.id : setAsideName(thing)) : nameOfPart(part);
  io.stderr.write(`More: --after ${last}\n`);
}

function holdLines({ since, message }: GuardHold): string {
  return [`guard  Nothing is written since ${since.toISOString()}`, `    ${message}`, `    ${GUARD_FIX}`].join('\n');
}

function setAsideName({ entry }: ListedSetAside): string {
  return `set-aside:${entry}`;
}

function setAsideLines(thing: ListedSetAside): string {
  const { crm, stream, kind, id, code, message, fix, since, attempts, retryAt } = thing;
  const what = nameOf({ stream, kind, ids: [id], count: 1 });
  const tries = attempts === 1 ? '' : ` (${attempts} attempts)`;
  const next = `    Set aside since ${since.toISOString()}; next attempt at ${retryAt.toISOString()}`;
  const head = `${setAsideName(thing)}  ${crm}  ${what}  ${code}${tries}`;
  return [head, `    ${message}`, next, ...(fix === null ? [] : [`    ${fix}`])].join('\n');
}

function toLines(entry: ListedError): string {
  const field = entry.field === '' ? '' : ` ${entry.field}`;
  const occurrences =
    entry.occurrences === 1 ? '' : ` (${entry.occurrences} occurrences, last ${entry.last_at.toISOString()})`;
  const head = `${entry.id}  ${entry.crm}:${entry.record_id}  ${entry.stage}${field}  ${entry.code}${occurrences}`;
  return [head, `    ${entry.message}`, ...(entry.fix === null ? [] : [`    ${entry.fix}`])].join('\n');
}

function nameOfPart({ id }: Pick<QuarantinedPart, 'id'>): string {
  return `webhook:${id}`;
}

/** Without the body, which may contain personal data. */
function partLines({ id, crm, reason, received_at, bytes }: QuarantinedPart): string {
  const head = `${nameOfPart({ id })}  ${crm}  ${received_at.toISOString()}  ${bytes} bytes`;
  return [head, `    ${reason}`, '    After an upgrade, run: npx leadgrade errors retry'].join('\n');
}
