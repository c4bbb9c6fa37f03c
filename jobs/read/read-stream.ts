// Reads one stream from its cursor to its end. Each page and its cursor are saved in one
// transaction.
import { ConnectorError } from '../../src/crm/connector-error.ts';
import type { ChangeStream } from '../../src/crm/streams.ts';
import type { Priority } from '../../src/domain/priority.ts';
import type { MarkDueOptions } from '../../src/store/leads/mark-due.ts';
import { addToRunCounters } from '../../src/store/sync/runs.ts';
import { finishPull, savePage } from '../../src/store/sync/save-page.ts';
import { type StreamPosition, type StreamState, streamState } from '../../src/store/sync/streams.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { STREAM_UNAVAILABLE_KINDS } from '../failure-policy.ts';
import { isIncremental } from './full-sync.ts';
import { handleUnavailableStream } from './stream-availability.ts';

/**
 * Reads a stream between two polls: its items have just changed. A stream that needs a full sync is
 * left to sync-streams.
 * @returns whether the stream was read to its end
 */
export async function syncStreamNow(
  context: JobContext,
  mapped: MappedCrm,
  stream: ChangeStream,
  priority: Priority,
): Promise<boolean> {
  const state = await streamState(context.db, { crm: mapped.connector.id, stream: stream.id });
  if (!isIncremental(stream, state, mapped)) return false;
  return readStream(context, mapped, stream, state, { priority, debounceMs: context.debounceMs });
}

/**
 * @returns whether the stream was read to its end or found unavailable; false after a shutdown
 *   signal, or when a concurrent reader has moved the cursor
 */
export async function readStream(
  context: JobContext,
  mapped: MappedCrm,
  stream: ChangeStream,
  state: StreamState,
  dueOptions: MarkDueOptions = {},
): Promise<boolean> {
  const { db, clock, signal } = context;
  let from: StreamPosition | null;
  try {
    from = await savePages(context, mapped, stream, state, dueOptions);
  } catch (error) {
    if (!(error instanceof ConnectorError) || !STREAM_UNAVAILABLE_KINDS.has(error.kind)) throw error;
    await handleUnavailableStream(context, mapped, stream, error);
    return true;
  }
  if (from === null || signal.aborted) return false;
  return finishPull(db, {
    crm: mapped.connector.id,
    stream: stream.id,
    from,
    now: clock.now(),
    listsObject: stream.listsObject ?? null,
    fullSyncRunId: stream.partialHistory ? null : activeFullSync(state),
  });
}

/**
 * @returns the position after the last page; null after a shutdown signal, or when a concurrent
 *   reader moved the cursor
 */
async function savePages(
  { db, clock, signal }: JobContext,
  { connector, editPolicy }: MappedCrm,
  stream: ChangeStream,
  state: StreamState,
  dueOptions: MarkDueOptions,
): Promise<StreamPosition | null> {
  let from: StreamPosition = state;
  let askedAt = clock.now();
  for await (const page of connector.listChanges(stream, state.cursor, signal)) {
    await addToRunCounters(db, { records: page.leads.length, activities: page.activities.length });
    const isSaved = await savePage(db, page, {
      crm: connector.id,
      stream: stream.id,
      from,
      fullSyncRunId: page.isFullSync ? activeFullSync(state) : null,
      now: clock.now(),
      askedAt,
      editPolicy,
      ...dueOptions,
    });
    if (!isSaved || signal.aborted) return null;
    from = { ...from, cursor: page.cursor };
    askedAt = clock.now();
  }
  return from;
}

function activeFullSync({ fullSyncActive, fullSyncRunId }: StreamState): number | null {
  return fullSyncActive ? fullSyncRunId : null;
}
