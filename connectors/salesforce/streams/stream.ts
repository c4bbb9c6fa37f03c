// What the streams share: the connector's parts, an empty page, and the order "list everything once, then what changes".
import { z } from 'zod';
import type { ChangePage, ChangeStream, Cursor, StreamAvailability } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import type { Mapping } from '../../../src/mapping/mapping.ts';
import type { ActivityProjector } from '../../../src/mapping/project-activities.ts';
import { cursorParser, emptyPage } from '../../kit/change-pages.ts';
import type { SalesforceHttp } from '../http/client.ts';
import type { SalesforceSettings } from '../http/settings.ts';
import type { PersonMapping } from '../people/person-mapping.ts';
import { awaitBulkQuery, readBulkPage, startBulkQuery } from '../query/bulk-query.ts';
import { type ChangedRows, changesCursorSchema, changesFrom, readChanges } from '../query/changes.ts';
import type { Schema } from '../query/describe.ts';
import { countRows, PAGE_ROWS, type Row, readRows } from '../query/query.ts';
import { all, type Condition, compare, id } from '../query/soql.ts';

/** What every part of the connector is made from. */
export interface SalesforceParts {
  readonly http: SalesforceHttp;
  readonly schema: Schema;
  readonly clock: Clock;
  readonly settings: SalesforceSettings;
  readonly mapping: Mapping;
  readonly people: PersonMapping;
  readonly toActivity: ActivityProjector;
}

export interface StreamReader {
  readonly stream: ChangeStream;
  /** Whether this user may read the stream; null = it may. */
  sight(signal: AbortSignal): Promise<StreamAvailability['unavailable']>;
  /** Without it nobody can be scored. */
  readonly needed?: true;
  read(cursor: Cursor | null, signal: AbortSignal): AsyncIterable<ChangePage>;
}

export const parseCursor = cursorParser('salesforce');

const listCursorSchema = z.object({
  phase: z.literal('list'),
  /** The last id that was listed; null: none yet. */
  after: z.string().nullable(),
  /** Everything is listed; what remains is to say so. */
  listed: z.boolean(),
  /** When the listing began (epoch ms, Salesforce's clock): the changes go on from there. */
  began: z.number(),
});
const bulkCursorSchema = z.object({
  phase: z.literal('bulk'),
  job: z.string(),
  /** Where the next page of its results begins; null: at the beginning. */
  locator: z.string().nullable(),
  began: z.number(),
});
const phasesSchema = z.discriminatedUnion('phase', [listCursorSchema, bulkCursorSchema, changesCursorSchema]);
type Listing = z.infer<typeof listCursorSchema>;
type BulkListing = z.infer<typeof bulkCursorSchema>;

export interface ListedThenChanged {
  /** Of the stream. */
  readonly id: string;
  readonly object: string;
  readonly fields: readonly string[];
  /** Of the listing alone: changes are read whatever they are, as a record may have left what is listed. */
  readonly where?: Condition;
  /** One page of the first pull: records that are there. */
  fromListed(rows: readonly Row[], signal: AbortSignal): Promise<Partial<ChangePage>>;
  /** One page of changes; those that were deleted have `IsDeleted`. */
  fromChanged(rows: readonly Row[], signal: AbortSignal): Promise<Partial<ChangePage>>;
}

const THERE = compare('IsDeleted', '=', false);

