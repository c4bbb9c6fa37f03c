// Pull: every stream of a CRM that is open to us, from its cursor to its end, page by page. A stream that was never read, or was
// read with another mapping, is read whole; so is every stream while a backfill is open.
import type { ChangeStream } from '../../src/crm/connector.ts';
import { ConnectorError } from '../../src/crm/connector-error.ts';
import type { Priority } from '../../src/domain/priority.ts';
import type { DueManner } from '../../src/store/leads/mark-due.ts';
import { dateAgain } from '../../src/store/sync/counters.ts';
import { countInRuns, noteProgress, notePulled, openRun, type Run, unfinishedRun } from '../../src/store/sync/runs.ts';
import {
  admitStream,
  allStreams,
  beginPass,
  denyStream,
  endPull,
  noteProbed,
  probeAgain,
  type StreamStand,
  type StreamState,
  streamState,
  takePage,
} from '../../src/store/sync/streams.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { CLOSED, unlessHalted } from '../failure-policy.ts';
import { isReplaced, settleStandIns } from './fallback-streams.ts';

/** What we may see is asked again after this: a scope or a tier may have been added, or taken away. */
const PROBE_EVERY_MS = 24 * 3_600_000;

export async function pullChanges(context: JobContext, { crm }: { crm: string }): Promise<void> {
  await unlessHalted(context, { crm, side: 'read' }, 'pull', (mapped) => pullStreams(context, mapped));
  // A CRM that cannot be read now is read when it can: what is known of its leads is scored and written all the same.
  if (!context.signal.aborted) await notePulled(context.db, crm, context.clock.now());
  await context.ring('refresh', { crm });
}

async function pullStreams(context: JobContext, mapped: MappedCrm): Promise<void> {
  await probeIfDue(context, mapped);
  await settleStandIns(context, mapped);
  let run = await unfinishedRun(context.db, 'backfill');
  let isAllOver = true;
  for (const stream of mapped.connector.streams) {
    const key = { crm: mapped.connector.id, stream: stream.id };
    let state = await streamState(context.db, key);
    if (state?.denied) continue;
    if (needsPass(state, mapped, run)) {
      run ??= await openRun(context.db, { job: 'backfill', slot: null, state: 'running' }, context.clock.now());
      state = await stateForPass(context, mapped, stream, run);
    }
    // The records carry the counters; the refresh that follows dates them.
    if (stream.counter || !state || isPassOver(state, mapped, run)) continue;
    const isOver = await pullStream(context, mapped, stream, state);
    if (context.signal.aborted) return;
    isAllOver &&= isOver;
  }
  // Whoever reads a stream beside us notes when that is over.
  if (!run || !isAllOver) return;
  const progress = { marked: true, [`pulled ${mapped.connector.id}`]: true };
  await noteProgress(context.db, run.id, progress, context.clock.now());
}

/** Whether a stream is read from its cursor: it is open to us, was read to its end, and is not about to be read whole. */
export function isFollowed(state: StreamState | null, { mappingHash }: MappedCrm): state is StreamState {
  if (!state || state.denied !== null || state.passing || state.completedAt === null) return false;
  return state.mappingHash === mappingHash;
}

/**
 * Pulls a stream from its cursor, between two polls: what it shows has just happened. One that is not followed is left to the poll.
 * @returns whether it was read to its end
 */
export async function pullStreamNow(
  context: JobContext,
  mapped: MappedCrm,
  stream: ChangeStream,
  priority: Priority,
): Promise<boolean> {
  const state = await streamState(context.db, { crm: mapped.connector.id, stream: stream.id });
  if (stream.counter || !isFollowed(state, mapped)) return false;
  return pullStream(context, mapped, stream, state, { priority, quietMs: context.quietMs });
}

async function stateForPass(
  { db, clock }: JobContext,
  { connector: { id: crm }, mappingHash }: MappedCrm,
  { id: stream, counter }: ChangeStream,
  run: Run | null,
): Promise<StreamState | null> {
  // First: a process that is killed in between does it again.
  if (counter) await dateAgain(db, { crm, counter: stream }, clock.now());
  if (run) await beginPass(db, { crm, stream }, { run: run.id, mappingHash });
  return streamState(db, { crm, stream });
}

