// Items that webhooks named (a meeting, a company): read by their ids where the CRM can, else their stream is pulled from its cursor.
import type { ChangeStream } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import { chunksOf } from '../../src/domain/chunks.ts';
import { PRIORITY } from '../../src/domain/priority.ts';
import { deleteInboxEvents, hasPending, peekInbox, type WaitingEvent } from '../../src/store/inbox/inbox.ts';
import { markDirtyByCompany } from '../../src/store/records/mark-dirty.ts';
import { storedAccount } from '../../src/store/sync/crm-accounts.ts';
import { saveItemsById } from '../../src/store/sync/save-items.ts';
import { streamState } from '../../src/store/sync/streams.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { runUnlessPaused, STREAM_UNAVAILABLE_KINDS } from '../failure-policy.ts';
import { resolveAccount } from '../read/account-check.ts';
import { closeUnavailableStream, isIncremental, syncStreamNow } from '../read/sync-streams.ts';
import { logForeignEvents, processRecordEvents } from './process-inbox.ts';

/** Looked at together: what is wanted most is looked for again after each. */
const CHUNK = 500;
/** Between two pulls of one stream, however many events name it. */
const PULL_EVERY_MS = 10_000;

export async function fetchNamedItems(context: JobContext, { crm }: { crm: string }): Promise<void> {
  await runUnlessPaused(context, { crm, direction: 'read' }, 'fetch-items', async (mapped) => {
    const { db } = context;
    if (!(await hasPending(db, crm, ['record', 'item', 'erasure']))) return;
    const known = await storedAccount(db, crm);
    const own = known ?? (await resolveAccount(context, mapped.connector));
    // Intake leaves them to whoever may ask the CRM whose they are.
    if (known === null) await processRecordEvents(context, crm, own);
    await takeItemsOf(context, mapped, own);
  });
}

/** One look through what waits. */
interface Look {
  readonly context: JobContext;
  readonly mapped: MappedCrm;
  /** When the pull of each stream that was pulled began: what arrived before is answered by it. */
  readonly pulled: Map<string, Date>;
}

async function takeItemsOf(context: JobContext, mapped: MappedCrm, own: string | null): Promise<void> {
  const { db, signal } = context;
  const crm = mapped.connector.id;
  const look: Look = { context, mapped, pulled: new Map() };
  const left = new Set<string>();
  let foreign = 0;
  for (let looked = CHUNK; looked === CHUNK && !signal.aborted; ) {
    const found = await peekInbox(db, { crm, own, kind: 'item', limit: CHUNK, except: [...left] });
    looked = found.looked;
    foreign += found.foreign;
    for (const [id, named] of Map.groupBy(found.ours, ({ object }) => object)) {
      const stream = mapped.connector.streams.find((each) => each.id === id);
      if (!(await takeOfStream(look, stream, named))) left.add(id);
    }
  }
  logForeignEvents(context, crm, foreign);
}

/** @returns false when events of the stream stay for later */
async function takeOfStream(
  look: Look,
  stream: ChangeStream | undefined,
  events: readonly WaitingEvent[],
): Promise<boolean> {
  const { context, mapped } = look;
  const { db } = context;
  const { connector } = mapped;
  const state = stream === undefined ? null : await streamState(db, { crm: connector.id, stream: stream.id });
  // The mapping does not read it, this token may not, or it is about to be read whole.
  if (stream === undefined || !state || state.unavailableReason !== null || state.completedAt === null) {
    await deleteInboxEvents(db, events);
    return true;
  }
  if (stream.readableById && connector.readItems) return readNamed(look, stream, events);
  // What it shows while it is read whole is read behind that.
  if (stream.isCounter || !isIncremental(state, mapped)) {
    await deleteInboxEvents(db, events);
    return true;
  }
  return pullNamed(look, stream, events, state.completedAt);
}

async function pullNamed(
  { context, mapped, pulled }: Look,
  stream: ChangeStream,
  events: readonly WaitingEvent[],
  completedAt: Date,
): Promise<boolean> {
  const { db, clock } = context;
  const crm = mapped.connector.id;
  const later = async (delayMs: number) => {
    await context.enqueue('fetch-items', { crm }, { delayMs });
    return false;
  };
  if (!pulled.has(stream.id)) {
    const now = clock.now();
    const rest = completedAt.getTime() + PULL_EVERY_MS - now.getTime();
    if (rest > 0) return later(rest);
    // They come most wanted first.
    const isRead = await syncStreamNow(context, mapped, stream, events[0]?.priority ?? PRIORITY.change);
    if (!isRead) return later(PULL_EVERY_MS);
    pulled.set(stream.id, now);
    await context.enqueue('refresh-records', { crm });
  }
  const began = pulled.get(stream.id) ?? new Date(0);
  const answered = events.filter(({ received_at }) => received_at < began);
  await markFormer(context, crm, stream, answered);
  await deleteInboxEvents(db, answered);
  return answered.length === events.length || later(PULL_EVERY_MS);
}

async function readNamed(
  { context, mapped }: Look,
  stream: ChangeStream,
  events: readonly WaitingEvent[],
): Promise<boolean> {
  const { db, clock, debounceMs, signal, log } = context;
  const { connector } = mapped;
  const crm = connector.id;
  const byId = Map.groupBy(events, ({ id }) => id);
  for (const ids of chunksOf([...byId.keys()], connector.batch.read)) {
    const named = ids.flatMap((id) => byId.get(id) ?? []);
    try {
      const items = await connector.readItems?.(stream.id, ids, signal);
      if (items === undefined || signal.aborted) return false;
      const priority = named[0]?.priority ?? PRIORITY.change;
      const options = { crm, stream: stream.id, now: clock.now(), priority, debounceMs };
      await markFormer(context, crm, stream, named);
      await saveItemsById(db, items, options, (tx) => deleteInboxEvents(tx, named));
    } catch (error) {
      if (!(error instanceof ConnectorError) || !STREAM_UNAVAILABLE_KINDS.has(error.kind)) throw error;
      // Asked again it would say the same: these are left to the poll and the night.
      if (error.kind !== 'invalid') {
        await closeUnavailableStream(context, mapped, stream, error);
        await deleteInboxEvents(db, events);
        return true;
      }
      log.warn({ crm, stream: stream.id, code: error.code }, `${crm}: what was named of ${stream.id} cannot be read`);
      await deleteInboxEvents(db, named);
    }
    // Also an activity may be of somebody who was never read.
    await context.enqueue('refresh-records', { crm });
    await context.enqueue('score-leads', {});
  }
  return true;
}

/** Of a company that is gone the CRM names nobody: whoever had it is known to the store alone. */
async function markFormer(
  { db, clock, debounceMs }: JobContext,
  crm: string,
  { isCompanies }: ChangeStream,
  events: readonly WaitingEvent[],
): Promise<void> {
  if (isCompanies !== true || events.length === 0) return;
  const named = {
    crm,
    companies: [...new Set(events.map(({ id }) => id))],
    priority: events[0]?.priority ?? PRIORITY.change,
  };
  await markDirtyByCompany(db, named, { now: clock.now(), debounceMs });
}
