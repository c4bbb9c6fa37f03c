// Writes many scores as one Bulk API 2.0 job, which Salesforce splits into batches itself. A job is
// opened, receives all rows as CSV, is closed, and is polled until it ends. Its ID is enough to
// resume it after the process was killed.
// https://developer.salesforce.com/docs/platform/api-asynch/guide/bulk-api-2-0-ingest.html
import { z } from 'zod';
import type { BulkState, BulkWrites, ScorePatch } from '../../../src/crm/connector.ts';
import { ConnectorError } from '../../../src/crm/connector-error.ts';
import { redactPersonalData } from '../../kit/redact.ts';
import type { SalesforceParts } from '../parts.ts';
import { toCsv } from './bulk-csv.ts';
import { readBulkResults } from './bulk-results.ts';
import { refreshStaleDescription } from './own-fields.ts';
import { toConfigurationError } from './row-errors.ts';

// Salesforce accepts 100 MB (150 MB after encoding). These lower limits bound Leadgrade's own
// memory.
const MAX_ROWS = 20_000;
const MAX_BYTES = 20_000_000;

const jobSchema = z.looseObject({ id: z.string(), state: z.string(), errorMessage: z.string().nullish() });

/** @param withCloseSignal adds the connector's own abort signal to the signal of a call */
export function createBulkWrites(
  parts: SalesforceParts,
  withCloseSignal: (signal: AbortSignal) => AbortSignal = (signal) => signal,
): BulkWrites {
  return {
    minRows: parts.settings.SALESFORCE_BULK_WRITE_FROM,
    maxRows: MAX_ROWS,
    maxBytes: MAX_BYTES,
    open: (object, signal) => openJob(parts, object, withCloseSignal(signal)),
    send: (jobId, patches, signal) => upload(parts, jobId, patches, withCloseSignal(signal)),
    status: (jobId, signal) => readStatus(parts, jobId, withCloseSignal(signal)),
    results: (jobId, refs, signal) => readBulkResults(parts, jobId, refs, withCloseSignal(signal)),
    abort: (jobId, signal) => setState(parts, jobId, 'Aborted', withCloseSignal(signal)),
  };
}

async function openJob(parts: SalesforceParts, object: string, signal: AbortSignal): Promise<string> {
  await refreshStaleDescription(parts, object, signal);
  // A job runs an assignment rule only if it names one (`assignmentRuleId`):
  // https://developer.salesforce.com/docs/platform/api-asynch/guide/create-job.html
  const body = { object, operation: 'update', contentType: 'CSV', columnDelimiter: 'COMMA', lineEnding: 'LF' };
  const call = { what: `opening a bulk write of ${object} records`, method: 'POST' as const, path: '/jobs/ingest' };
  return (await parts.http.call({ ...call, body, responseSchema: jobSchema }, signal)).id;
}

async function upload(
  parts: SalesforceParts,
  jobId: string,
  patches: readonly ScorePatch[],
  signal: AbortSignal,
): Promise<void> {
  const what = 'uploading the rows of a bulk write';
  const body = toCsv(parts.mapping, patches);
  const path = `/jobs/ingest/${jobId}/batches`;
  try {
    await parts.http.call({ what, method: 'PUT', path, body, responseSchema: z.unknown() }, signal);
  } catch (error) {
    // A job accepts rows once. A retry is refused if only the response to the first upload was
    // lost. A job without rows cannot be closed, so the next call reports a real failure.
    if (!(error instanceof ConnectorError) || error.code !== 'INVALIDJOBSTATE') throw error;
  }
  await setState(parts, jobId, 'UploadComplete', signal);
}

async function setState(
  { http }: SalesforceParts,
  jobId: string,
  state: 'UploadComplete' | 'Aborted',
  signal: AbortSignal,
): Promise<void> {
  const what = state === 'Aborted' ? 'aborting a bulk write' : 'starting a bulk write';
  const path = `/jobs/ingest/${jobId}`;
  // The response is the job. Anything else does not prove that its state has changed.
  await http.call({ what, method: 'PATCH', path, body: { state }, responseSchema: jobSchema }, signal);
}

async function readStatus({ http, schema }: SalesforceParts, jobId: string, signal: AbortSignal): Promise<BulkState> {
  const call = {
    what: 'checking the state of a bulk write',
    path: `/jobs/ingest/${jobId}`,
    responseSchema: jobSchema,
  };
  try {
    const { state, errorMessage } = await http.call(call, signal);
    if (state === 'Failed') {
      schema.invalidate();
      return { kind: 'failed', error: jobError(errorMessage ?? '') };
    }
    return { kind: STATES[state] ?? 'running' };
  } catch (error) {
    // Salesforce deletes jobs after a week.
    if (error instanceof ConnectorError && error.kind === 'not-found') return { kind: 'abandoned' };
    throw error;
  }
}

const STATES: Readonly<Record<string, 'open' | 'done' | 'abandoned'>> = {
  Open: 'open',
  JobComplete: 'done',
  Aborted: 'abandoned',
};

/** A job fails as a whole because of its columns, or because of a problem within Salesforce. */
function jobError(message: string): ConnectorError {
  if (/^InvalidBatch\b.*\bfield/i.test(message)) {
    return toConfigurationError({ code: 'InvalidBatch', message, fields: [] });
  }
  const isTemporary = /internal|timeout/i.test(message);
  return new ConnectorError({
    kind: isTemporary ? 'retry' : 'invalid',
    crm: 'salesforce',
    message: 'Salesforce aborted a bulk write',
    reason: redactPersonalData(message) || 'no reason given',
    code: 'BULK_FAILED',
    ...(isTemporary ? {} : { fix: 'See Bulk Data Load Jobs in the Setup of Salesforce.' }),
  });
}
