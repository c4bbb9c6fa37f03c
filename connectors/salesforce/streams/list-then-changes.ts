// The order in which a stream reads one object: first a full sync that lists every record by ID,
// through queries or the Bulk API; later syncs read only changes.
import { z } from 'zod';
import type { ChangePage, Cursor } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import type { SalesforceParts } from '../parts.ts';
import { awaitBulkQuery, readBulkPage, startBulkQuery } from '../query/bulk-query.ts';
import { type ChangedRows, changesCursorSchema, changesFrom, readChanges } from '../query/changes.ts';
import { countRows, PAGE_ROWS, type Row, readRows } from '../query/query.ts';
import { all, type Condition, compare, id } from '../query/soql.ts';
import { parseCursor } from './stream-reader.ts';

const listCursorSchema = z.object({
  phase: z.literal('list'),
  /** The last listed ID; null at the beginning. */
  after: z.string().nullable(),
  /** Every record is listed; only the final empty page is missing. */
  isComplete: z.boolean(),
  /** When the listing began (epoch ms, Salesforce's clock). Changes are read from here on. */
  startedAt: z.number(),
});
const bulkCursorSchema = z.object({
  phase: z.literal('bulk'),
  jobId: z.string(),
  /** Where the next page of results begins; null at the beginning. */
  locator: z.string().nullable(),
  startedAt: z.number(),
});
const phasesSchema = z.discriminatedUnion('phase', [listCursorSchema, bulkCursorSchema, changesCursorSchema]);
type ListCursor = z.infer<typeof listCursorSchema>;
type BulkCursor = z.infer<typeof bulkCursorSchema>;

export interface ListedThenChanged {
  /** The ID of the stream. */
  readonly id: string;
  readonly object: string;
  readonly fields: readonly string[];
  /**
   * Filters the listing only. Changes are read without it, because a record may have left the
   * filtered set.
   */
  readonly where?: Condition;
  /** Projects one page of the full sync: records that exist. */
  fromListed(rows: readonly Row[], signal: AbortSignal): Promise<Partial<ChangePage>>;
  /** Projects one page of changes; deleted records have `IsDeleted`. */
  fromChanged(rows: readonly Row[], signal: AbortSignal): Promise<Partial<ChangePage>>;
}

const NOT_DELETED = compare('IsDeleted', '=', false);

/**
 * The full sync (`isFullSync: true`), then an empty page that ends it; later calls yield changes.
 */
export async function* listThenChanges(
  parts: SalesforceParts,
  source: ListedThenChanged,
  cursor: Cursor | null,
  signal: AbortSignal,
): AsyncGenerator<ChangePage> {
  let state = parseCursor(phasesSchema, source.id, cursor ?? (await startFullSync(parts, source, signal)));
  while (state.phase !== 'changes') {
    if (state.phase === 'list' && state.isComplete) {
      yield emptyPage(changesFrom(state.startedAt), false);
      // The next poll reads the changes made during the listing: one sync is either the full sync
      // or an incremental one.
      return;
    }
    // Saved before any result is read, so that a process that was killed resumes the same job.
    if (state.phase === 'bulk' && state.locator === null) yield emptyPage(state, true);
    const { rows, next } =
      state.phase === 'bulk'
        ? await readBulkListing(parts, source, state, signal)
        : await readListing(parts, source, state, signal);
    state = next;
    yield { ...emptyPage(state, true), ...(rows.length === 0 ? {} : await source.fromListed(rows, signal)) };
  }
  for await (const changed of readChanges(parts, source, state, signal)) {
    yield await toChangePage(source, changed, signal);
  }
}

function fullSyncQuery({ id: stream, object, fields, where }: ListedThenChanged) {
  return {
    what: `reading ${stream}`,
    from: object,
    fields: ['SystemModstamp', ...fields],
    // Salesforce archives activities that are more than a year old; only this kind of query returns
    // them.
    includeDeleted: true,
    where: all(NOT_DELETED, ...(where === undefined ? [] : [where])),
  };
}

/** Uses queries for small objects and the Bulk API for large ones. */
async function startFullSync(
  parts: SalesforceParts,
  source: ListedThenChanged,
  signal: AbortSignal,
): Promise<ListCursor | BulkCursor> {
  const startedAt = await parts.http.now(signal);
  const query = fullSyncQuery(source);
  if (!(await isLarge(parts, query, signal))) return firstListCursor(startedAt);
  try {
    return { phase: 'bulk', jobId: await startBulkQuery(parts, query, signal), locator: null, startedAt };
  } catch (error) {
    // Some objects and editions have no bulk queries. If the query itself is invalid, the listing
    // reports it.
    if (error instanceof ConnectorError && NO_BULK.has(error.kind)) return firstListCursor(startedAt);
    throw error;
  }
}

const NO_BULK: ReadonlySet<string> = new Set(['forbidden', 'invalid']);
/** Salesforce aborts a count after two minutes; Leadgrade times out after one. */
const TOO_MANY_TO_COUNT: ReadonlySet<string> = new Set(['QUERY_TIMEOUT', 'TIMEOUT']);

async function isLarge(
  parts: SalesforceParts,
  query: ReturnType<typeof fullSyncQuery>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return (await countRows(parts, query, signal)) >= parts.settings.SALESFORCE_BULK_READ_FROM;
  } catch (error) {
    if (error instanceof ConnectorError && TOO_MANY_TO_COUNT.has(error.code ?? '')) return true;
    throw error;
  }
}

function firstListCursor(startedAt: number): ListCursor {
  return { phase: 'list', after: null, isComplete: false, startedAt };
}

async function readListing(parts: SalesforceParts, source: ListedThenChanged, state: ListCursor, signal: AbortSignal) {
  const query = fullSyncQuery(source);
  const where = state.after === null ? query.where : all(query.where, compare('Id', '>', id(state.after)));
  const { rows, hasMore } = await readRows(parts, { ...query, where, orderBy: ['Id'], limit: PAGE_ROWS }, signal);
  return { rows, next: { ...state, after: rows.at(-1)?.id ?? state.after, isComplete: !hasMore } };
}

async function readBulkListing(
  parts: SalesforceParts,
  { object }: ListedThenChanged,
  state: BulkCursor,
  signal: AbortSignal,
) {
  const { http } = parts;
  const { jobId, locator, startedAt } = state;
  // If the job no longer exists, the listing starts again with queries. Listing a record twice is
  // harmless.
  if (!(await awaitBulkQuery(http, jobId, signal))) return { rows: [], next: firstListCursor(await http.now(signal)) };
  const { rows, nextLocator } = await readBulkPage(parts, { jobId, object, locator }, signal);
  const next: ListCursor | BulkCursor =
    nextLocator === null ? { ...firstListCursor(startedAt), isComplete: true } : { ...state, locator: nextLocator };
  return { rows, next };
}

async function toChangePage(source: ListedThenChanged, changed: ChangedRows, signal: AbortSignal): Promise<ChangePage> {
  const content = changed.rows.length === 0 ? {} : await source.fromChanged(changed.rows, signal);
  return { ...emptyPage(changed.cursor, false), ...content };
}
