// A query of the Bulk API 2.0: for the first pull of a large org. The job and the place in its results are a cursor, so that a
// process that was killed goes on with them. The results are read by us, page by page: jsforce's stream loses rows, or crashes,
// where there are several (https://github.com/jsforce/jsforce/issues/1693).
// https://developer.salesforce.com/docs/platform/api-asynch/guide/queries.html
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { FieldValue } from '../../../src/domain/lead.ts';
import type { SalesforceHttp } from '../http/client.ts';
import { invisibleObject, type Reader, type Row, type RowQuery } from './query.ts';
import { select } from './soql.ts';

// A page is one call, and is kept in one transaction.
const PAGE_ROWS = 2_000;
const LONGEST_WAIT_MS = 20_000;
/** A job that takes longer is looked at by the next pull. */
const PATIENCE_MS = 5 * 60_000;

const jobAnswer = z.looseObject({ id: z.string(), state: z.string(), errorMessage: z.string().optional() });
const rowsSchema = z.array(z.record(z.string(), z.string()));

/** @returns the id of the job @throws ConnectorError `forbidden` when this user may not see the object */
export async function startBulkQuery(
  { http, schema }: Reader,
  query: Omit<RowQuery, 'orderBy' | 'limit'>,
  signal: AbortSignal,
): Promise<string> {
  const { what, deleted = false, ...rest } = query;
  const fields = await schema.visible(query.from, ['Id', ...query.fields], signal);
  if (fields.length === 0) throw invisibleObject(what, query.from);
  const operation = deleted ? 'queryAll' : 'query';
  const body = { operation, query: select({ ...rest, fields }) };
  const { id } = await http.call({ what, method: 'POST', path: '/jobs/query', body, answer: jobAnswer }, signal);
  return id;
}

/**
 * Waits until the job has its results.
 * @returns whether it has; false: it is gone, or Salesforce gave it up
 * @throws ConnectorError `retry` when it takes long: it goes on, and is looked at again later
 */
export async function awaitBulkQuery(http: SalesforceHttp, job: string, signal: AbortSignal): Promise<boolean> {
  let wait = http.patience.initialDelayMs;
  for (let waited = 0; waited < PATIENCE_MS; waited += wait) {
    const state = await stateOf(http, job, signal);
    if (state === 'JobComplete') return true;
    if (state === null || state === 'Failed' || state === 'Aborted') return false;
    wait = Math.min(wait * 1.5, LONGEST_WAIT_MS);
    await sleep(wait, undefined, { signal });
  }
  const message = 'A bulk query is still under way';
  throw new ConnectorError({
    kind: 'retry',
    crm: 'salesforce',
    message,
    code: 'BULK_UNDER_WAY',
    retryAfterMs: 60_000,
  });
}

async function stateOf(http: SalesforceHttp, job: string, signal: AbortSignal): Promise<string | null> {
  try {
    const call = { what: 'looking at a bulk query', path: `/jobs/query/${job}`, answer: jobAnswer };
    return (await http.call(call, signal)).state;
  } catch (error) {
    // Salesforce keeps jobs for a week.
    if (error instanceof ConnectorError && error.kind === 'not-found') return null;
    throw error;
  }
}

export interface BulkPage {
  readonly rows: readonly Row[];
  /** Where the next page begins; null: this was the last. */
  readonly next: string | null;
}

/** A page of the results, its values as a query would give them. */
export async function readBulkPage(
  { http, schema }: Reader,
  { job, object, locator }: { job: string; object: string; locator: string | null },
  signal: AbortSignal,
): Promise<BulkPage> {
  const call = {
    what: 'reading the results of a bulk query',
    path: `/jobs/query/${job}/results`,
    query: { maxRecords: String(PAGE_ROWS), ...(locator === null ? {} : { locator }) },
    headers: { accept: 'text/csv' },
    isCsv: true as const,
    answer: z.string(),
  };
  const { body, headers } = await http.ask(call, signal);
  const next = headers.get('sforce-locator');
  const texts = textsOf(body);
  const types = new Map<string, string | null>();
  for (const path of Object.keys(texts[0] ?? {})) types.set(path, await schema.typeOf(object, path, signal));
  // The header is the word "null" where nothing follows.
  return { rows: texts.map((row) => typed(row, types)), next: next === null || next === 'null' ? null : next };
}

const NUMBERS: ReadonlySet<string> = new Set(['int', 'long', 'double', 'currency', 'percent']);

/** CSV has text alone, and no null. */
function typed(row: Readonly<Record<string, string>>, types: ReadonlyMap<string, string | null>): Row {
  const values = Object.entries(row).map(([path, text]): [string, FieldValue] => {
    const type = types.get(path) ?? '';
    if (text === '') return [path, null];
    if (type === 'boolean') return [path, text === 'true'];
    return [path, NUMBERS.has(type) ? Number(text) : text];
  });
  return { id: row.Id ?? '', values: Object.fromEntries(values) };
}

function textsOf(csv: string): readonly Readonly<Record<string, string>>[] {
  try {
    return rowsSchema.parse(parse(csv, { columns: true, skip_empty_lines: true }));
  } catch {
    // The parser's own error quotes the text, which may be anybody's data.
    const message = 'A page of a bulk query is cut off, or no CSV';
    throw new ConnectorError({ kind: 'retry', crm: 'salesforce', message, code: 'UNREADABLE' });
  }
}
