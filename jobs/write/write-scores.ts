// Write back: results that a CRM does not hold yet, in full batches of one object each, or in bulk where they are many. A partial
// batch goes only when nothing else is pending, when somebody in it did something just now, or when somebody has waited long enough.
// Whoever did something just now goes by batches in any case: nobody knows how long a bulk write takes.
import { chunksOf } from '../../src/domain/chunks.ts';
import { PRIORITY } from '../../src/domain/priority.ts';
import {
  type ClaimedRow,
  claimOutbox,
  countWritable,
  type OutboxRow,
  oldestQueuedAt,
  releaseOutbox,
} from '../../src/store/outbox/outbox.ts';
import { isUpstreamBusy } from '../../src/store/sync/pending-work.ts';
import { addToRunCounters } from '../../src/store/sync/runs.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { runUnlessPaused } from '../failure-policy.ts';
import { PARALLEL, runBatches } from '../run-batches.ts';
import { hasUnsetThresholds } from '../score/update-thresholds.ts';
import { resumeBulkWrites, startBulkWrite } from './bulk-write.ts';
import { closeFinishedRuns } from './finish-runs.ts';
import { saveWriteResults } from './save-write-results.ts';

const CLAIM_MS = 120_000;
const LONGEST_WAIT_MS = 30_000;

export async function writeScores(context: JobContext, { crm }: { crm: string }): Promise<void> {
  await runUnlessPaused(context, { crm, direction: 'write' }, 'write-scores', (mapped) => writeAll(context, mapped));
  await closeFinishedRuns(context);
}

async function writeAll(context: JobContext, mapped: MappedCrm): Promise<void> {
  const { db, clock, signal } = context;
  const { connector } = mapped;
  await resumeBulkWrites(context, connector);
  if (await hasUnsetThresholds(context)) return;
  for (const { object, forBulk, inBulk } of await countWritable(db, connector.id, clock.now())) {
    if (signal.aborted) return;
    const isMany = forBulk >= (connector.bulkWrites?.minRows ?? Infinity);
    if (isMany) await writeObject(context, mapped, { object, urgent: true });
    // While one is under way the many wait for the next.
    const waits = isMany && (inBulk || (await startBulkWrite(context, connector, object)));
    if (!waits) await writeObject(context, mapped, { object });
  }
}

interface Writing {
  readonly object: string;
  readonly urgent?: boolean;
}

async function writeObject(context: JobContext, mapped: MappedCrm, writing: Writing): Promise<void> {
  const { db, clock, signal } = context;
  const { id: crm, batch } = mapped.connector;
  const limit = batch.write * PARALLEL;
  for (;;) {
    const now = clock.now();
    const until = new Date(now.getTime() + CLAIM_MS);
    const rows = await claimOutbox(db, { crm, ...writing, by: `write-${crm}`, limit, now, until });
    const { go, wait } = await fullBatches(context, rows, batch.write);
    await releaseOutbox(db, crm, wait, null);
    // Nobody else may ring by the time that they have waited long enough.
    if (wait.length > 0) await context.enqueue('write-scores', { crm }, { delayMs: LONGEST_WAIT_MS });
    await runBatches(go, (chunk) => writeChunk(context, mapped, chunk));
    if (rows.length < limit || signal.aborted) return;
  }
}

async function fullBatches(
  context: JobContext,
  rows: readonly ClaimedRow[],
  size: number,
): Promise<{ go: readonly (readonly OutboxRow[])[]; wait: readonly OutboxRow[] }> {
  const chunks = chunksOf(
    rows.toSorted((a, b) => a.priority - b.priority || a.version - b.version),
    size,
  );
  const last = chunks.at(-1);
  if (!last || last.length === size || (await mayGo(context, last))) return { go: chunks, wait: [] };
  return { go: chunks.slice(0, -1), wait: last };
}

async function mayGo({ db, clock, crms }: JobContext, rows: readonly ClaimedRow[]): Promise<boolean> {
  if (rows.some(({ priority }) => priority === PRIORITY.activity)) return true;
  const now = clock.now();
  const ids = [...crms.keys()];
  if (!(await isUpstreamBusy(db, now, ids))) return true;
  const oldest = await oldestQueuedAt(db, ids);
  return oldest !== null && now.getTime() - oldest.getTime() >= LONGEST_WAIT_MS;
}

async function writeChunk(context: JobContext, { connector }: MappedCrm, rows: readonly OutboxRow[]): Promise<void> {
  const patches = rows.map(({ object, id, patch }) => ({ ref: { object, id }, values: patch }));
  try {
    const outcomes = await connector.writeScores(patches, context.signal);
    await saveWriteResults(context, connector.id, rows, outcomes, (tx) => addToRunCounters(tx, { batches: 1 }));
  } catch (error) {
    // Nobody knows what was applied: all of it is written again, which does no harm.
    await releaseOutbox(context.db, connector.id, rows, null);
    throw error;
  }
}
