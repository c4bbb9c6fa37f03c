// A query of the Bulk API 2.0, for the full sync of a large org. The cursor holds the job and the
// position in its results, so a process that was killed resumes the same job.
// https://developer.salesforce.com/docs/platform/api-asynch/guide/queries.html
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import type { FieldValue } from '../../../src/domain/lead.ts';
import type { SalesforceHttp } from '../http/client.ts';
import type { QueryContext, Row, RowQuery } from './query.ts';
import { select } from './soql.ts';
import { invisibleObjectError } from './visibility.ts';

/** One page is one call, and is saved in one transaction. */
const PAGE_ROWS = 2_000;
const MAX_POLL_INTERVAL_MS = 20_000;
/** The next sync checks a job that takes longer. */
const MAX_WAIT_MS = 5 * 60_000;

const jobSchema = z.looseObject({ id: z.string(), state: z.string(), errorMessage: z.string().optional() });
const rowsSchema = z.array(z.record(z.string(), z.string()));

/**
 * @returns the ID of the job
 * @throws ConnectorError `forbidden` when this user cannot see the object
 */
export async function startBulkQuery(
  { http, schema }: QueryContext,
  query: Omit<RowQuery, 'orderBy' | 'limit'>,
  signal: AbortSignal,
): Promise<string> {
  const { what, includeDeleted = false, ...rest } = query;
  const fields = await schema.visiblePaths(query.from, ['Id', ...query.fields], signal);
  if (fields.length === 0) throw invisibleObjectError(what, query.from);
  const operation = includeDeleted ? 'queryAll' : 'query';
  const body = { operation, query: select({ ...rest, fields }) };
  const call = { what, method: 'POST' as const, path: '/jobs/query', body, responseSchema: jobSchema };
  return (await http.call(call, signal)).id;
}

/**
 * Polls until the job has results.
 * @returns true if the results are ready; false if the job was deleted, failed, or was aborted
 * @throws ConnectorError `retry` if the job is still running after `MAX_WAIT_MS`; a later call can
 * resume it
 */
export async function awaitBulkQuery(http: SalesforceHttp, jobId: string, signal: AbortSignal): Promise<boolean> {
  let intervalMs = http.retryOptions.initialDelayMs;
  for (let waitedMs = 0; waitedMs < MAX_WAIT_MS; waitedMs += intervalMs) {
    const state = await readJobState(http, jobId, signal);
    if (state === 'JobComplete') return true;
    if (state === null || state === 'Failed' || state === 'Aborted') return false;
    intervalMs = Math.min(intervalMs * 1.5, MAX_POLL_INTERVAL_MS);
    await sleep(intervalMs, undefined, { signal });
  }
  throw new ConnectorError({
    kind: 'retry',
    crm: 'salesforce',
    message: 'A bulk query is still running',
    code: 'BULK_RUNNING',
    retryAfterMs: 60_000,
  });
}

async function readJobState(http: SalesforceHttp, jobId: string, signal: AbortSignal): Promise<string | null> {
  try {
    const call = {
      what: 'checking the state of a bulk query',
      path: `/jobs/query/${jobId}`,
      responseSchema: jobSchema,
    };
    return (await http.call(call, signal)).state;
  } catch (error) {
    // Salesforce deletes jobs after a week.
    if (error instanceof ConnectorError && error.kind === 'not-found') return null;
    throw error;
  }
}

export interface BulkPage {
  readonly rows: readonly Row[];
  /** Where the next page begins; null after the last page. */
  readonly nextLocator: string | null;
}

/**
 * One page of the results, with values of the same types as a query returns. jsforce's own stream
 * loses rows or crashes with several pages: https://github.com/jsforce/jsforce/issues/1693
 */
export async function readBulkPage(
  { http, schema }: QueryContext,
  { jobId, object, locator }: { jobId: string; object: string; locator: string | null },
  signal: AbortSignal,
): Promise<BulkPage> {
  const call = {
    what: 'reading the results of a bulk query',
    path: `/jobs/query/${jobId}/results`,
    query: { maxRecords: String(PAGE_ROWS), ...(locator === null ? {} : { locator }) },
    headers: { accept: 'text/csv' },
    isCsv: true as const,
    responseSchema: z.string(),
  };
  const { body, headers } = await http.callWithHeaders(call, signal);
  const nextLocator = headers.get('sforce-locator');
  const textRows = parseCsv(body);
  const types = new Map<string, string | null>();
  for (const path of Object.keys(textRows[0] ?? {})) types.set(path, await schema.typeOf(object, path, signal));
  return {
    rows: textRows.map((row) => toTypedRow(row, types)),
    // After the last page the header holds the text "null".
    nextLocator: nextLocator === 'null' ? null : nextLocator,
  };
}

const NUMBERS: ReadonlySet<string> = new Set(['int', 'long', 'double', 'currency', 'percent']);

/** CSV has only text, and no null. */
function toTypedRow(row: Readonly<Record<string, string>>, types: ReadonlyMap<string, string | null>): Row {
  const values = Object.entries(row).map(([path, text]): [string, FieldValue] => {
    const type = types.get(path) ?? '';
    if (text === '') return [path, null];
    if (type === 'boolean') return [path, text === 'true'];
    return [path, NUMBERS.has(type) ? Number(text) : text];
  });
  return { id: row.Id ?? '', values: Object.fromEntries(values) };
}

function parseCsv(csv: string): readonly Readonly<Record<string, string>>[] {
  try {
    return rowsSchema.parse(parse(csv, { columns: true, skip_empty_lines: true }));
  } catch {
    // The parser's own error quotes the text, which may contain personal data.
    const message = 'A page of a bulk query is truncated or not valid CSV';
    throw new ConnectorError({ kind: 'retry', crm: 'salesforce', message, code: 'UNREADABLE' });
  }
}
