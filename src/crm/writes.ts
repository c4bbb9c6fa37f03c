// Writing scores to a CRM: in batches of one call each, or as a job of the CRM's bulk API.
import type { RecordRef } from '../domain/crm-changes.ts';
import type { ScoreFieldValues } from '../domain/score-fields.ts';
import type { ConnectorError } from './connector-error.ts';

export interface ScorePatch {
  readonly ref: RecordRef;
  /** All of Leadgrade's fields together; null clears a field. */
  readonly values: ScoreFieldValues;
}

export type WriteResult =
  | { readonly kind: 'written'; readonly ref: RecordRef; readonly modifiedAt: string | null }
  | { readonly kind: 'gone'; readonly ref: RecordRef }
  | { readonly kind: 'merged'; readonly ref: RecordRef; readonly into: RecordRef }
  | { readonly kind: 'failed'; readonly ref: RecordRef; readonly error: ConnectorError };

/**
 * - `open`: the patches are not submitted yet.
 * - `abandoned`: aborted, or the CRM no longer knows the job.
 */
export type BulkState =
  | { readonly kind: 'open' | 'running' | 'done' | 'abandoned' }
  | { readonly kind: 'failed'; readonly error: ConnectorError };

/**
 * Writes many scores of one object as one asynchronous job of the CRM. The ID of the job outlives
 * our process.
 */
export interface BulkWrites {
  /** A job is worth its overhead from this number of patches on. */
  readonly minRows: number;
  /** The maximum number of patches per job. */
  readonly maxRows: number;
  /** The maximum size of the patches of one job, in bytes of JSON. */
  readonly maxBytes: number;
  /**
   * Creates an empty job and returns its ID.
   * @throws ConnectorError `forbidden` or `invalid` when the CRM allows no such job here
   */
  open(object: string, signal: AbortSignal): Promise<string>;
  /**
   * Submits all patches and starts the job. After an error, `status` tells whether the job has
   * started.
   */
  send(jobId: string, patches: readonly ScorePatch[], signal: AbortSignal): Promise<void>;
  status(jobId: string, signal: AbortSignal): Promise<BulkState>;
  /**
   * The results of a job that is done: one per ref, in any order.
   * @throws ConnectorError `configuration` like `writeScores`
   */
  results(jobId: string, refs: readonly RecordRef[], signal: AbortSignal): Promise<readonly WriteResult[]>;
  /** Aborts a job that is open. */
  abort(jobId: string, signal: AbortSignal): Promise<void>;
}
