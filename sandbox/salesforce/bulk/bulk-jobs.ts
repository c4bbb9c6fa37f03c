// Bulk API 2.0 jobs: their states, and what moves them on. Nothing happens between two questions for a job's state.
// https://developer.salesforce.com/docs/platform/api-asynch/guide
import { idOf } from '../ids.ts';
import { auditInfoOf, type Org } from '../org.ts';
import { badRequest, notFound } from '../salesforce-error.ts';
import type { QueryResult } from '../soql/run-query.ts';

export type JobState = 'Open' | 'UploadComplete' | 'InProgress' | 'JobComplete' | 'Aborted' | 'Failed';

interface Job {
  readonly id: string;
  readonly createdAt: number;
  /** As in the path: `v66.0`. */
  readonly version: string;
  readonly object: string;
  readonly lineEnding: 'LF' | 'CRLF';
  state: JobState;
  changedAt: number;
  /** How often its state was asked for since it was ready to run. */
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
  /** Null until it is uploaded. */
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
  /** How many questions find a job unfinished. */
  unfinishedPolls = 1;
  /** How many rows of an upload are handled from one question to the next. */
  rowsPerPoll = 100_000;
  readonly #org: Org;
  readonly #jobs = new Map<string, AnyJob>();
  #count = 0;

  constructor(org: Org) {
    this.#org = org;
  }

  addQuery(job: NewJob, operation: QueryJob['operation'], soql: string): QueryJob {
    const made: QueryJob = { ...this.#begin(job, 'UploadComplete'), kind: 'query', operation, soql, result: null };
    this.#jobs.set(made.id, made);
    return made;
  }

  addIngest(job: NewJob): IngestJob {
    const data = { csv: null, columns: [], rows: [], processed: 0, successes: [], failures: [] };
    const made: IngestJob = { ...this.#begin(job, 'Open'), kind: 'ingest', operation: 'update', ...data };
    this.#jobs.set(made.id, made);
    return made;
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

  /** Counts one question for a job that is to run. @returns whether it may be finished by now */
  poll(job: AnyJob): boolean {
    job.polls += 1;
    if (job.state === 'UploadComplete') this.moveTo(job, 'InProgress');
    return job.polls > this.unfinishedPolls;
  }

  /** What is not done by then is never done. @throws SalesforceError for a job that is over */
  abort(job: AnyJob): void {
    if (isOver(job.state)) throw wrongState(`Aborting Job not allowed, job state is ${job.state}`);
    this.moveTo(job, 'Aborted');
  }

  /** @throws SalesforceError for one that is open or runs */
  remove(job: AnyJob): void {
    if (job.state === 'Open' || job.state === 'InProgress') {
      throw wrongState(`Deleting Job not allowed, job state is ${job.state}`);
    }
    this.#jobs.delete(job.id);
  }

  #begin(job: NewJob, state: JobState): Job {
    this.#count += 1;
    const now = this.#org.clock.now();
    const begun = { id: idOf('750', this.#count), createdAt: now, changedAt: now, polls: 0, errorMessage: null };
    return { ...job, ...begun, state };
  }
}

export function isOver(state: JobState): boolean {
  return state === 'JobComplete' || state === 'Aborted' || state === 'Failed';
}

export function wrongState(message: string) {
  return badRequest('INVALIDJOBSTATE', message);
}

/** What a question for a job is answered with. */
export function jobJson(job: AnyJob, org: Org): Record<string, unknown> {
  const common = {
    id: job.id,
    operation: job.operation,
    object: job.object,
    createdById: org.userId,
    createdDate: auditInfoOf(job.createdAt).replace('Z', '+0000'),
    systemModstamp: auditInfoOf(job.changedAt).replace('Z', '+0000'),
    state: job.state,
    concurrencyMode: 'Parallel',
    contentType: 'CSV',
    apiVersion: Number(job.version.slice(1)),
    jobType: job.kind === 'query' ? 'V2Query' : 'V2Ingest',
    lineEnding: job.lineEnding,
    columnDelimiter: 'COMMA',
    ...(job.errorMessage === null ? {} : { errorMessage: job.errorMessage }),
  };
  if (job.kind === 'query') {
    return { ...common, numberRecordsProcessed: job.result?.records.length ?? 0, retries: 0, totalProcessingTime: 0 };
  }
  return {
    ...common,
    contentUrl: `services/data/${job.version}/jobs/ingest/${job.id}/batches`,
    numberRecordsProcessed: job.processed,
    numberRecordsFailed: job.failures.length,
    retries: 0,
    totalProcessingTime: 0,
  };
}
