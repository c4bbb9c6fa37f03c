// Pull: every stream of a CRM that is open to us, from its cursor to its end, page by page. A stream that was never read, or was
// read with another mapping, is read whole; so is every stream while a backfill is open.
import type { ChangeStream } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import type { Priority } from '../../src/domain/priority.ts';
import type { MarkDueOptions } from '../../src/store/leads/mark-due.ts';
import { redateCounter } from '../../src/store/sync/counters.ts';
import {
  addToRunCounters,
  findUnfinishedRun,
  markRunsPulled,
  mergeRunProgress,
  openRun,
  type Run,
} from '../../src/store/sync/runs.ts';
import {
  allStreams,
  finishPull,
  markStreamAvailable,
  markStreamUnavailable,
  recheckAvailability,
  type StreamPosition,
  type StreamState,
  savePage,
  startFullSync,
  streamState,
  touchAvailability,
} from '../../src/store/sync/streams.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { runUnlessPaused, STREAM_UNAVAILABLE_KINDS } from '../failure-policy.ts';
import { isSuperseded, switchFallbackStreams } from './fallback-streams.ts';

/** What we may see is asked again after this: a scope or a tier may have been added, or taken away. */
const PROBE_EVERY_MS = 24 * 3_600_000;

export async function syncStreams(context: JobContext, { crm }: { crm: string }): Promise<void> {
  await runUnlessPaused(context, { crm, direction: 'read' }, 'sync-streams', (mapped) => pullStreams(context, mapped));
  // A CRM that cannot be read now is read when it can: what is known of its leads is scored and written all the same.
  if (!context.signal.aborted) await markRunsPulled(context.db, crm, context.clock.now());
  await context.enqueue('refresh-records', { crm });
}

async function pullStreams(context: JobContext, mapped: MappedCrm): Promise<void> {
  await probeIfDue(context, mapped);
  await switchFallbackStreams(context, mapped);
  let run = await findUnfinishedRun(context.db, 'backfill');
  let isAllOver = true;
  for (const stream of mapped.connector.streams) {
    const key = { crm: mapped.connector.id, stream: stream.id };
    let state = await streamState(context.db, key);
    if (state?.unavailableReason) continue;
    if (needsPass(state, mapped, run)) {
      run ??= await openRun(context.db, { job: 'backfill', slot: null, state: 'running' }, context.clock.now());
      state = await stateForPass(context, mapped, stream, run);
    }
    // The records carry the counters; the refresh that follows dates them.
    if (stream.isCounter || !state || isPassOver(state, mapped, run)) continue;
    const isOver = await pullStream(context, mapped, stream, state);
    if (context.signal.aborted) return;
    isAllOver &&= isOver;
  }
  // Whoever reads a stream beside us notes when that is over.
  if (!run || !isAllOver) return;
  const progress = { marked: true, [`pulled ${mapped.connector.id}`]: true };
  await mergeRunProgress(context.db, run.id, progress, context.clock.now());
}

/** Whether a stream is read from its cursor: it is open to us, was read to its end, and is not about to be read whole. */
export function isIncremental(state: StreamState | null, { mappingHash }: MappedCrm): state is StreamState {
  if (!state || state.unavailableReason !== null || state.fullSyncActive || state.completedAt === null) return false;
  return state.mappingHash === mappingHash;
}

/**
 * Pulls a stream from its cursor, between two polls: what it shows has just happened. One that is not followed is left to the poll.
 * @returns whether it was read to its end
 */
export async function syncStreamNow(
  context: JobContext,
  mapped: MappedCrm,
  stream: ChangeStream,
  priority: Priority,
): Promise<boolean> {
  const state = await streamState(context.db, { crm: mapped.connector.id, stream: stream.id });
  if (stream.isCounter || !isIncremental(state, mapped)) return false;
  return pullStream(context, mapped, stream, state, { priority, debounceMs: context.debounceMs });
}

async function stateForPass(
  { db, clock }: JobContext,
  { connector: { id: crm }, mappingHash }: MappedCrm,
  { id: stream, isCounter }: ChangeStream,
  run: Run | null,
): Promise<StreamState | null> {
  // First: a process that is killed in between does it again.
  if (isCounter) await redateCounter(db, { crm, counter: stream }, clock.now());
  if (run) await startFullSync(db, { crm, stream }, { run: run.id, mappingHash });
  return streamState(db, { crm, stream });
}

/**
 * A backfill that goes on after a kill does not ask again for what it has read. Once it has read all, it may stay open until
 * its results are written; changes are read meanwhile.
 */
