// Reads one stream from its cursor to its end. Each page and its cursor are saved in one
// transaction. A stream that fails is set aside with its cursor; the others are read.
import type { ChangePage, SetAsideParts } from '../../src/crm/connector.ts';
import type { ChangeStream } from '../../src/crm/streams.ts';
import type { Priority } from '../../src/domain/priority.ts';
import type { MarkDueOptions } from '../../src/store/leads/mark-due.ts';
import { isSkipped, partsOfStream } from '../../src/store/set-aside/list-set-aside.ts';
import { addToRunCounters } from '../../src/store/sync/runs.ts';
import { finishPull, savePage } from '../../src/store/sync/save-page.ts';
import { type StreamPosition, type StreamState, streamState } from '../../src/store/sync/streams.ts';
import type { JobContext, MappedCrm } from '../context.ts';
import { logRecovered, logSetAside, setAsideRecovered } from '../failures/set-aside.ts';
import { endFallback } from './fallback-streams.ts';
import { isIncremental } from './full-sync.ts';
import { handleStreamFailure } from './stream-failure.ts';

/**
 * - `read`: to its end.
 * - `set-aside`: it failed, or is set aside and not due for another attempt.
 * - `stopped`: by a shutdown signal, or a concurrent reader has moved the cursor.
 * - `left`: it needs a full sync, which sync-streams does.
 */
export type StreamOutcome = 'read' | 'set-aside' | 'stopped' | 'left';

/** Reads a stream between two polls: its items have just changed. */
export async function syncStreamNow(
  context: JobContext,
  mapped: MappedCrm,
  stream: ChangeStream,
  priority: Priority,
): Promise<StreamOutcome> {
  const { db, clock, debounceMs } = context;
  const crm = mapped.connector.id;
  const state = await streamState(db, { crm, stream: stream.id });
  if (!isIncremental(stream, state, mapped)) return 'left';
  if (await isSkipped(db, crm, { stream: stream.id, kind: 'stream' }, clock.now())) return 'set-aside';
  return readStream(context, mapped, stream, state, { priority, debounceMs });
}

/** @throws ConnectorError when reading from the CRM must pause */
export async function readStream(
  context: JobContext,
  mapped: MappedCrm,
  stream: ChangeStream,
  state: StreamState,
  dueOptions: MarkDueOptions = {},
): Promise<StreamOutcome> {
  const { db, clock, signal } = context;
  const crm = mapped.connector.id;
  let from: StreamPosition | null;
  try {
    from = await savePages(context, mapped, stream, state, dueOptions);
  } catch (error) {
    await handleStreamFailure(context, mapped, stream, error);
    return 'set-aside';
  }
  if (from === null || signal.aborted) return 'stopped';
  const isFinished = await finishPull(db, {
    crm,
    stream: stream.id,
    from,
    now: clock.now(),
    listsObject: stream.listsObject ?? null,
    fullSyncRunId: stream.partialHistory ? null : activeFullSync(state),
  });
  if (!isFinished) return 'stopped';
  await setAsideRecovered(context, crm, [{ stream: stream.id, kind: 'stream' }]);
  return 'read';
}

/**
 * @returns the position after the last page; null after a shutdown signal, or when a concurrent
 *   reader moved the cursor
 */
async function savePages(
  context: JobContext,
  mapped: MappedCrm,
  stream: ChangeStream,
  state: StreamState,
  dueOptions: MarkDueOptions,
): Promise<StreamPosition | null> {
  const { db, clock, signal } = context;
  const { connector, editPolicy } = mapped;
  const crm = connector.id;
  const setAside = await setAsideParts(context, crm, stream);
  let from: StreamPosition = state;
  let askedAt = clock.now();
  let isRead = false;
  for await (const page of connector.listChanges(stream, state.cursor, signal, setAside)) {
    if (!isRead && hasContent(page)) await endFallback(context, mapped, stream);
    isRead ||= hasContent(page);
    await addToRunCounters(db, { records: page.leads.length, activities: page.activities.length });
    const saved = await savePage(db, page, {
      crm,
      stream: stream.id,
      from,
      fullSyncRunId: page.isFullSync ? activeFullSync(state) : null,
      now: clock.now(),
      askedAt,
      editPolicy,
      ...dueOptions,
    });
    if (saved === null || signal.aborted) return null;
    logSetAside(context, crm, saved.setAside);
    logRecovered(context, crm, saved.recovered);
    from = { ...from, cursor: page.cursor };
    askedAt = clock.now();
  }
  return from;
}

/** A stream that is refused can return pages that only name failed parts. */
function hasContent({ activities, leads, dirty, outcomes, failed = [] }: ChangePage): boolean {
  return activities.length + leads.length + dirty.length + outcomes.length > 0 || failed.length === 0;
}

/** For the connector: which parts of the stream it skips, and which it tries again. */
async function setAsideParts({ db, clock }: JobContext, crm: string, { id }: ChangeStream): Promise<SetAsideParts> {
  const parts = await partsOfStream(db, { crm, stream: id });
  const now = clock.now();
  const skipped = parts.filter(({ retryAt }) => retryAt > now);
  const keys = new Set(skipped.map((part) => JSON.stringify([part.kind, part.id])));
  return {
    isSkipped: (part) => keys.has(JSON.stringify([part.kind, part.id])),
    due: parts.filter(({ retryAt }) => retryAt <= now).map((part) => ({ kind: part.kind, id: part.id })),
  };
}

function activeFullSync({ fullSyncActive, fullSyncRunId }: StreamState): number | null {
  return fullSyncActive ? fullSyncRunId : null;
}
