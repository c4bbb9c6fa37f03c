// Bulk API 2.0 ingest jobs, for updates.
// https://developer.salesforce.com/docs/platform/api-asynch/guide/bulk-api-2-0-ingest.html
import { z } from 'zod';
import { ok, type Reply } from '../../http/reply.ts';
import { type IngestJob, isFinished, jobJson, wrongState } from '../bulk/bulk-jobs.ts';
import { readUpload, writeRows } from '../bulk/run-ingest.ts';
import type { Call, Endpoint } from '../http/endpoint.ts';
import { badRequest } from '../salesforce-error.ts';
import { csvLine } from '../soql/render-rows.ts';
import { writable } from './sobjects.ts';

const createSchema = z.strictObject({
  object: z.string(),
  operation: z.literal('update'),
  contentType: z.literal('CSV').optional(),
  columnDelimiter: z.literal('COMMA').optional(),
  lineEnding: z.enum(['LF', 'CRLF']).default('LF'),
  assignmentRuleId: z.string().optional(),
});
const stateSchema = z.strictObject({ state: z.enum(['UploadComplete', 'Aborted']) });

export const createIngestJob: Endpoint = (call) => {
  const { object: name, lineEnding, assignmentRuleId = null } = call.body(createSchema);
  const object = call.org.schema.visibleObject(name);
  if (!object || object.prefix === '' || object.tooling) {
    throw badRequest('INVALIDENTITY', `Unable to find object: ${name}`);
  }
  const job = call.context.jobs.addIngest(
    { version: call.version, object: writable(object).name, lineEnding },
    assignmentRuleId,
  );
  return ok(jobJson(job, call.org, 'created'));
};

export const listIngestJobs: Endpoint = ({ context, org }) => {
  const records = context.jobs.all().filter(({ kind }) => kind === 'ingest');
  return ok({ done: true, nextRecordsUrl: null, records: records.map((job) => jobJson(job, org, 'info')) });
};

/** Accepts all data in one upload; a second upload is an error. */
export const uploadRows: Endpoint = (call) => {
  const job = jobOf(call);
  if (job.state !== 'Open' || job.csv !== null) throw wrongState(`Upload not allowed, job state is ${job.state}`);
  const csv = call.text();
  if (csv === '') throw badRequest('INVALID_ARGUMENT', 'The upload must be of type text/csv and must not be empty');
  job.csv = csv;
  return { status: 201 };
};

export const changeIngestJob: Endpoint = (call) => {
  const { state } = call.body(stateSchema);
  const job = jobOf(call);
  if (state === 'Aborted') {
    call.context.jobs.abort(job);
  } else {
    if (job.state !== 'Open') throw wrongState(`Closing Job not allowed, job state is ${job.state}`);
    if (job.csv === null) throw wrongState('Closing Job not allowed, nothing was uploaded');
    call.context.jobs.moveTo(job, 'UploadComplete');
  }
  return ok(jobJson(job, call.org, 'changed'));
};

export const getIngestJob: Endpoint = (call) => {
  const job = jobOf(call);
  if (job.state !== 'Open' && !isFinished(job.state)) advance(call, job);
  return ok(jobJson(job, call.org, 'info'));
};

export const deleteIngestJob: Endpoint = (call) => {
  call.context.jobs.remove(jobOf(call));
  return { status: 204 };
};

function advance({ context: { jobs, rules, automation }, org }: Call, job: IngestJob): void {
  const writeContext = { org, rules, automation };
  const mayFinish = jobs.poll(job);
  if (job.columns.length === 0) {
    job.errorMessage = readUpload(writeContext, job);
  }
  if (job.errorMessage !== null) {
    jobs.moveTo(job, 'Failed');
    return;
  }
  const object = org.schema.object(job.object);
  if (mayFinish && object) writeRows(writeContext, object, job, jobs.rowsPerPoll);
  if (mayFinish && job.processed === job.rows.length) jobs.moveTo(job, 'JobComplete');
}

// Results come in an arbitrary order, so that no client relies on it.
export const getSuccesses: Endpoint = (call) => {
  const job = finished(call);
  const rows = job.successes.toReversed().map(({ id, row }) => [id, 'false', ...row]);
  return csv(['sf__Id', 'sf__Created', ...job.columns], rows, job);
};

export const getFailures: Endpoint = (call) => {
  const job = finished(call);
  const rows = job.failures.toReversed().map(({ id, error, row }) => [id, error, ...row]);
  return csv(['sf__Id', 'sf__Error', ...job.columns], rows, job);
};

export const getUnprocessed: Endpoint = (call) => {
  const job = finished(call);
  return csv(job.columns, job.rows.slice(job.processed), job);
};

function csv(columns: readonly string[], rows: readonly (readonly string[])[], { lineEnding }: IngestJob): Reply {
  const end = lineEnding === 'LF' ? '\n' : '\r\n';
  const body = [columns, ...rows].map((row) => csvLine(row, end)).join('');
  return { status: 200, body, headers: { 'Content-Type': 'text/csv' } };
}

function finished(call: Call): IngestJob {
  const job = jobOf(call);
  if (isFinished(job.state)) return job;
  throw wrongState(`Job is in state ${job.state}`);
}

function jobOf({ context, param }: Call): IngestJob {
  return context.jobs.ingest(param('id'));
}
