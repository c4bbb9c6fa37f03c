// What became of results that were written: kept in one transaction, whichever way they went to the CRM.
import type { Transaction } from 'kysely';
import type { WriteResult } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import { clearErrors, recordErrors } from '../../src/store/leads/record-errors.ts';
import { deleteFromOutbox, markWritten, type OutboxRow, releaseOutbox } from '../../src/store/outbox/outbox.ts';
import { refKey } from '../../src/store/records/save-snapshots.ts';
import { markGoneOrMerged } from '../../src/store/records/tombstones.ts';
import { addToRunCounters } from '../../src/store/sync/runs.ts';
import type { Tables } from '../../src/store/tables/tables.ts';
import type { JobContext } from '../context.ts';

const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 10 * 60_000;

/**
 * @param rows as they were sent; what replaced one meanwhile stays in the outbox
 * @param also what else is done in the same transaction
 */
export async function saveWriteResults(
  context: JobContext,
  crm: string,
  rows: readonly OutboxRow[],
  outcomes: readonly WriteResult[],
  also: (tx: Transaction<Tables>) => Promise<void>,
): Promise<void> {
  const now = context.clock.now();
  const byRef = new Map(outcomes.map((outcome) => [refKey(outcome.ref), outcome]));
  const answered = rows.map((row) => ({ row, outcome: byRef.get(refKey(row)) ?? unanswered(crm, row) }));
  const written = answered.flatMap(({ row, outcome }) =>
    outcome.kind === 'written' ? [{ ...row, modifiedAt: outcome.modifiedAt }] : [],
  );
  const failed = answered.flatMap(({ row, outcome }) =>
    outcome.kind === 'failed' ? [{ row, error: outcome.error }] : [],
  );
  const final = failed.filter(({ error }) => !canBeRetried(error));
  const retired = answered.flatMap(({ row: { object, id }, outcome }) => {
    const into = outcome.kind === 'merged' ? outcome.into : null;
    return outcome.kind === 'gone' || outcome.kind === 'merged' ? [{ object, id, into }] : [];
  });
  await context.db.transaction().execute(async (tx) => {
    await markWritten(tx, crm, written, now);
    await clearErrors(tx, crm, 'write', written);
    await markGoneOrMerged(tx, crm, retired, { now });
    await deleteFromOutbox(
      tx,
      crm,
      final.map(({ row }) => row),
    );
    await recordErrors(
      tx,
      crm,
      final.map(({ row, error }) => toProblem(row, error)),
      now,
    );
    await addToRunCounters(tx, { written: written.length, refused: final.length });
    await also(tx);
    const again = failed.filter(({ error }) => canBeRetried(error)).map(({ row }) => row);
    for (const [attempts, group] of Map.groupBy(again, (row) => row.attempts)) {
      await releaseOutbox(tx, crm, group, new Date(now.getTime() + retryDelay(attempts)));
    }
  });
  await ringForRetries(context, crm, failed);
}

function unanswered(crm: string, { object, id }: OutboxRow): WriteResult {
  const message = 'The CRM did not say what became of this record.';
  return { kind: 'failed', ref: { object, id }, error: new ConnectorError({ kind: 'retry', crm, message }) };
}

function canBeRetried(error: ConnectorError): boolean {
  return error.kind === 'retry' || error.kind === 'rate-limited' || error.kind === 'budget-spent';
}

/** Doubles with each try; never gives up, as the next result replaces this one anyway. */
function retryDelay(attempts: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** attempts, LONGEST_RETRY_MS);
}

async function ringForRetries(
  context: JobContext,
  crm: string,
  failed: readonly { row: OutboxRow; error: ConnectorError }[],
): Promise<void> {
  const delays = failed.filter(({ error }) => canBeRetried(error)).map(({ row }) => retryDelay(row.attempts));
  if (delays.length > 0) await context.enqueue('write-scores', { crm }, { delayMs: Math.min(...delays) });
}

function toProblem(row: OutboxRow, error: ConnectorError) {
  return {
    ref: { object: row.object, id: row.id },
    stage: 'write' as const,
    field: '',
    code: error.code ?? error.kind,
    message: error.message,
    fix: error.fix,
  };
}
