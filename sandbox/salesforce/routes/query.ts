// Queries and their pages.
import type { Reply } from '../../http/reply.ts';
import { ok } from '../../http/reply.ts';
import type { Call, Endpoint } from '../http/endpoint.ts';
import { badRequest } from '../salesforce-error.ts';
import { jsonRow } from '../soql/render-rows.ts';
import { type QueryResult, type QueryScope, runQuery } from '../soql/run-query.ts';

const MIN_BATCH = 200;

function query(scope: QueryScope): Endpoint {
  return (call) => {
    const soql = call.query('q');
    if (soql === undefined || soql.trim() === '') throw badRequest('MALFORMED_QUERY', 'unexpected token: <EOF>');
    const result = runQuery(call.org, soql, scope);
    call.context.automation.checkQuery(result.object.name, result.matched);
    if (result.columns === null) return ok({ totalSize: result.records.length, done: true, records: [] });
    const pageRows = Math.min(result.pageRows, batchSize(call));
    return page(call, result, 0, pageRows, null);
  };
}

export const runRestQuery = query({ all: false, tooling: false });
export const runQueryAll = query({ all: true, tooling: false });
export const runToolingQuery = query({ all: false, tooling: true });

export const nextPage: Endpoint = (call) => {
  const { id, result, from, pageRows } = call.context.cursors.at(call.param('locator'), call.org.clock.now());
  return page(call, result, from, pageRows, id);
};

/** `Sforce-Query-Options: batchSize=500`, clamped to the allowed range. */
function batchSize(call: Call): number {
  const requested = Number(/batchSize=(\d+)/.exec(call.header('Sforce-Query-Options') ?? '')?.[1] ?? Number.NaN);
  return Number.isNaN(requested) ? Number.POSITIVE_INFINITY : Math.max(requested, MIN_BATCH);
}

function page(call: Call, result: QueryResult, from: number, pageRows: number, cursor: string | null): Reply {
  const { records, columns } = result;
  const rows = records.slice(from, from + pageRows).map((record) => jsonRow(record, columns ?? [], call.version));
  const next = from + rows.length;
  const totalSize = records.length;
  if (next >= totalSize) return ok({ totalSize, done: true, records: rows });
  const id = cursor ?? call.context.cursors.open(result, pageRows, call.org.clock.now());
  const nextRecordsUrl = `/services/data/${call.version}/query/${id}-${next}`;
  return ok({ totalSize, done: false, nextRecordsUrl, records: rows });
}
