// Reads items that webhooks named by their IDs, in batches. No cursor moves. A batch that fails is
// halved down to the item, which is set aside.
import { ConnectorError } from '../../src/crm/connector-error.ts';
import type { ChangeStream } from '../../src/crm/streams.ts';
import { chunksOf } from '../../src/domain/lists/chunks.ts';
import { PRIORITY, type Priority } from '../../src/domain/priority.ts';
import { deleteInboxEvents, type WaitingEvent } from '../../src/store/inbox/inbox.ts';
import { setAsideOf } from '../../src/store/set-aside/list-set-aside.ts';
import { saveItemsById } from '../../src/store/sync/save-items.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import type { PartFailure } from '../failures/classify.ts';
import { divideBatch } from '../failures/divide-batch.ts';
import { setAside, setAsideRecovered } from '../failures/set-aside.ts';
import { handleStreamFailure } from '../read/stream-failure.ts';
import { markRecordsOfCompanies } from './mark-records-of-companies.ts';

/** Items that were set aside and are tried again in one job. */
const MAX_RETRIED = 20;

/**
 * @returns false when events stay in the inbox; null when no item of the stream can be read by its
 *   ID: the stream is then read from its cursor
 */
export async function fetchItemsById(
  context: JobContext,
  mapped: MappedCrm,
  stream: ChangeStream,
  events: readonly WaitingEvent[],
): Promise<boolean | null> {
  const { db, signal } = context;
  const { connector } = mapped;
  const crm = connector.id;
  const eventsById = Map.groupBy(events, ({ id }) => id);
  for (const ids of chunksOf([...eventsById.keys()], connector.batch.read)) {
    const eventsOf = (part: readonly string[]) => part.flatMap((id) => eventsById.get(id) ?? []);
    const { failed, whole } = await divideBatch(ids, {
      connector,
      work: (part, limit) => readItems(context, mapped, { stream, ids: part, events: eventsOf(part) }, limit),
      controls: [],
      signal,
    });
    if (signal.aborted) return false;
    const refusal = [whole, ...failed.map(({ failure }) => failure)].find(isForbidden);
    if (refusal != null) {
      await handleStreamFailure(context, mapped, stream, refusal.error);
      await deleteInboxEvents(db, events);
      return true;
    }
    if (whole !== null) return null;
    for (const { item, failure } of failed) {
      await setAside(context, crm, [{ stream: stream.id, kind: 'named-item', id: item }], failure);
      await markRecordsOfCompanies(context, crm, stream, eventsOf([item]));
      await deleteInboxEvents(db, eventsOf([item]));
    }
    // An activity can also belong to a record that was never read.
    await context.enqueue('refresh-records', { crm });
    await context.enqueue('score-leads', {});
  }
  return true;
}

/** It is about all items of the stream. */
function isForbidden(failure: PartFailure | null): boolean {
  return failure?.error instanceof ConnectorError && failure.error.kind === 'forbidden';
}

interface NamedItems {
  readonly stream: ChangeStream;
  readonly ids: readonly string[];
  /** The events that named them. */
  readonly events: readonly WaitingEvent[];
}

async function readItems(
  context: JobContext,
  { connector }: MappedCrm,
  { stream, ids, events }: NamedItems,
  signal: AbortSignal,
): Promise<void> {
  const { db, clock, debounceMs } = context;
  const crm = connector.id;
  const items = await connector.readItems?.(stream.id, ids, signal);
  if (items === undefined || context.signal.aborted) return;
  const priority: Priority = events[0]?.priority ?? PRIORITY.change;
  await markRecordsOfCompanies(context, crm, stream, events);
  const options = { crm, stream: stream.id, now: clock.now(), priority, debounceMs };
  await saveItemsById(db, items, options, (tx) => deleteInboxEvents(tx, events));
}

/** Enqueues the job that tries items again, if one is due. */
export async function enqueueForSetAsideItems({ db, clock, enqueue }: JobContext, crm: string): Promise<void> {
  const now = clock.now();
  const items = await setAsideOf(db, { crm, kind: 'named-item' });
  if (items.some(({ retryAt }) => retryAt <= now)) await enqueue('fetch-items', { crm });
}

/** Tries the items again that are due. */
export async function retrySetAsideItems(context: JobContext, mapped: MappedCrm): Promise<void> {
  const { db, clock, signal } = context;
  const { id: crm, streams } = mapped.connector;
  const now = clock.now();
  const due = (await setAsideOf(db, { crm, kind: 'named-item' })).filter(({ retryAt }) => retryAt <= now);
  for (const { stream: name, id } of due.slice(0, MAX_RETRIED)) {
    const stream = streams.find((each) => each.id === name);
    if (stream === undefined || signal.aborted) continue;
    const work = (ids: readonly string[], limit: AbortSignal) =>
      readItems(context, mapped, { stream, ids, events: [] }, limit);
    const { failed } = await divideBatch([id], { connector: mapped.connector, work, controls: [], signal });
    const thing = { stream: name, kind: 'named-item', id } as const;
    const [failure] = failed;
    if (failure === undefined) await setAsideRecovered(context, crm, [thing]);
    else await setAside(context, crm, [thing], failure.failure);
    if (failure === undefined) await context.enqueue('refresh-records', { crm });
  }
}