/** The whole list first (`whole: true`), then an empty page that says that it ended; later, what changes. */
export async function* listThenChanges(
  parts: SalesforceParts,
  source: ListedThenChanged,
  cursor: Cursor | null,
  signal: AbortSignal,
): AsyncGenerator<ChangePage> {
  let state = parseCursor(phasesSchema, source.id, cursor ?? (await beginning(parts, source, signal)));
  while (state.phase !== 'changes') {
    if (state.phase === 'list' && state.listed) {
      yield emptyPage(changesFrom(state.began), false);
      // What changed meanwhile comes with the next poll: a pull is either the whole pass or what follows it.
      return;
    }
    // Kept before anything of it is read: a process that is killed goes on with the same job.
    if (state.phase === 'bulk' && state.locator === null) yield emptyPage(state, true);
    const { rows, next } =
      state.phase === 'bulk'
        ? await bulkListed(parts, source, state, signal)
        : await listed(parts, source, state, signal);
    state = next;
    yield { ...emptyPage(state, true), ...(rows.length === 0 ? {} : await source.fromListed(rows, signal)) };
  }
  for await (const changed of readChanges(parts, source, state, signal)) {
    yield await changedPage(source, changed, signal);
  }
}

function wholeQuery({ id: stream, object, fields, where }: ListedThenChanged) {
  return {
    what: `reading ${stream}`,
    from: object,
    fields: ['SystemModstamp', ...fields],
    // Activities of more than a year ago are archived, and shown to this kind of query alone.
    deleted: true,
    where: all(THERE, ...(where === undefined ? [] : [where])),
  };
}

/** By queries; through the Bulk API where there is much to read. */
async function beginning(
  parts: SalesforceParts,
  source: ListedThenChanged,
  signal: AbortSignal,
): Promise<Listing | BulkListing> {
  const began = await parts.http.now(signal);
  const query = wholeQuery(source);
  if (!(await isLarge(parts, query, signal))) return fromStart(began);
  try {
    return { phase: 'bulk', job: await startBulkQuery(parts, query, signal), locator: null, began };
  } catch (error) {
    // Some objects and editions have no bulk queries. If it is the query that is wrong, listing says so.
    if (error instanceof ConnectorError && NO_BULK.has(error.kind)) return fromStart(began);
    throw error;
  }
}

const NO_BULK: ReadonlySet<string> = new Set(['forbidden', 'invalid']);
/** Salesforce gives up counting after two minutes, and we after one. */
const TOO_MANY_TO_COUNT: ReadonlySet<string> = new Set(['QUERY_TIMEOUT', 'TIMEOUT']);

async function isLarge(
  parts: SalesforceParts,
  query: ReturnType<typeof wholeQuery>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return (await countRows(parts, query, signal)) >= parts.settings.SALESFORCE_BULK_READ_FROM;
  } catch (error) {
    if (error instanceof ConnectorError && TOO_MANY_TO_COUNT.has(error.code ?? '')) return true;
    throw error;
  }
}

function fromStart(began: number): Listing {
  return { phase: 'list', after: null, listed: false, began };
}

async function listed(parts: SalesforceParts, source: ListedThenChanged, state: Listing, signal: AbortSignal) {
  const query = wholeQuery(source);
  const where = state.after === null ? query.where : all(query.where, compare('Id', '>', id(state.after)));
  const { rows, more } = await readRows(parts, { ...query, where, orderBy: ['Id'], limit: PAGE_ROWS }, signal);
  return { rows, next: { ...state, after: rows.at(-1)?.id ?? state.after, listed: !more } };
}

async function bulkListed(
  parts: SalesforceParts,
  { object }: ListedThenChanged,
  state: BulkListing,
  signal: AbortSignal,
) {
  const { http } = parts;
  const { job, locator, began } = state;
  // A job that is no more: what it showed is listed again, which does no harm.
  if (!(await awaitBulkQuery(http, job, signal))) return { rows: [], next: fromStart(await http.now(signal)) };
  const { rows, next } = await readBulkPage(parts, { job, object, locator }, signal);
  const following: Listing | BulkListing =
    next === null ? { ...fromStart(began), listed: true } : { ...state, locator: next };
  return { rows, next: following };
}

async function changedPage(source: ListedThenChanged, changed: ChangedRows, signal: AbortSignal): Promise<ChangePage> {
  const content = changed.rows.length === 0 ? {} : await source.fromChanged(changed.rows, signal);
  return { ...emptyPage(changed.cursor, false), ...content };
}
