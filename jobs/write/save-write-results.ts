// Saves the results of a write in one transaction, for batches and bulk writes alike.
import type { Transaction } from 'kysely';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import type { WriteResult } from '../../src/crm/writes.ts';
import { MAX_RETRY_MS } from '../../src/domain/limits/retry-delays.ts';
import { withLockedLeads } from '../../src/store/leads/lock-leads.ts';
import { clearErrors, recordErrors } from '../../src/store/leads/record-errors.ts';
import { deleteFromOutbox, markWritten, type OutboxRow, releaseOutbox } from '../../src/store/outbox/outbox.ts';
import { refKey } from '../../src/store/records/ref-key.ts';
import { affectedRecords, markGoneOrMerged } from '../../src/store/records/tombstones.ts';
import { addToRunCounters } from '../../src/store/sync/runs.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import type { JobContext } from '../context.ts';

const FIRST_RETRY_MS = 5_000;
/** A write that has failed temporarily so often is listed, and the batch around it is halved. */
export const LISTED_AFTER = 2;

/**
 * @param rows as they were sent; a newer row of the same record stays in the outbox
 * @param also runs in the same transaction
 */
export async function saveWriteResults(
  context: JobContext,
  crm: string,
  rows: readonly OutboxRow[],
  results: readonly WriteResult[],
  also: (tx: Transaction<Tables>) => Promise<void>,
): Promise<void> {
  const now = context.clock.now();
  const { written, goneOrMerged, refused, retryable } = byOutcome(crm, rows, results);
  const refusedRows = refused.map(({ row }) => row);
  const toRetry = retryable.map(({ row }) => row);
  const listed = [...refused, ...retryable.filter(({ row }) => row.attempts >= LISTED_AFTER)];
  const errors = listed.map(({ row, error }) => toRecordError(row, error));
  await context.db.transaction().execute(async (tx) => {
    await withLockedLeads(tx, crm, [...written, ...affectedRecords(goneOrMerged)], async (locked) => {
      await markWritten(locked, crm, written, now);
      await clearErrors(tx, crm, 'write', written);
      await markGoneOrMerged(locked, crm, goneOrMerged, { now });
    });
    await deleteFromOutbox(tx, crm, refusedRows);
    await recordErrors(tx, crm, errors, now);
    await addToRunCounters(tx, { written: written.length, refused: refused.length });
    await also(tx);
    for (const [attempts, group] of Map.groupBy(toRetry, (row) => row.attempts)) {
      await releaseOutbox(tx, crm, group, new Date(now.getTime() + retryDelayMs(attempts)));
    }
  });
  await enqueueRetry(context, crm, toRetry);
}

function byOutcome(crm: string, rows: readonly OutboxRow[], results: readonly WriteResult[]) {
  const byRef = new Map(results.map((result) => [refKey(result.ref), result]));
  const outcomes = rows.map((row) => ({ row, result: byRef.get(refKey(row)) ?? missingResult(crm, row) }));
  const failed = outcomes.flatMap(({ row, result }) =>
    result.kind === 'failed' ? [{ row, error: result.error }] : [],
  );
  return {
    written: outcomes.flatMap(({ row, result }) =>
      result.kind === 'written' ? [{ ...row, modifiedAt: result.modifiedAt }] : [],
    ),
    goneOrMerged: outcomes.flatMap(({ row: { object, id }, result }) => {
      const into = result.kind === 'merged' ? result.into : null;
      return result.kind === 'gone' || result.kind === 'merged' ? [{ object, id, into }] : [];
    }),
    refused: failed.filter(({ error }) => !isRetryable(error)),
    retryable: failed.filter(({ error }) => isRetryable(error)),
  };
}

function missingResult(crm: string, { object, id }: OutboxRow): WriteResult {
  const message = 'The CRM returned no result for this record.';
  return { kind: 'failed', ref: { object, id }, error: new ConnectorError({ kind: 'retry', crm, message }) };
}

function isRetryable(error: ConnectorError): boolean {
  return error.kind === 'retry' || error.kind === 'rate-limited' || error.kind === 'budget-spent';
}

/**
 * Doubles with each attempt. There is no last attempt: the next result replaces this one anyway.
 */
function retryDelayMs(attempts: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** attempts, MAX_RETRY_MS);
}

async function enqueueRetry(context: JobContext, crm: string, toRetry: readonly OutboxRow[]): Promise<void> {
  const delays = toRetry.map(({ attempts }) => retryDelayMs(attempts));
  if (delays.length > 0) await context.enqueue('write-scores', { crm }, { delayMs: Math.min(...delays) });
}

function toRecordError(row: OutboxRow, error: ConnectorError) {
  return {
    ref: { object: row.object, id: row.id },
    stage: 'write' as const,
    field: '',
    code: error.code ?? error.kind,
    message: error.messageForErrorList,
    fix: error.fix,
  };
}
