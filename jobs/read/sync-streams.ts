// Reads every available stream of a CRM from its cursor to its end. A stream that was never read,
// or was read with another mapping, gets a full sync; so does every stream while a backfill is
// open. A stream that is set aside is skipped until its next attempt; no run waits for it.

import type { ChangeStream } from '../../src/crm/streams.ts';
import { isAwaited, isSkipped } from '../../src/store/set-aside/list-set-aside.ts';
import { deleteUnknown } from '../../src/store/set-aside/set-aside.ts';
import { isStepDone, listRunSteps, markRunsSynced, saveRunSteps } from '../../src/store/sync/run-steps.ts';
import { findUnfinishedRun, openRun } from '../../src/store/sync/runs.ts';
import { type StreamState, streamState } from '../../src/store/sync/streams.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { runUnlessPaused } from '../failure-policy.ts';
import { recheckFieldsIfDue } from '../guard/check-fields.ts';
import { enqueueForSetAsideItems } from '../ingest/fetch-items-by-id.ts';
import { isReadByDating } from './date-counters.ts';
import { switchFallbackStreams } from './fallback-streams.ts';
import { beginFullSync, isFullSyncDone, needsFullSync } from './full-sync.ts';
import { readStream } from './read-stream.ts';
import { checkAvailabilityIfDue } from './stream-availability.ts';

/** Calls about the whole CRM. */
const CHECKS = ['account', 'availability', 'deletions', 'fields'];

export async function syncStreams(context: JobContext, { crm }: { crm: string }): Promise<void> {
  await runUnlessPaused(context, { crm, direction: 'read' }, 'sync-streams', async (mapped) => {
    await deleteUnknown(context.db, crm, knownNames(mapped));
    await checkAvailabilityIfDue(context, mapped);
    await recheckFieldsIfDue(context, mapped);
    await switchFallbackStreams(context, mapped);
    await readAllStreams(context, mapped);
  });
  // Also when the CRM is paused: runs score and write the stored data without waiting for it.
  if (!context.signal.aborted) await markRunsSynced(context.db, crm, context.clock.now());
  await enqueueForSetAsideItems(context, crm);
  await context.enqueue('refresh-records', { crm });
}

/** The names under which something of this CRM can be set aside. */
function knownNames({ connector: { streams } }: MappedCrm): readonly string[] {
  const ofStreams = streams.flatMap(({ id, listsObject }) => (listsObject === undefined ? [id] : [id, listsObject]));
  return [...ofStreams, ...CHECKS];
}

async function readAllStreams(context: JobContext, mapped: MappedCrm): Promise<void> {
  const { db, clock, signal } = context;
  const { id: crm, streams } = mapped.connector;
  let backfill = await findUnfinishedRun(db, 'backfill');
  // A backfill that has read this CRM may stay open until its results are written; changes are read
  // meanwhile.
  const isCrmRead = backfill !== null && isStepDone(await listRunSteps(db, backfill.id), 'streams-synced', crm);
  let isEndReached = true;
  for (const stream of streams) {
    let state = await streamState(db, { crm, stream: stream.id });
    if (state?.unavailableReason) continue;
    if (needsFullSync(state, mapped, backfill)) {
      backfill ??= await openRun(db, { job: 'backfill', slot: null, state: 'running' }, clock.now());
      state = await beginFullSync(context, mapped, stream, backfill);
    }
    if (!state || isReadByDating(stream) || (!isCrmRead && isFullSyncDone(state, backfill))) continue;
    const isDone = await readUnlessSetAside(context, mapped, stream, state);
    if (signal.aborted) return;
    isEndReached &&= isDone;
  }
  // A worker that has overtaken this one completes the steps itself.
  if (!backfill || !isEndReached) return;
  const now = clock.now();
  const steps = [
    { step: 'work-marked', completedAt: now },
    { step: 'streams-synced', crm, completedAt: now },
  ] as const;
  await saveRunSteps(db, backfill.id, steps, { now });
}

/** @returns whether a backfill has nothing to wait for in this stream */
async function readUnlessSetAside(
  context: JobContext,
  mapped: MappedCrm,
  stream: ChangeStream,
  state: StreamState,
): Promise<boolean> {
  const { db, clock } = context;
  const { id: crm } = mapped.connector;
  const isSetAside = await isSkipped(db, crm, { stream: stream.id, kind: 'stream' }, clock.now());
  const outcome = isSetAside ? 'set-aside' : await readStream(context, mapped, stream, state);
  return outcome === 'set-aside' ? !(await isAwaited(db, crm, stream.id, clock.now())) : outcome !== 'stopped';
}
