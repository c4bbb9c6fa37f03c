// Saves a page of a stream together with its cursor.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { ChangePage } from '../../domain/crm-changes.ts';
import { tombstoneUnlisted } from '../activities/activities.ts';
import { tombstoneUnlistedOutcomes } from '../activities/outcomes.ts';
import { findRemovedItems } from '../activities/removed-items.ts';
import { withLockedLeads } from '../leads/lock-leads.ts';
import type { MarkDueOptions } from '../leads/mark-due.ts';
import type { EditPolicy } from '../records/field-conflicts.ts';
import { markDirty } from '../records/mark-dirty.ts';
import { saveSnapshots } from '../records/save-snapshots.ts';
import { partsOfStream } from '../set-aside/list-set-aside.ts';
import { clearSavedItems, findRefused, toSetAside, withoutRefused } from '../set-aside/refused-items.ts';
import { clearSetAside, type NewSetAside, type SetAsideThing, saveSetAside } from '../set-aside/set-aside.ts';
import type { Tables } from '../tables/tables.ts';
import { savePageItems } from './save-items.ts';
import { isAtPosition, type StreamKey, type StreamPosition } from './streams.ts';

interface SavePageOptions extends StreamKey, MarkDueOptions {
  readonly from: StreamPosition;
  readonly fullSyncRunId: number | null;
  readonly now: Date;
  readonly askedAt: Date;
  readonly editPolicy?: EditPolicy;
}

/** The parts of a stream whose state a page has changed. */
export interface ChangedParts {
  /** They were not set aside before. */
  readonly setAside: readonly SetAsideThing[];
  readonly recovered: readonly SetAsideThing[];
}

/**
 * Saves one page, its cursor and its failed parts in one transaction. Items that the database
 * refuses are set aside; the page is saved without them.
 * @returns null if another reader has moved the stream; then nothing is saved
 */
export async function savePage(
  db: Kysely<Tables>,
  page: ChangePage,
  options: SavePageOptions,
): Promise<ChangedParts | null> {
  try {
    return await saveWithCursor(db, page, [], options);
  } catch (error) {
    const refused = await findRefused(db, page, error, (tx, part) => saveContent(tx, part, options));
    const kept = withoutRefused(page, refused);
    return saveWithCursor(db, kept, toSetAside(options.stream, page, refused), options);
  }
}

/** @param refused what is set aside in the place of items that the page no longer contains */
function saveWithCursor(
  db: Kysely<Tables>,
  page: ChangePage,
  refused: readonly NewSetAside[],
  options: SavePageOptions,
): Promise<ChangedParts | null> {
  const { crm, stream, now } = options;
  return db.transaction().execute(async (tx) => {
    // Lock order: the stream before the leads, as in finishPull.
    const { numAffectedRows: moved } = await sql`
      update leadgrade.streams set cursor = ${JSON.stringify(page.cursor)}::jsonb
      where ${isAtPosition(options, options.from)}`.execute(tx);
    if (moved !== 1n) return null;
    await saveContent(tx, page, options);
    const { failed = [], recovered = [] } = page;
    const keys = recovered.map(({ kind, id }) => ({ stream, kind, id }));
    const parts = failed.map((part) => ({ ...part, stream }));
    return {
      recovered: [...(await clearSetAside(tx, crm, keys)), ...(await clearSavedItems(tx, options, page))],
      setAside: await saveSetAside(tx, crm, [...parts, ...refused], now),
    };
  });
}

async function saveContent(tx: Transaction<Tables>, page: ChangePage, options: SavePageOptions): Promise<void> {
  const { crm, now } = options;
  const { gone, goneOutcomes } = await findRemovedItems(tx, crm, page);
  const items = [page.leads, page.dirty, page.activities, gone, page.outcomes, goneOutcomes].flat();
  const refs = items.map(({ ref }) => ref);
  await withLockedLeads(tx, crm, refs, async (locked) => {
    await saveSnapshots(locked, page.leads, options);
    await markDirty(locked, crm, page.dirty, now);
    await savePageItems(locked, page, { gone, goneOutcomes }, options);
  });
}

interface FinishPullOptions extends StreamKey {
  readonly from: StreamPosition;
  readonly now: Date;
  /** The object whose records the stream lists; null = it lists no records. */
  readonly listsObject: string | null;
  /** The full sync that ends; null = it was an incremental sync. */
  readonly fullSyncRunId: number | null;
}

/**
 * Saves that the end of the stream was reached. After a full sync, unlisted activities and outcomes
 * get a tombstone, unless a part of the stream is set aside: its items were not listed, and may
 * exist. Unlisted records are read again.
 * @returns false if another reader has moved the stream; then nothing changes
 */
export function finishPull(db: Kysely<Tables>, end: FinishPullOptions): Promise<boolean> {
  const { crm, stream, now, fullSyncRunId } = end;
  return db.transaction().execute(async (tx) => {
    const { numAffectedRows: ended } = await sql`
      update leadgrade.streams set completed_at = ${now}, completed_before = null, full_sync_active = false
      where ${isAtPosition(end, end.from)}`.execute(tx);
    if (ended !== 1n) return false;
    if (fullSyncRunId !== null) {
      if ((await partsOfStream(tx, end)).length === 0) {
        await tombstoneUnlisted(tx, { crm, stream, fullSyncRunId }, now);
        await tombstoneUnlistedOutcomes(tx, { crm, stream, fullSyncRunId }, now);
      }
      await sql`
        update leadgrade.records set dirty_at = ${now}
        where crm = ${crm} and object = ${end.listsObject} and state = 'live' and last_full_sync_run_id is distinct from ${fullSyncRunId}
          and read_at < (select started_at from leadgrade.runs where id = ${fullSyncRunId})`.execute(tx);
    }
    return true;
  });
}
