// Reads dirty records again, completely, in full batches; then the records that were set aside and
// are due, each alone; then dates changed counters.
import type { CrmConnector, FetchedLead } from '../../src/crm/connector.ts';
import { chunksOf } from '../../src/domain/lists/chunks.ts';
import { PRIORITY } from '../../src/domain/priority.ts';
import { linksOfDeleted } from '../../src/store/activities/stored-links.ts';
import { type ClaimedRecord, claimDirty, claimSetAside, nextDebounceEnd } from '../../src/store/records/claim-dirty.ts';
import { refKey } from '../../src/store/records/ref-key.ts';
import { saveFetchedRecords } from '../../src/store/records/save-fetched.ts';
import { setAsideOf } from '../../src/store/set-aside/list-set-aside.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { runUnlessPaused } from '../failure-policy.ts';
import type { PartFailure } from '../failures/classify.ts';
import { setAside, setAsideRecovered } from '../failures/set-aside.ts';
import { compareLinks } from '../reconcile/compare-links.ts';
import { PARALLEL, PARALLEL_IMPORTS, runBatches } from '../run-batches.ts';
import { dateCounterEvents } from './date-counters.ts';
import { clearReadRecords, readRecords } from './read-records.ts';

const CLAIM_MS = 60_000;
/**
 * So many records that were set aside are tried again alone: together, one of them would make all
 * others fail again. More of them share a cause, and are read in batches.
 */
const MAX_ALONE = 5;

export async function refreshRecords(context: JobContext, { crm }: { crm: string }): Promise<void> {
  await runUnlessPaused(context, { crm, direction: 'read' }, 'refresh-records', async (mapped) => {
    await readDirtyRecords(context, mapped);
    if (!context.signal.aborted) await retrySetAsideRecords(context, mapped);
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
    const failing = new Map<string, PartFailure>();
    await runBatches(
      chunksOf(claimed, connector.batch.read),
      async (chunk) => {
        for (const [object, failure] of await readChunk(context, mapped, chunk)) failing.set(object, failure);
      },
      concurrency,
    );
    // Once for all batches of the claim.
    for (const [object, failure] of failing)
      await setAside(context, crm, [{ stream: object, kind: 'records' }], failure);
    const read = new Set(claimed.map(({ object }) => object).filter((object) => !failing.has(object)));
    await setAsideRecovered(
      context,
      crm,
      [...read].map((object) => ({ stream: object, kind: 'records' })),
    );
    if (claimed.length < limit || signal.aborted) return;
    // Score the records read so far while the others are read.
    await context.enqueue('score-leads', {});
  }
}

/** @returns the objects of which no record can be read */
async function readChunk(
  context: JobContext,
  mapped: MappedCrm,
  claimed: readonly ClaimedRecord[],
): Promise<ReadonlyMap<string, PartFailure>> {
  const refs = claimed.map(({ object, id }) => ({ object, id }));
  return readRecords(context, mapped, refs, {
    save: (fetched, askedAt) => saveFetched(context, mapped, fetched, { askedAt, claimed }),
  });
}

async function saveFetched(
  context: JobContext,
  { connector, editPolicy }: MappedCrm,
  fetched: readonly FetchedLead[],
  { askedAt, claimed }: { readonly askedAt: Date; readonly claimed: readonly ClaimedRecord[] },
): Promise<void> {
  const { clock, debounceMs } = context;
  const crm = connector.id;
  await compareLinksOfRestored(context, connector, fetched, claimed);
  const options = { crm, now: clock.now(), askedAt, claimed, editPolicy, debounceMs };
  await saveFetchedRecords(context.db, fetched, options);
  const read = new Set(fetched.flatMap((result) => (result.kind === 'lead' ? [refKey(result.ref)] : [])));
  // The survivor of a merge is dirty now and may have missed this claim: without a new job it would
  // wait for the next poll.
  const isSurvivorUnread = fetched.some((result) => result.kind === 'merged' && !read.has(refKey(result.into)));
  if (isSurvivorUnread) await context.enqueue('refresh-records', { crm });
}

/**
 * While a record is deleted, its CRM lists none of its activities, and what happens to them marks
 * nothing as changed once the record is back. Compared before the record is saved as live, so that
 * a crash in between repeats it.
 */
async function compareLinksOfRestored(
  context: JobContext,
  connector: CrmConnector,
  fetched: readonly FetchedLead[],
  claimed: readonly ClaimedRecord[],
): Promise<void> {
  if (!connector.reconcileLinks) return;
  const known = new Set(claimed.flatMap((record) => (record.wasGone ? [] : [refKey(record)])));
  const present = fetched.flatMap((result) => (result.kind === 'lead' ? [result.ref] : []));
  const restored = present.filter((ref) => !known.has(refKey(ref)));
  if (restored.length === 0) return;
  const links = await linksOfDeleted(context.db, connector.id, restored);
  for (const part of chunksOf(links, connector.batch.links)) await compareLinks(context, connector, part, null);
}

async function retrySetAsideRecords(context: JobContext, mapped: MappedCrm): Promise<void> {
  const { db, clock, signal } = context;
  const crm = mapped.connector.id;
  const now = clock.now();
  const due = (await setAsideOf(db, { crm, kind: 'record' })).filter(({ retryAt }) => retryAt <= now);
  const { read } = mapped.connector.batch;
  const refs = due.slice(0, read * PARALLEL).map(({ stream: object, id }) => ({ object, id }));
  for (const chunk of chunksOf(refs, refs.length > MAX_ALONE ? read : 1)) {
    if (signal.aborted) return;
    const until = new Date(clock.now().getTime() + CLAIM_MS);
    const claimed = await claimSetAside(db, { crm, by: `refresh-${crm}`, until }, chunk);
    const failing = await readRecords(context, mapped, chunk, {
      save: async (fetched, askedAt) => {
        await saveFetched(context, mapped, fetched, { askedAt, claimed });
        await clearReadRecords(context, crm, fetched);
      },
    });
    // Not even records that were read before: the others would fail the same way.
    if (failing.size > 0) return;
  }
}

/** Enqueues this job for the end of the debounce window of records that were read a moment ago. */
async function enqueueForDebounceEnd(context: JobContext, crm: string): Promise<void> {
  const now = context.clock.now();
  const end = await nextDebounceEnd(context.db, crm, now);
  if (end === null) return;
  await context.enqueue('refresh-records', { crm }, { delayMs: Math.max(1, end.getTime() - now.getTime()) });
}
