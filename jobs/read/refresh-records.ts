// Refresh: dirty records are read again, whole, in full batches; then counters that moved are dated.
import { chunksOf } from '../../src/domain/chunks.ts';
import { PRIORITY } from '../../src/domain/priority.ts';
import { saveFetchedRecords } from '../../src/store/records/save-fetched.ts';
import { type ClaimedRecord, claimDirty, nextDebounceEnd, refKey } from '../../src/store/records/save-snapshots.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { runUnlessPaused } from '../failure-policy.ts';
import { PARALLEL, PARALLEL_IMPORTS, runBatches } from '../run-batches.ts';
import { dateCounterEvents } from './date-counters.ts';

const CLAIM_MS = 60_000;

export async function refreshRecords(context: JobContext, { crm }: { crm: string }): Promise<void> {
  await runUnlessPaused(context, { crm, direction: 'read' }, 'refresh-records', async (mapped) => {
    await refreshAll(context, mapped);
    await ringForQuietEnd(context, crm);
    if (!context.signal.aborted) await dateCounterEvents(context, mapped);
  });
  await context.enqueue('score-leads', {});
}

/** Rings for when the records that were read a moment ago may be read again. */
async function ringForQuietEnd(context: JobContext, crm: string): Promise<void> {
  const now = context.clock.now();
  const end = await nextDebounceEnd(context.db, crm, now);
  if (end === null) return;
  await context.enqueue('refresh-records', { crm }, { delayMs: Math.max(1, end.getTime() - now.getTime()) });
}

async function refreshAll(context: JobContext, mapped: MappedCrm): Promise<void> {
  const { connector } = mapped;
  const { db, clock, signal } = context;
  const crm = connector.id;
  const limit = connector.batch.read * PARALLEL;
  for (;;) {
    const now = clock.now();
    const until = new Date(now.getTime() + CLAIM_MS);
    const claimed = await claimDirty(db, { crm, by: `refresh-${crm}`, limit, now, until });
    // The most wanted come first.
    const atOnce = claimed[0]?.priority === PRIORITY.import ? PARALLEL_IMPORTS : PARALLEL;
    await runBatches(chunksOf(claimed, connector.batch.read), (chunk) => refreshChunk(context, mapped, chunk), atOnce);
    if (claimed.length < limit || signal.aborted) return;
    // Those that were read are not kept waiting for all the others.
    await context.enqueue('score-leads', {});
  }
}

async function refreshChunk(
  context: JobContext,
  { connector, editPolicy }: MappedCrm,
  claimed: readonly ClaimedRecord[],
): Promise<void> {
  const { clock, debounceMs } = context;
  const askedAt = clock.now();
  const refs = claimed.map(({ object, id }) => ({ object, id }));
  const fetched = await connector.fetchLeads(refs, context.signal);
  const crm = connector.id;
  await saveFetchedRecords(context.db, fetched, {
    crm,
    now: clock.now(),
    askedAt,
    claimed,
    whenEdited: editPolicy,
    debounceMs,
  });
  const read = new Set(fetched.flatMap((each) => (each.kind === 'lead' ? [refKey(each.ref)] : [])));
  // The survivor is dirty now, and may have been passed over: whatever waits until nothing is dirty would wait for the next poll.
  const isToBeRead = fetched.some((each) => each.kind === 'merged' && !read.has(refKey(each.into)));
  if (isToBeRead) await context.enqueue('refresh-records', { crm });
}
