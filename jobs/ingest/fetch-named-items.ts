// Reads the items that webhooks named (a meeting, a company): by their IDs where the CRM supports
// it, else by syncing their stream from its cursor.
import type { ChangeStream } from '../../src/crm/streams.ts';
import { deleteInboxEvents, hasPending, peekInbox, type WaitingEvent } from '../../src/store/inbox/inbox.ts';
import { storedAccount } from '../../src/store/sync/crm-accounts.ts';
import { streamState } from '../../src/store/sync/streams.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { runUnlessPaused } from '../failure-policy.ts';
import { resolveAccount } from '../read/account-check.ts';
import { isIncremental } from '../read/full-sync.ts';
import { fetchItemsById, retrySetAsideItems } from './fetch-items-by-id.ts';
import { logForeignEvents, processRecordEvents } from './process-inbox.ts';
import { type StreamSyncs, syncNamedStream } from './sync-named-stream.ts';

/** Events per look at the inbox. Urgent events that arrive meanwhile come first in the next one. */
const CHUNK = 500;

export async function fetchNamedItems(context: JobContext, { crm }: { crm: string }): Promise<void> {
  await runUnlessPaused(context, { crm, direction: 'read' }, 'fetch-items', async (mapped) => {
    const { db } = context;
    await retrySetAsideItems(context, mapped);
    if (!(await hasPending(db, crm, ['record', 'item', 'erasure']))) return;
    const stored = await storedAccount(db, crm);
    const resolved = stored === null ? await resolveAccount(context, mapped.connector) : { account: stored };
    // Events of another portal could erase our records: they wait until our account is known.
    if (resolved === null) return;
    const ownAccount = resolved.account;
    // process-inbox leaves these to this job while our account is unknown.
    if (stored === null) await processRecordEvents(context, crm, ownAccount);
    await processItemEvents(context, mapped, ownAccount);
  });
}

async function processItemEvents(context: JobContext, mapped: MappedCrm, ownAccount: string | null): Promise<void> {
  const { db, clock, signal } = context;
  const { id: crm, streams } = mapped.connector;
  const syncs: StreamSyncs = new Map();
  const postponed = new Set<string>();
  let foreignCount = 0;
  for (let looked = CHUNK; looked === CHUNK && !signal.aborted; ) {
    const options = {
      crm,
      own: ownAccount,
      kind: 'item',
      limit: CHUNK,
      now: clock.now(),
      except: [...postponed],
    } as const;
    const batch = await peekInbox(db, options);
    looked = batch.total;
    foreignCount += batch.foreign;
    for (const [id, events] of Map.groupBy(batch.ours, ({ object }) => object)) {
      const stream = streams.find((candidate) => candidate.id === id);
      if (!(await processStreamEvents(context, mapped, { stream, events, syncs }))) postponed.add(id);
    }
  }
  logForeignEvents(context, crm, foreignCount);
}

interface StreamEvents {
  /** Undefined: the mapping does not read the stream. */
  readonly stream: ChangeStream | undefined;
  readonly events: readonly WaitingEvent[];
  readonly syncs: StreamSyncs;
}

/** @returns false when events of the stream stay in the inbox */
async function processStreamEvents(
  context: JobContext,
  mapped: MappedCrm,
  { stream, events, syncs }: StreamEvents,
): Promise<boolean> {
  const { db } = context;
  const { connector } = mapped;
  const state = stream === undefined ? null : await streamState(db, { crm: connector.id, stream: stream.id });
  // The stream is not mapped, is unavailable, or waits for its first full sync, which reads all its
  // items.
  if (stream === undefined || !state || state.unavailableReason !== null || state.completedAt === null) {
    await deleteInboxEvents(db, events);
    return true;
  }
  if (stream.readableById && connector.readItems) {
    const isById = await fetchItemsById(context, mapped, stream, events);
    if (isById !== null) return isById;
  }
  // A full sync is followed by an incremental sync, which reads the changes made during it.
  if (!isIncremental(stream, state, mapped)) {
    await deleteInboxEvents(db, events);
    return true;
  }
  return syncNamedStream(context, mapped, { stream, events, completedAt: state.completedAt, syncs });
}
