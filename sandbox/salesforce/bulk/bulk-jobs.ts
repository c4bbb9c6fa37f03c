// Bulk API 2.0 jobs and their states. A job advances only when its state is polled.
// https://developer.salesforce.com/docs/platform/api-asynch/guide
import { idOf } from '../ids.ts';
import { isoSeconds, type Org } from '../org/org.ts';
import { badRequest, notFound } from '../salesforce-error.ts';
import type { QueryResult } from '../soql/run-query.ts';

export type JobState = 'Open' | 'UploadComplete' | 'InProgress' | 'JobComplete' | 'Aborted' | 'Failed';

interface Job {
  readonly id: string;
  readonly createdAt: number;
  /** As in the path, e.g. `v66.0`. */
  readonly version: string;
  readonly object: string;
  readonly lineEnding: 'LF' | 'CRLF';
  state: JobState;
  changedAt: number;
  /** Number of polls since it was ready to run. */
  polls: number;
  errorMessage: string | null;
}

export interface QueryJob extends Job {
  readonly kind: 'query';
  readonly operation: 'query' | 'queryAll';
  readonly soql: string;
  result: QueryResult | null;
}

export interface IngestJob extends Job {
  readonly kind: 'ingest';
  readonly operation: 'update';
  /** Without a rule, a job runs none. */
  readonly assignmentRuleId: string | null;
  /** Null until the data is uploaded. */
  csv: string | null;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  processed: number;
  readonly successes: { readonly id: string; readonly row: readonly string[] }[];
  readonly failures: { readonly id: string; readonly error: string; readonly row: readonly string[] }[];
}

type AnyJob = QueryJob | IngestJob;

export interface NewJob {
  readonly version: string;
  readonly object: string;
  readonly lineEnding: 'LF' | 'CRLF';
}

export class BulkJobs {
  /** The number of polls that find a job unfinished. */
  unfinishedPolls = 1;
  /** The number of uploaded rows that are processed per poll. */
  rowsPerPoll = 100_000;
  readonly #org: Org;
  readonly #jobs = new Map<string, AnyJob>();
  #count = 0;

  constructor(org: Org) {
    this.#org = org;
  }

  addQuery(job: NewJob, operation: QueryJob['operation'], soql: string): QueryJob {
    const created: QueryJob = { ...this.#start(job, 'UploadComplete'), kind: 'query', operation, soql, result: null };
    this.#jobs.set(created.id, created);
    return created;
  }

  addIngest(job: NewJob, assignmentRuleId: string | null): IngestJob {
    const data = { assignmentRuleId, csv: null, columns: [], rows: [], processed: 0, successes: [], failures: [] };
    const created: IngestJob = { ...this.#start(job, 'Open'), kind: 'ingest', operation: 'update', ...data };
    this.#jobs.set(created.id, created);
    return created;
  }

  all(): readonly AnyJob[] {
    return [...this.#jobs.values()];
  }

  /** @throws SalesforceError 404 */
  query(id: string): QueryJob {
    const job = this.#jobs.get(id);
    if (job?.kind !== 'query') throw notFound();
    return job;
  }

  /** @throws SalesforceError 404 */
  ingest(id: string): IngestJob {
    const job = this.#jobs.get(id);
    if (job?.kind !== 'ingest') throw notFound();
    return job;
  }

  moveTo(job: AnyJob, state: JobState): void {
    job.state = state;
    job.changedAt = this.#org.clock.now();
  }

  /** Counts a poll of a job that is ready to run. @returns true if the job may finish now */
  poll(job: AnyJob): boolean {
    job.polls += 1;
    if (job.state === 'UploadComplete') this.moveTo(job, 'InProgress');
    return job.polls > this.unfinishedPolls;
  }

  /** Rows that are not processed yet never are. @throws SalesforceError for a finished job */
  abort(job: AnyJob): void {
    if (isFinished(job.state)) throw wrongState(`Aborting Job not allowed, job state is ${job.state}`);
    this.moveTo(job, 'Aborted');
  }

  /** @throws SalesforceError for a job that is open or in progress */
  remove(job: AnyJob): void {
    if (job.state === 'Open' || job.state === 'InProgress') {
      throw wrongState(`Deleting Job not allowed, job state is ${job.state}`);
    }
    this.#jobs.delete(job.id);
  }

  #start(job: NewJob, state: JobState): Job {
    this.#count += 1;
    const now = this.#org.clock.now();
    const started = { id: idOf('750', this.#count), createdAt: now, changedAt: now, polls: 0, errorMessage: null };
    return { ...job, ...started, state };
  }
}

export function isFinished(state: JobState): boolean {
  return state === 'JobComplete' || state === 'Aborted' || state === 'Failed';
}

export function wrongState(message: string) {
  return badRequest('INVALIDJOBSTATE', message);
}

/**
 * A job as the API returns it: each kind of response has its own properties.
 * https://developer.salesforce.com/docs/platform/api-asynch/guide/create-job.html
 * https://developer.salesforce.com/docs/platform/api-asynch/guide/close-job.html
 * https://developer.salesforce.com/docs/platform/api-asynch/guide/get-job-info.html
 * https://developer.salesforce.com/docs/platform/api-asynch/guide/query-create-job.html
 * https://developer.salesforce.com/docs/platform/api-asynch/guide/query-get-one-job.html
 */
export function jobJson(job: AnyJob, org: Org, response: 'created' | 'changed' | 'info'): Record<string, unknown> {
  const isIngest = job.kind === 'ingest';
  const base = {
    id: job.id,
    operation: job.operation,
    object: job.object,
    createdById: org.userId,
    createdDate: isoSeconds(job.createdAt).replace('Z', '+0000'),
    systemModstamp: isoSeconds(job.changedAt).replace('Z', '+0000'),
    state: job.state,
    ...(isIngest && job.assignmentRuleId !== null ? { assignmentRuleId: job.assignmentRuleId } : {}),
    concurrencyMode: 'Parallel',
    contentType: 'CSV',
    apiVersion: Number(job.version.slice(1)),
  };
  if (response === 'changed' && isIngest) return base;
  const format = { lineEnding: job.lineEnding, columnDelimiter: 'COMMA' };
  const contentUrl = `services/data/${job.version}/jobs/ingest/${job.id}/batches`;
  if (response !== 'info') return { ...base, ...(isIngest ? { contentUrl } : {}), ...format };
  const progress = { ...format, ...failureOf(job), retries: 0, totalProcessingTime: 0 };
  if (job.kind === 'query') {
    const numberRecordsProcessed = job.result?.records.length ?? 0;
    return { ...base, jobType: 'V2Query', ...progress, numberRecordsProcessed };
  }
  return {
    ...base,
    jobType: 'V2Ingest',
    ...(job.state === 'Open' ? { contentUrl } : {}),
    ...progress,
    numberRecordsProcessed: job.processed,
    numberRecordsFailed: job.failures.length,
    apiActiveProcessingTime: 0,
    apexProcessingTime: 0,
  };
}

function failureOf({ errorMessage }: AnyJob): { errorMessage?: string } {
  return errorMessage === null ? {} : { errorMessage };
}