/**
 * A backfill that goes on after a kill does not ask again for what it has read. Once it has read all, it may stay open until
 * its results are written; changes are read meanwhile.
 */
function isPassOver({ pass, passing }: StreamState, { connector }: MappedCrm, run: Run | null): boolean {
  if (run === null || run.progress[`pulled ${connector.id}`] === true) return false;
  return pass === run.id && !passing;
}

/** Asks at most once a day, and when a process or a backfill begins, which streams are open to us. */
async function probeIfDue(context: JobContext, { connector, mappingHash }: MappedCrm): Promise<void> {
  const { db, clock, signal, log } = context;
  const crm = connector.id;
  const known = new Map((await allStreams(db)).filter((each) => each.crm === crm).map((each) => [each.stream, each]));
  const oldest = clock.now().getTime() - PROBE_EVERY_MS;
  if (connector.streams.every(({ id }) => (known.get(id)?.probedAt?.getTime() ?? 0) > oldest)) return;
  const sights = new Map((await connector.probeStreams(signal)).map((sight) => [sight.stream, sight.denied]));
  for (const probed of connector.streams) {
    const { id: stream } = probed;
    const denied = sights.get(stream) ?? null;
    if (denied === null && isReplaced(probed, known.get(stream))) {
      await noteProbed(db, { crm, stream }, clock.now());
    } else if (denied === null) {
      await admitStream(db, { crm, stream }, clock.now());
    } else {
      await denyStream(db, { crm, stream }, { denied, mappingHash, now: clock.now() });
      if (known.get(stream)?.denied == null) log.warn({ crm, stream }, `${crm}: ${denied.reason} ${denied.fix}`);
    }
  }
}

function needsPass(state: StreamState | null, mapped: MappedCrm, run: Run | null): boolean {
  if (!state || state.mappingHash !== mapped.mappingHash) return true;
  return run !== null && state.pass !== run.id;
}

/** @returns whether it was read to its end, or found closed; false as well when somebody else has moved it meanwhile */
async function pullStream(
  context: JobContext,
  mapped: MappedCrm,
  stream: ChangeStream,
  state: StreamState,
  manner: DueManner = {},
): Promise<boolean> {
  const { connector } = mapped;
  const { db, clock, signal } = context;
  const key = { crm: connector.id, stream: stream.id };
  const pass = state.passing ? state.pass : null;
  let from: StreamStand = state;
  try {
    let askedAt = clock.now();
    for await (const page of connector.listChanges(stream, state.cursor, signal)) {
      await countInRuns(db, { records: page.leads.length, activities: page.activities.length });
      const { whenEdited } = mapped;
      const isKept = await takePage(db, page, {
        ...key,
        from,
        pass: page.whole ? pass : null,
        now: clock.now(),
        askedAt,
        whenEdited,
        ...manner,
      });
      if (!isKept || signal.aborted) return false;
      from = { ...from, cursor: page.cursor };
      askedAt = clock.now();
    }
  } catch (error) {
    if (!(error instanceof ConnectorError) || !CLOSED.has(error.kind)) throw error;
    await closeStream(context, mapped, stream, error);
    return true;
  }
  if (signal.aborted) return false;
  const lists = stream.lists ?? null;
  return endPull(db, { ...key, from, now: clock.now(), lists, pass: stream.windowed ? null : pass });
}

/**
 * Notes that a stream is not open to us, as its error says.
 * @throws the error, where the stream is what all others are about
 */
export async function closeStream(context: JobContext, mapped: MappedCrm, stream: ChangeStream, error: ConnectorError) {
  const { db, clock, log } = context;
  const { connector, mappingHash } = mapped;
  if (stream.lists !== undefined) {
    // Where a CRM has people of several objects, the next pull may find that it does without these.
    if (error.kind === 'forbidden') await probeAgain(db, connector.id);
    // Without the records themselves there is nobody to score: somebody must be told, and not after a pull that "worked".
    throw error;
  }
  const key = { crm: connector.id, stream: stream.id };
  const denied = { reason: error.message, fix: error.fix ?? null };
  await denyStream(db, key, { denied, mappingHash, now: clock.now() });
  await settleStandIns(context, mapped);
  log.warn({ ...key, code: error.code }, `${connector.id}: ${stream.id} is not open to us: ${error.message}`);
}
