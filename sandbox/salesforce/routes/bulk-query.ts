// Bulk API 2.0 query jobs.
// https://developer.salesforce.com/docs/platform/api-asynch/guide/queries.html
import { z } from 'zod';
import { ok, type Reply } from '../../http/reply.ts';
import { isFinished, jobJson, type QueryJob, wrongState } from '../bulk/bulk-jobs.ts';
import type { Call, Endpoint } from '../http/endpoint.ts';
import { badRequest, SalesforceError } from '../salesforce-error.ts';
import { csvLine } from '../soql/render-rows.ts';
import { type QueryResult, runQuery } from '../soql/run-query.ts';
import { notSupported } from '../soql/soql-error.ts';

// Salesforce does not document the default page size.
const PAGE_ROWS = 10_000;

const createSchema = z.strictObject({
  operation: z.enum(['query', 'queryAll']),
  query: z.string(),
  contentType: z.literal('CSV').optional(),
  columnDelimiter: z.literal('COMMA').optional(),
  lineEnding: z.enum(['LF', 'CRLF']).default('LF'),
});
const abortSchema = z.strictObject({ state: z.literal('Aborted') });

export const createQueryJob: Endpoint = (call) => {
  const { operation, query, lineEnding } = call.body(createSchema);
  const { object } = run(call, query, operation === 'queryAll');
  const job = call.context.jobs.addQuery({ version: call.version, object: object.name, lineEnding }, operation, query);
  return ok(jobJson(job, call.org, 'created'));
};

export const listQueryJobs: Endpoint = ({ context, org }) => {
  const records = context.jobs.all().filter(({ kind }) => kind === 'query');
  return ok({ done: true, nextRecordsUrl: null, records: records.map((job) => jobJson(job, org, 'info')) });
};

export const getQueryJob: Endpoint = (call) => {
  const { context, org } = call;
  const job = context.jobs.query(call.param('id'));
  if (!isFinished(job.state) && context.jobs.poll(job)) {
    job.result = run(call, job.soql, job.operation === 'queryAll');
    context.jobs.moveTo(job, 'JobComplete');
  }
  return ok(jobJson(job, org, 'info'));
};

export const abortQueryJob: Endpoint = (call) => {
  call.body(abortSchema);
  const job = call.context.jobs.query(call.param('id'));
  call.context.jobs.abort(job);
  return ok(jobJson(job, call.org, 'changed'));
};

export const deleteQueryJob: Endpoint = ({ context, param }) => {
  context.jobs.remove(context.jobs.query(param('id')));
  return { status: 204 };
};

/**
 * A page of results as CSV. The header `Sforce-Locator` is the cursor of the next page, and `null`
 * on the last one.
 */
export const getQueryResults: Endpoint = (call) => {
  const job = call.context.jobs.query(call.param('id'));
  if (call.version !== job.version) {
    throw new SalesforceError(409, 'API_ERROR', `Results must be read by the version of the job, ${job.version}`);
  }
  if (job.state !== 'JobComplete' || !job.result) throw wrongState(`Job is in state ${job.state}`);
  const from = offsetOf(call.query('locator'), job.result);
  const maxRecords = Number(call.query('maxRecords') ?? PAGE_ROWS);
  if (!Number.isInteger(maxRecords) || maxRecords < 1)
    throw badRequest('INVALID_ARGUMENT', 'maxRecords must be a positive integer');
  return page(job, job.result, from, maxRecords);
};

function page({ lineEnding }: QueryJob, { records, columns }: QueryResult, from: number, maxRecords: number): Reply {
  const end = lineEnding === 'LF' ? '\n' : '\r\n';
  const selected = columns ?? [];
  const rows = records.slice(from, from + maxRecords);
  const header = csvLine(
    selected.map(({ path }) => path),
    end,
  );
  const body =
    header +
    rows
      .map((record) =>
        csvLine(
          selected.map((column) => column.get(record)),
          end,
        ),
      )
      .join('');
  const next = from + rows.length;
  const headers = {
    'Content-Type': 'text/csv',
    'Sforce-NumberOfRecords': String(rows.length),
    'Sforce-Locator': next >= records.length ? 'null' : Buffer.from(String(next)).toString('base64url'),
  };
  return { status: 200, body, headers };
}

function offsetOf(locator: string | undefined, { records }: QueryResult): number {
  if (locator === undefined) return 0;
  const offset = Number(Buffer.from(locator, 'base64url').toString());
  if (!Number.isInteger(offset) || offset < 1 || offset >= records.length) {
    throw badRequest('INVALID_QUERY_LOCATOR', 'invalid query locator');
  }
  return offset;
}

function run({ org }: Call, soql: string, all: boolean): QueryResult {
  const result = runQuery(org, soql, { all, tooling: false });
  if (result.columns === null) throw notSupported('COUNT() in a bulk query');
  if (result.parsed.offset !== null) throw notSupported('OFFSET in a bulk query');
  return result;
}
