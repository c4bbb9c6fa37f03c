// Reads dirty records again, completely, in full batches; then dates their changed counters.
import { chunksOf } from '../../src/domain/chunks.ts';
import { PRIORITY } from '../../src/domain/priority.ts';
import { type ClaimedRecord, claimDirty, nextDebounceEnd } from '../../src/store/records/claim-dirty.ts';
import { refKey } from '../../src/store/records/ref-key.ts';
import { saveFetchedRecords } from '../../src/store/records/save-fetched.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { runUnlessPaused } from '../failure-policy.ts';
import { PARALLEL, PARALLEL_IMPORTS, runBatches } from '../run-batches.ts';
import { dateCounterEvents } from './date-counters.ts';

const CLAIM_MS = 60_000;

export async function refreshRecords(context: JobContext, { crm }: { crm: string }): Promise<void> {
  await runUnlessPaused(context, { crm, direction: 'read' }, 'refresh-records', async (mapped) => {
    await readDirtyRecords(context, mapped);
    await enqueueForDebounceEnd(context, crm);
    if (!context.signal.aborted) await dateCounterEvents(context, mapped);
  });
  await context.enqueue('score-leads', {});
}

async function readDirtyRecords(context: JobContext, mapped: MappedCrm): Promise<void> {
  const { connector } = mapped;
  const { db, clock, signal } = context;
  const crm = connector.id;
  const limit = connector.batch.read * PARALLEL;
  for (;;) {
    const now = clock.now();
    const until = new Date(now.getTime() + CLAIM_MS);
    const claimed = await claimDirty(db, { crm, by: `refresh-${crm}`, limit, now, until });
    // The most urgent come first, so the first record shows whether all are of an import.
    const concurrency = claimed[0]?.priority === PRIORITY.import ? PARALLEL_IMPORTS : PARALLEL;
    await runBatches(
      chunksOf(claimed, connector.batch.read),
      (chunk) => readChunk(context, mapped, chunk),
      concurrency,
    );
    if (claimed.length < limit || signal.aborted) return;
    // Score the records read so far while the others are read.
    await context.enqueue('score-leads', {});
  }
}

async function readChunk(
  context: JobContext,
  { connector, editPolicy }: MappedCrm,
  claimed: readonly ClaimedRecord[],
): Promise<void> {
  const { clock, debounceMs } = context;
  const crm = connector.id;
  const askedAt = clock.now();
  const refs = claimed.map(({ object, id }) => ({ object, id }));
  const fetched = await connector.fetchLeads(refs, context.signal);
  const options = { crm, now: clock.now(), askedAt, claimed, editPolicy, debounceMs };
  await saveFetchedRecords(context.db, fetched, options);
  const read = new Set(fetched.flatMap((result) => (result.kind === 'lead' ? [refKey(result.ref)] : [])));
  // The survivor of a merge is dirty now and may have missed this claim: without a new job it would
  // wait for the next poll.
  const isSurvivorUnread = fetched.some((result) => result.kind === 'merged' && !read.has(refKey(result.into)));
  if (isSurvivorUnread) await context.enqueue('refresh-records', { crm });
}

/** Enqueues this job for the end of the debounce window of records that were read a moment ago. */
async function enqueueForDebounceEnd(context: JobContext, crm: string): Promise<void> {
  const now = context.clock.now();
  const end = await nextDebounceEnd(context.db, crm, now);
  if (end === null) return;
  await context.enqueue('refresh-records', { crm }, { delayMs: Math.max(1, end.getTime() - now.getTime()) });
}