function isPassOver(
  { fullSyncRunId, fullSyncActive }: StreamState,
  { connector }: MappedCrm,
  run: Run | null,
): boolean {
  if (run === null || run.progress[`pulled ${connector.id}`] === true) return false;
  return fullSyncRunId === run.id && !fullSyncActive;
}

/** Asks at most once a day, and when a process or a backfill begins, which streams are open to us. */
async function probeIfDue(context: JobContext, { connector, mappingHash }: MappedCrm): Promise<void> {
  const { db, clock, signal, log } = context;
  const crm = connector.id;
  const known = new Map((await allStreams(db)).filter((each) => each.crm === crm).map((each) => [each.stream, each]));
  const oldest = clock.now().getTime() - PROBE_EVERY_MS;
  if (connector.streams.every(({ id }) => (known.get(id)?.availabilityCheckedAt?.getTime() ?? 0) > oldest)) return;
  const sights = new Map((await connector.probeStreams(signal)).map((sight) => [sight.stream, sight.unavailable]));
  for (const probed of connector.streams) {
    const { id: stream } = probed;
    const unavailable = sights.get(stream) ?? null;
    if (unavailable === null && isSuperseded(probed, known.get(stream))) {
      await touchAvailability(db, { crm, stream }, clock.now());
    } else if (unavailable === null) {
      await markStreamAvailable(db, { crm, stream }, clock.now());
    } else {
      await markStreamUnavailable(db, { crm, stream }, { unavailable, mappingHash, now: clock.now() });
      if (known.get(stream)?.unavailableReason == null)
        log.warn({ crm, stream }, `${crm}: ${unavailable.reason} ${unavailable.fix}`);
    }
  }
}

function needsPass(state: StreamState | null, mapped: MappedCrm, run: Run | null): boolean {
  if (!state || state.mappingHash !== mapped.mappingHash) return true;
  return run !== null && state.fullSyncRunId !== run.id;
}

/** @returns whether it was read to its end, or found closed; false as well when somebody else has moved it meanwhile */
async function pullStream(
  context: JobContext,
  mapped: MappedCrm,
  stream: ChangeStream,
  state: StreamState,
  manner: MarkDueOptions = {},
): Promise<boolean> {
  const { connector } = mapped;
  const { db, clock, signal } = context;
  const key = { crm: connector.id, stream: stream.id };
  const pass = state.fullSyncActive ? state.fullSyncRunId : null;
  let from: StreamPosition = state;
  try {
    let askedAt = clock.now();
    for await (const page of connector.listChanges(stream, state.cursor, signal)) {
      await addToRunCounters(db, { records: page.leads.length, activities: page.activities.length });
      const { editPolicy } = mapped;
      const isKept = await savePage(db, page, {
        ...key,
        from,
        fullSyncRunId: page.whole ? pass : null,
        now: clock.now(),
        askedAt,
        whenEdited: editPolicy,
        ...manner,
      });
      if (!isKept || signal.aborted) return false;
      from = { ...from, cursor: page.cursor };
      askedAt = clock.now();
    }
  } catch (error) {
    if (!(error instanceof ConnectorError) || !STREAM_UNAVAILABLE_KINDS.has(error.kind)) throw error;
    await closeUnavailableStream(context, mapped, stream, error);
    return true;
  }
  if (signal.aborted) return false;
  const lists = stream.listsObject ?? null;
  return finishPull(db, {
    ...key,
    from,
    now: clock.now(),
    listsObject: lists,
    fullSyncRunId: stream.partialHistory ? null : pass,
  });
}

/**
 * Notes that a stream is not open to us, as its error says.
 * @throws the error, where the stream is what all others are about
 */
export async function closeUnavailableStream(
  context: JobContext,
  mapped: MappedCrm,
  stream: ChangeStream,
  error: ConnectorError,
) {
  const { db, clock, log } = context;
  const { connector, mappingHash } = mapped;
  if (stream.listsObject !== undefined) {
    // Where a CRM has people of several objects, the next pull may find that it does without these.
    if (error.kind === 'forbidden') await recheckAvailability(db, connector.id);
    // Without the records themselves there is nobody to score: somebody must be told, and not after a pull that "worked".
    throw error;
  }
  const key = { crm: connector.id, stream: stream.id };
  const unavailable = { reason: error.message, fix: error.fix ?? null };
  await markStreamUnavailable(db, key, { unavailable, mappingHash, now: clock.now() });
  await switchFallbackStreams(context, mapped);
  log.warn({ ...key, code: error.code }, `${connector.id}: ${stream.id} is not open to us: ${error.message}`);
}
