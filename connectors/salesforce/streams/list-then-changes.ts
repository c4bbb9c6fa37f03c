// The order in which a stream reads one object: first a full sync that lists every record by ID,
// through queries or the Bulk API; later syncs read only changes.
import { z } from 'zod';
import type { ChangePage, Cursor, FailedPart, SetAsideParts, StreamPart } from '../../../src/crm/connector.ts';
import { emptyPage } from '../../kit/change-pages.ts';
import type { SalesforceParts } from '../parts.ts';
import { type ChangesCursor, changesCursorSchema, changesFrom, readChanges } from '../query/changes.ts';
import { readDuePeriods } from '../query/due-periods.ts';
import {
  FULL_SYNC_CURSORS,
  type FullSyncCursor,
  type ListedThenChanged,
  type ReadRows,
  readListed,
  startFullSync,
} from './full-sync.ts';
import { parseCursor } from './stream-reader.ts';

const phasesSchema = z.discriminatedUnion('phase', [...FULL_SYNC_CURSORS, changesCursorSchema]);

/**
 * The full sync (`isFullSync: true`), then an empty page that ends it; later calls yield changes.
 */
export async function* listThenChanges(
  parts: SalesforceParts,
  source: ListedThenChanged,
  cursor: Cursor | null,
  signal: AbortSignal,
  setAside?: SetAsideParts,
): AsyncGenerator<ChangePage> {
  const state = parseCursor(phasesSchema, source.id, cursor ?? (await startFullSync(parts, source, signal)));
  // The next poll reads the changes made during the listing: one sync is either the full sync or an
  // incremental one.
  if (state.phase === 'changes') yield* readChangePages(parts, source, { state, due: setAside?.due ?? [] }, signal);
  else yield* readFullSync(parts, source, state, signal);
}

async function* readFullSync(
  parts: SalesforceParts,
  source: ListedThenChanged,
  start: FullSyncCursor,
  signal: AbortSignal,
): AsyncGenerator<ChangePage> {
  let state = start;
  while (state.phase !== 'list' || !state.isComplete) {
    // Saved before any result is read, so that a process that was killed resumes the same job.
    if (state.phase === 'bulk' && state.locator === null) yield emptyPage(state, true);
    for await (const { page, next, failed = [] } of readListed(parts, source, state, signal)) {
      state = next;
      const content = isEmpty(page) ? {} : await source.fromListed(page, signal);
      yield { ...emptyPage(state, true), ...withParts(content, { failed }) };
    }
  }
  yield emptyPage(changesFrom(state.startedAt), false);
}

interface ChangesRequest {
  readonly state: ChangesCursor;
  readonly due: readonly StreamPart[];
}

async function* readChangePages(
  parts: SalesforceParts,
  source: ListedThenChanged,
  { state, due }: ChangesRequest,
  signal: AbortSignal,
): AsyncGenerator<ChangePage> {
  for await (const { failed, recovered, ...page } of readDuePeriods(parts, source, due, signal)) {
    const content = isEmpty(page) ? {} : await source.fromChanged(page, signal);
    yield { ...emptyPage(state, false), ...withParts(content, { failed, recovered }) };
  }
  for await (const changed of readChanges(parts, source, state, signal)) {
    const content = isEmpty(changed) ? {} : await source.fromChanged(changed, signal);
    yield { ...emptyPage(changed.cursor, false), ...withParts(content, changed) };
  }
}

function isEmpty({ rows, unreadable }: ReadRows): boolean {
  return rows.length + unreadable.length === 0;
}

/** Adds the parts of a page to those that its projection names. */
export function withParts(
  content: Partial<ChangePage>,
  { failed, recovered = [] }: { failed: readonly FailedPart[]; recovered?: readonly StreamPart[] },
): Partial<ChangePage> {
  const parts = {
    failed: [...failed, ...(content.failed ?? [])],
    recovered: [...recovered, ...(content.recovered ?? [])],
  };
  return {
    ...content,
    ...(parts.failed.length === 0 ? {} : { failed: parts.failed }),
    ...(parts.recovered.length === 0 ? {} : { recovered: parts.recovered }),
  };
}
