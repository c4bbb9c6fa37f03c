// Write back: results that a CRM does not hold yet, in full batches. A partial batch goes only when nothing else is pending,
// or when somebody has waited long enough.
import type { WriteOutcome } from '../connectors/connector.ts';
import { ConnectorError } from '../connectors/connector-error.ts';
import { chunksOf } from '../src/domain/chunks.ts';
import { claimOutbox, dropFromOutbox, type OutboxRow, releaseOutbox, settleWritten } from '../src/store/outbox.ts';
import { pendingWork } from '../src/store/pending-work.ts';
import { clearErrors, listErrors } from '../src/store/record-errors.ts';
import { refKey } from '../src/store/records.ts';
import { retire } from '../src/store/retired-records.ts';
import { countInRuns } from '../src/store/runs.ts';
import type { JobContext, MappedCrm } from './context.ts';
import { unlessHalted } from './failure-policy.ts';
import { closeFinishedRuns } from './finished-runs.ts';
import { lacksThresholds } from './move-thresholds.ts';
import { inParallel, PARALLEL } from './parallel-batches.ts';

const CLAIM_MS = 120_000;
const LONGEST_WAIT_MS = 30_000;
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 10 * 60_000;

export async function writeBack(context: JobContext, { crm }: { crm: string }): Promise<void> {
  await unlessHalted(context, { crm, side: 'write' }, 'write', (mapped) => writeAll(context, mapped));
  await closeFinishedRuns(context);
}

async function writeAll(context: JobContext, mapped: MappedCrm): Promise<void> {
  const { db, clock, signal } = context;
  const { id: crm, batch } = mapped.connector;
  const limit = batch.write * PARALLEL;
  if (await lacksThresholds(context)) return;
  for (;;) {
    const now = clock.now();
    const until = new Date(now.getTime() + CLAIM_MS);
    const rows = await claimOutbox(db, { crm, by: `write-${crm}`, limit, now, until });
    const { go, wait } = await fullBatches(context, rows, batch.write);
    await releaseOutbox(db, crm, wait, null);
    await inParallel(go, (chunk) => writeChunk(context, mapped, chunk));
    if (rows.length < limit || signal.aborted) return;
  }
}

async function fullBatches(
  context: JobContext,
  rows: readonly OutboxRow[],
  size: number,
): Promise<{ go: readonly (readonly OutboxRow[])[]; wait: readonly OutboxRow[] }> {
  const chunks = chunksOf(
    rows.toSorted((a, b) => a.version - b.version),
    size,
  );
  const last = chunks.at(-1);
  if (!last || last.length === size) return { go: chunks, wait: [] };
  const now = context.clock.now();
  const { dirty, due, oldestQueuedAt } = await pendingWork(context.db, now, [...context.crms.keys()]);
  const waited = oldestQueuedAt === null ? 0 : now.getTime() - oldestQueuedAt.getTime();
  if ((dirty === 0 && due === 0) || waited >= LONGEST_WAIT_MS) return { go: chunks, wait: [] };
  return { go: chunks.slice(0, -1), wait: last };
}

async function writeChunk(context: JobContext, { connector }: MappedCrm, rows: readonly OutboxRow[]): Promise<void> {
  const patches = rows.map(({ object, id, patch }) => ({ ref: { object, id }, values: patch }));
  try {
    const outcomes = await connector.writeScores(patches, context.signal);
    await keepOutcomes(context, connector.id, rows, outcomes);
  } catch (error) {
    // Nobody knows what was applied: all of it is written again, which does no harm.
    await releaseOutbox(context.db, connector.id, rows, null);
    throw error;
  }
}

async function keepOutcomes(
  context: JobContext,
  crm: string,
  rows: readonly OutboxRow[],
  outcomes: readonly WriteOutcome[],
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
    await settleWritten(tx, crm, written, now);
    await clearErrors(tx, crm, 'write', written);
    await retire(tx, crm, retired, now);
    await dropFromOutbox(
      tx,
      crm,
      final.map(({ row }) => row),
    );
    await listErrors(
      tx,
      crm,
      final.map(({ row, error }) => toProblem(row, error)),
      now,
    );
    await countInRuns(tx, { written: written.length, refused: final.length, batches: 1 });
    const again = failed.filter(({ error }) => canBeRetried(error)).map(({ row }) => row);
    for (const [attempts, group] of Map.groupBy(again, (row) => row.attempts)) {
      await releaseOutbox(tx, crm, group, new Date(now.getTime() + retryDelay(attempts)));
    }
  });
  await ringForRetries(context, crm, failed);
}

function unanswered(crm: string, { object, id }: OutboxRow): WriteOutcome {
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
  if (delays.length > 0) await context.ring('write', { crm }, { delayMs: Math.min(...delays) });
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
