// Reads items that webhooks named by their IDs, in batches. No cursor moves.
import { ConnectorError } from '../../src/crm/connector-error.ts';
import type { ChangeStream } from '../../src/crm/streams.ts';
import { chunksOf } from '../../src/domain/chunks.ts';
import { PRIORITY } from '../../src/domain/priority.ts';
import { deleteInboxEvents, type WaitingEvent } from '../../src/store/inbox/inbox.ts';
import { saveItemsById } from '../../src/store/sync/save-items.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { STREAM_UNAVAILABLE_KINDS } from '../failure-policy.ts';
import { handleUnavailableStream } from '../read/stream-availability.ts';
import { markRecordsOfCompanies } from './mark-records-of-companies.ts';

/** @returns false when events stay in the inbox */
export async function fetchItemsById(
  context: JobContext,
  mapped: MappedCrm,
  stream: ChangeStream,
  events: readonly WaitingEvent[],
): Promise<boolean> {
  const { db, signal, log } = context;
  const { connector } = mapped;
  const crm = connector.id;
  const eventsById = Map.groupBy(events, ({ id }) => id);
  for (const ids of chunksOf([...eventsById.keys()], connector.batch.read)) {
    const batch = ids.flatMap((id) => eventsById.get(id) ?? []);
    try {
      const items = await connector.readItems?.(stream.id, ids, signal);
      if (items === undefined || signal.aborted) return false;
      const priority = batch[0]?.priority ?? PRIORITY.change;
      const options = { crm, stream: stream.id, now: context.clock.now(), priority, debounceMs: context.debounceMs };
      await markRecordsOfCompanies(context, crm, stream, batch);
      await saveItemsById(db, items, options, (tx) => deleteInboxEvents(tx, batch));
    } catch (error) {
      if (!(error instanceof ConnectorError) || !STREAM_UNAVAILABLE_KINDS.has(error.kind)) throw error;
      if (error.kind !== 'invalid') {
        await handleUnavailableStream(context, mapped, stream, error);
        await deleteInboxEvents(db, events);
        return true;
      }
      // A retry would fail the same way. The next incremental sync or nightly comparison reads
      // these items.
      log.warn({ crm, stream: stream.id, code: error.code }, `${crm}: items of ${stream.id} cannot be read by ID`);
      await deleteInboxEvents(db, batch);
    }
    // An activity can also belong to a record that was never read.
    await context.enqueue('refresh-records', { crm });
    await context.enqueue('score-leads', {});
  }
  return true;
}
