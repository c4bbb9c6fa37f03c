// Writes results from the outbox to a CRM: in full batches of one object each, or as one bulk write
// if there are many. A partial batch is sent only if nothing else is pending, if it contains a
// record with a new activity, or if the oldest result has waited for 30 s. Records with a new
// activity always go in batches: a bulk write can take any time.
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
import { areBandsFinal } from '../score/percentile-bands.ts';
import { resumeBulkWrites, startBulkWrite } from './bulk-write.ts';
import { closeFinishedRuns } from './finish-runs.ts';
import { saveWriteResults } from './save-write-results.ts';

const CLAIM_MS = 120_000;
const MAX_WAIT_MS = 30_000;

export async function writeScores(context: JobContext, { crm }: { crm: string }): Promise<void> {
  await runUnlessPaused(context, { crm, direction: 'write' }, 'write-scores', async (mapped) => {
    await resumeBulkWrites(context, mapped.connector);
    if (await areBandsFinal(context)) await writeAll(context, mapped);
  });
  await closeFinishedRuns(context);
}

async function writeAll(context: JobContext, mapped: MappedCrm): Promise<void> {
  const { db, clock, signal } = context;
  const { connector } = mapped;
  for (const { object, bulkEligible, hasBulkWrite } of await countWritable(db, connector.id, clock.now())) {
    if (signal.aborted) return;
    const isMany = bulkEligible >= (connector.bulkWrites?.minRows ?? Infinity);
    if (isMany) await writeObject(context, mapped, { object, urgentOnly: true });
    // While a bulk write is running, the rest waits for the next one.
    const isInBulk = isMany && (hasBulkWrite || (await startBulkWrite(context, connector, object)));
    if (!isInBulk) await writeObject(context, mapped, { object });
  }
}

interface OutboxPart {
  readonly object: string;
  /** Only records with a new activity. */
  readonly urgentOnly?: boolean;
}

async function writeObject(context: JobContext, mapped: MappedCrm, part: OutboxPart): Promise<void> {
  const { db, clock, signal } = context;
  const { id: crm, batch } = mapped.connector;
  const limit = batch.write * PARALLEL;
  for (;;) {
    const now = clock.now();
    const until = new Date(now.getTime() + CLAIM_MS);
    const rows = await claimOutbox(db, { crm, ...part, by: `write-${crm}`, limit, now, until });
    const { batches, postponed } = await toBatches(context, rows, batch.write);
    await releaseOutbox(db, crm, postponed, null);
    // No other job may be enqueued by the time that these rows have waited long enough.
    if (postponed.length > 0) await context.enqueue('write-scores', { crm }, { delayMs: MAX_WAIT_MS });
    await runBatches(batches, (chunk) => writeBatch(context, mapped, chunk));
    if (rows.length < limit || signal.aborted) return;
  }
}

async function toBatches(
  context: JobContext,
  rows: readonly ClaimedRow[],
  size: number,
): Promise<{ batches: readonly (readonly OutboxRow[])[]; postponed: readonly OutboxRow[] }> {
  const batches = chunksOf(
    rows.toSorted((a, b) => a.priority - b.priority || a.version - b.version),
    size,
  );
  const last = batches.at(-1);
  if (!last || last.length === size || (await canSendPartial(context, last))) return { batches, postponed: [] };
  return { batches: batches.slice(0, -1), postponed: last };
}

async function canSendPartial({ db, clock, crms }: JobContext, rows: readonly ClaimedRow[]): Promise<boolean> {
  if (rows.some(({ priority }) => priority === PRIORITY.activity)) return true;
  const now = clock.now();
  const ids = [...crms.keys()];
  if (!(await isUpstreamBusy(db, now, ids))) return true;
  const oldest = await oldestQueuedAt(db, ids);
  return oldest !== null && now.getTime() - oldest.getTime() >= MAX_WAIT_MS;
}

async function writeBatch(context: JobContext, { connector }: MappedCrm, rows: readonly OutboxRow[]): Promise<void> {
  const patches = rows.map(({ object, id, patch }) => ({ ref: { object, id }, values: patch }));
  try {
    const results = await connector.writeScores(patches, context.signal);
    await saveWriteResults(context, connector.id, rows, results, (tx) => addToRunCounters(tx, { batches: 1 }));
  } catch (error) {
    // It is unknown which patches were applied. All are written again; a repeated write changes
    // nothing.
    await releaseOutbox(context.db, connector.id, rows, null);
    throw error;
  }
}
