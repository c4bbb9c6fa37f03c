// The full sync of one object: every record, by ID, through queries or the Bulk API. If Salesforce
// refuses a query of the listing, the records are listed by periods instead.
import { z } from 'zod';
import type { ChangePage, FailedPart } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { mayBeSmaller } from '../http/error-scope.ts';
import type { SalesforceParts } from '../parts.ts';
import { awaitBulkQuery, type BulkPage, readBulkPage, startBulkQuery } from '../query/bulk-query.ts';
import { countRows, PAGE_ROWS, type RowPage, readRows } from '../query/query.ts';
import { nextId } from '../query/read-by-ids.ts';
import { type Position, positionSchema, readPeriod } from '../query/read-period.ts';
import { all, type Condition, compare, id } from '../query/soql.ts';

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
const periodsCursorSchema = z.object({
  phase: z.literal('periods'),
  /** Where the next page begins. */
  position: positionSchema,
  startedAt: z.number(),
});
export const FULL_SYNC_CURSORS = [listCursorSchema, bulkCursorSchema, periodsCursorSchema] as const;
type ListCursor = z.infer<typeof listCursorSchema>;
type BulkCursor = z.infer<typeof bulkCursorSchema>;
type PeriodsCursor = z.infer<typeof periodsCursorSchema>;
export type FullSyncCursor = ListCursor | BulkCursor | PeriodsCursor;

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
  fromListed(page: ReadRows, signal: AbortSignal): Promise<Partial<ChangePage>>;
  /** Projects one page of changes; deleted records have `IsDeleted`. */
  fromChanged(page: ReadRows, signal: AbortSignal): Promise<Partial<ChangePage>>;
}

export type ReadRows = Pick<RowPage, 'rows' | 'unreadable'>;

const NOT_DELETED = compare('IsDeleted', '=', false);

interface ListedPage {
  readonly page: ReadRows;
  readonly next: FullSyncCursor;
  readonly failed?: readonly FailedPart[];
}

/** The next page of the full sync, or several. */
export async function* readListed(
  parts: SalesforceParts,
  source: ListedThenChanged,
  state: FullSyncCursor,
  signal: AbortSignal,
): AsyncGenerator<ListedPage> {
  if (state.phase === 'periods') return yield* readPeriods(parts, source, state, signal);
  if (state.phase === 'bulk') return yield await readBulkListing(parts, source, state, signal);
  try {
    yield await readListing(parts, source, state, signal);
  } catch (error) {
    if (!mayBeSmaller(error)) throw error;
    // Periods can be cut to any size. Listing a record twice is harmless.
    yield* readPeriods(parts, source, { phase: 'periods', position: BEGINNING, startedAt: state.startedAt }, signal);
  }
}

/** Before the first record of any org. */
const BEGINNING: Position = { at: Date.UTC(1999, 0, 1), id: null };

async function* readPeriods(
  parts: SalesforceParts,
  source: ListedThenChanged,
  { position, startedAt }: PeriodsCursor,
  signal: AbortSignal,
): AsyncGenerator<ListedPage> {
  const period = { start: position, until: startedAt + 1_000 };
  for await (const { next, failed, ...page } of readPeriod(parts, fullSyncQuery(source), period, signal)) {
    const cursor: ListCursor | PeriodsCursor =
      next === null
        ? { ...firstListCursor(startedAt), isComplete: true }
        : { phase: 'periods', position: next, startedAt };
    yield { page, next: cursor, failed };
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
export async function startFullSync(
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
    if (hasNoBulk(error)) return firstListCursor(startedAt);
    throw error;
  }
}

function hasNoBulk(error: unknown): boolean {
  return mayBeSmaller(error) || (error instanceof ConnectorError && NO_BULK.has(error.kind));
}

const NO_BULK: ReadonlySet<string> = new Set(['forbidden', 'not-found', 'invalid']);

async function isLarge(
  parts: SalesforceParts,
  query: ReturnType<typeof fullSyncQuery>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return (await countRows(parts, query, signal)) >= parts.settings.SALESFORCE_BULK_READ_FROM;
  } catch (error) {
    // Salesforce aborts a count after two minutes; Leadgrade times out after one.
    if (mayBeSmaller(error)) return true;
    throw error;
  }
}

function firstListCursor(startedAt: number): ListCursor {
  return { phase: 'list', after: null, isComplete: false, startedAt };
}

async function readListing(
  parts: SalesforceParts,
  source: ListedThenChanged,
  state: ListCursor,
  signal: AbortSignal,
): Promise<ListedPage> {
  const query = fullSyncQuery(source);
  const where = state.after === null ? query.where : all(query.where, compare('Id', '>', id(state.after)));
  const page = await readRows(parts, { ...query, where, orderBy: ['Id'], limit: PAGE_ROWS }, signal);
  const { hasMore } = page;
  return { page, next: { ...state, after: hasMore ? nextId(page, state.after) : state.after, isComplete: !hasMore } };
}

async function readBulkListing(
  parts: SalesforceParts,
  { object }: ListedThenChanged,
  state: BulkCursor,
  signal: AbortSignal,
): Promise<ListedPage> {
  const { http } = parts;
  const { jobId, locator, startedAt } = state;
  // If the job no longer exists, the listing starts again with queries. Listing a record twice is
  // harmless.
  const fromStart = async () => ({ page: { rows: [], unreadable: [] }, next: firstListCursor(await http.now(signal)) });
  if (!(await awaitBulkQuery(http, jobId, signal))) return await fromStart();
  let page: BulkPage;
  try {
    page = await readBulkPage(parts, { jobId, object, locator }, signal);
  } catch (error) {
    // The results of the job, or this page of them, no longer exist or cannot be read.
    if (hasNoBulk(error)) return await fromStart();
    throw error;
  }
  const { rows, nextLocator } = page;
  // A locator that repeats would never end.
  if (nextLocator !== null && nextLocator === locator) return await fromStart();
  const next: ListCursor | BulkCursor =
    nextLocator === null ? { ...firstListCursor(startedAt), isComplete: true } : { ...state, locator: nextLocator };
  return { page: { rows, unreadable: [] }, next };
}
