// Syncs a stream because webhooks named items of it that cannot be read by their IDs. One sync
// covers all events that arrived before it began; a stream is synced at most every 10 s, however
// many events name it.
import type { ChangeStream } from '../../src/crm/streams.ts';
import { PRIORITY } from '../../src/domain/priority.ts';
import { deleteInboxEvents, type WaitingEvent } from '../../src/store/inbox/inbox.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { syncStreamNow } from '../read/read-stream.ts';
import { markRecordsOfCompanies } from './mark-records-of-companies.ts';

const MIN_INTERVAL_MS = 10_000;

/** By stream, the instant at which this job began to sync it. */
export type StreamSyncs = Map<string, Date>;

interface NamedStream {
  readonly stream: ChangeStream;
  /** Most urgent first. */
  readonly events: readonly WaitingEvent[];
  /** The end of the last sync of the stream. */
  readonly completedAt: Date;
  readonly syncs: StreamSyncs;
}

/**
 * The events of a stream that is set aside are deleted: its next attempt reads their items.
 * @returns false when events stay in the inbox; the job is enqueued for them
 */
export async function syncNamedStream(
  context: JobContext,
  mapped: MappedCrm,
  { stream, events, completedAt, syncs }: NamedStream,
): Promise<boolean> {
  const { db, clock } = context;
  const crm = mapped.connector.id;
  const postpone = async (delayMs: number) => {
    await context.enqueue('fetch-items', { crm }, { delayMs });
    return false;
  };
  if (!syncs.has(stream.id)) {
    const now = clock.now();
    const waitMs = completedAt.getTime() + MIN_INTERVAL_MS - now.getTime();
    if (waitMs > 0) return postpone(waitMs);
    const outcome = await syncStreamNow(context, mapped, stream, events[0]?.priority ?? PRIORITY.change);
    if (outcome === 'set-aside') {
      await markRecordsOfCompanies(context, crm, stream, events);
      await deleteInboxEvents(db, events);
      return true;
    }
    if (outcome !== 'read') return postpone(MIN_INTERVAL_MS);
    syncs.set(stream.id, now);
    await context.enqueue('refresh-records', { crm });
  }
  const syncBegan = syncs.get(stream.id) ?? new Date(0);
  const covered = events.filter(({ received_at }) => received_at < syncBegan);
  await markRecordsOfCompanies(context, crm, stream, covered);
  await deleteInboxEvents(db, covered);
  return covered.length === events.length || postpone(MIN_INTERVAL_MS);
}
