// Full sync or incremental sync: which of the two a stream gets, and the start of a full sync.
import type { ChangeStream } from '../../src/crm/streams.ts';
import { resetBounds } from '../../src/store/retention/activity-bounds.ts';
import type { Run } from '../../src/store/sync/runs.ts';
import { type StreamState, startFullSync, streamState } from '../../src/store/sync/streams.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { activityBounds } from '../schedule/activity-bounds.ts';
import { isReadByDating, redateIfCounter } from './date-counters.ts';

/**
 * Whether the stream was never read, was read with another mapping, or was last read before the
 * open backfill.
 */
export function needsFullSync(state: StreamState | null, { mappingHash }: MappedCrm, backfill: Run | null): boolean {
  if (!state || state.mappingHash !== mappingHash) return true;
  return backfill !== null && state.fullSyncRunId !== backfill.id;
}

export async function beginFullSync(
  context: JobContext,
  { connector: { id: crm }, mappingHash }: MappedCrm,
  stream: ChangeStream,
  backfill: Run | null,
): Promise<StreamState | null> {
  const { db, clock } = context;
  // Before the stream's own row: a process that is killed in between does it again.
  await redateIfCounter(db, crm, stream, clock.now());
  const key = { crm, stream: stream.id };
  if (backfill) {
    // The model may count activities again that an earlier night has deleted.
    const bounds = await activityBounds(context);
    await resetBounds(
      db,
      key,
      bounds.filter((bound) => bound.crm === crm && bound.stream === stream.id),
    );
    await startFullSync(db, key, { runId: backfill.id, mappingHash });
  }
  return streamState(db, key);
}

/**
 * Whether the backfill has read this stream to its end. A backfill that was killed does not read it
 * twice.
 */
export function isFullSyncDone({ fullSyncRunId, fullSyncActive }: StreamState, backfill: Run | null): boolean {
  return backfill !== null && fullSyncRunId === backfill.id && !fullSyncActive;
}

/**
 * Whether the stream can be read from its cursor: available, read to its end before, and no full
 * sync is needed.
 */
export function isIncremental(
  stream: ChangeStream,
  state: StreamState | null,
  { mappingHash }: MappedCrm,
): state is StreamState {
  if (isReadByDating(stream) || !state || state.unavailableReason !== null) return false;
  return !state.fullSyncActive && state.completedAt !== null && state.mappingHash === mappingHash;
}
