// Items that webhooks named (a meeting, a company): read by their ids where the CRM can, else their stream is pulled from its cursor.
import type { ChangeStream } from '../connectors/connector.ts';
import { chunksOf } from '../src/domain/chunks.ts';
import { PRIORITY } from '../src/domain/priority.ts';
import { dropEvents, noteTaken, type WaitingEvent, waitingEvents } from '../src/store/inbox.ts';
import { streamState, takeItems } from '../src/store/streams.ts';
import type { JobContext, MappedCrm } from './context.ts';
import { pullStreamsNow } from './pull-changes.ts';

const CHUNK = 2_000;
/** Between two pulls of one stream, however many events name it. */
const PULL_EVERY_MS = 10_000;

/**
 * Reads what was named. Events whose CRM does not answer stay where they are.
 * @returns how many events were of another account, and dropped
 * @throws ConnectorError
 */
export async function takeNamedItems(context: JobContext, mapped: MappedCrm, own: string | null): Promise<number> {
  const { db, signal } = context;
  const crm = mapped.connector.id;
  let others = 0;
  for (;;) {
    const events = await waitingEvents(db, { crm, kind: 'item', limit: CHUNK });
    const ours = events.filter(({ account }) => own === null || account === own);
    const foreign = events.filter((event) => !ours.includes(event));
    await dropEvents(db, foreign);
    others += foreign.length;
    const byStream = Map.groupBy(ours, ({ object }) => object);
    let left = 0;
    for (const [id, named] of byStream) {
      const stream = mapped.connector.streams.find((each) => each.id === id);
      left += await takeOfStream(context, mapped, stream, named);
    }
    if (events.length < CHUNK || left > 0 || signal.aborted) return others;
  }
}

/** @returns how many events stay for later */
async function takeOfStream(
  context: JobContext,
  mapped: MappedCrm,
  stream: ChangeStream | undefined,
  events: readonly WaitingEvent[],
): Promise<number> {
  const { db, clock } = context;
  const crm = mapped.connector.id;
  const state = stream === undefined ? null : await streamState(db, { crm, stream: stream.id });
  // The mapping does not read it, this token may not, or it is about to be read whole.
  if (stream === undefined || !state || state.denied !== null || state.completedAt === null) {
    await noteTaken(db, events, clock.now());
    return 0;
  }
  if (stream.byId && mapped.connector.readItems) {
    await readNamed(context, mapped, stream, events);
    return 0;
  }
  const due = state.completedAt.getTime() + PULL_EVERY_MS - clock.now().getTime();
  if (due > 0) {
    await context.ring('intake', {}, { delayMs: due });
    return events.length;
  }
  await pullStreamsNow(context, mapped, [stream.id]);
  await noteTaken(db, events, clock.now());
  await context.ring('refresh', { crm });
  return 0;
}

async function readNamed(
  context: JobContext,
  { connector }: MappedCrm,
  stream: ChangeStream,
  events: readonly WaitingEvent[],
): Promise<void> {
  const { db, clock, quietMs, signal } = context;
  const crm = connector.id;
  const byId = Map.groupBy(events, ({ id }) => id);
  for (const ids of chunksOf([...byId.keys()], connector.batch.read)) {
    const items = await connector.readItems?.(stream.id, ids, signal);
    if (items === undefined || signal.aborted) return;
    const named = ids.flatMap((id) => byId.get(id) ?? []);
    // They come most wanted first.
    const priority = named[0]?.priority ?? PRIORITY.change;
    const options = { crm, stream: stream.id, now: clock.now(), priority, quietMs };
    await takeItems(db, items, options, (tx) => noteTaken(tx, named, clock.now()));
    // Also an activity may be of somebody who was never read.
    await context.ring('refresh', { crm });
    await context.ring('score', {});
  }
}
