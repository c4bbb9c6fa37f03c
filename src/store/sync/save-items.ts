// What a stream shows, kept: on a page, item by item as webhooks name them, or found by a comparison of links.
import type { Kysely, Transaction } from 'kysely';
import type { ChangePage, DirtyRecord, LinkDiff, StreamItems } from '../../domain/crm-changes.ts';
import type { Priority } from '../../domain/priority.ts';
import { saveActivities, tombstoneActivities } from '../activities/activities.ts';
import { saveOutcomes, tombstoneOutcomes } from '../activities/outcomes.ts';
import { findRemovedItems } from '../activities/removed-items.ts';
import { lockLeadsOfRecords, type MarkDueOptions } from '../leads/mark-due.ts';
import { markDirtyFromWebhook, markDirtyInPages } from '../records/mark-dirty.ts';
import { markDirty } from '../records/save-snapshots.ts';
import type { Tables } from '../tables/tables.ts';

interface OfStream extends MarkDueOptions {
  readonly crm: string;
  readonly stream: string;
  readonly now: Date;
}

interface SaveItemsOptions extends OfStream {
  readonly debounceMs: number;
  readonly priority: Priority;
}

/**
 * Keeps items that were read by their ids; `also` is done in the last transaction. No cursor moves. Whoever an item was taken from is
 * read again as well: what the CRM counts on a record has changed there, too.
 */
export async function saveItemsById(
  db: Kysely<Tables>,
  items: StreamItems,
  options: SaveItemsOptions,
  also: (tx: Transaction<Tables>) => Promise<void>,
): Promise<void> {
  const { crm, priority } = options;
  const pushed = (records: readonly DirtyRecord[]) => records.map(({ ref }) => ({ ...ref, priority }));
  await markDirtyInPages(db, crm, pushed(items.dirty), options);
  await db.transaction().execute(async (tx) => {
    const { gone, goneOutcomes } = await findRemovedItems(tx, crm, items);
    const shown = [items.activities, gone, items.outcomes, goneOutcomes].flat();
    await lockLeadsOfRecords(
      tx,
      crm,
      shown.map(({ ref }) => ref),
    );
    await markDirtyFromWebhook(tx, crm, pushed([...gone, ...goneOutcomes]), options);
    await savePageItems(tx, items, { gone, goneOutcomes }, { ...options, fullSyncRunId: null });
    await also(tx);
  });
}

/** Activities and outcomes that are shown, and those that are gone. */
export async function savePageItems(
  tx: Transaction<Tables>,
  { activities, outcomes }: Pick<ChangePage, 'activities' | 'outcomes'>,
  { gone, goneOutcomes }: Pick<LinkDiff, 'gone' | 'goneOutcomes'>,
  options: OfStream & { readonly fullSyncRunId: number | null },
): Promise<void> {
  const { crm, now } = options;
  await saveActivities(tx, activities, options);
  await tombstoneActivities(tx, crm, gone, now);
  await saveOutcomes(tx, outcomes, options);
  await tombstoneOutcomes(tx, crm, goneOutcomes, now);
}

/** Keeps what a comparison of links found; it belongs to no stream's cursor. */
export async function saveLinkFindings(
  db: Kysely<Tables>,
  found: LinkDiff,
  options: { crm: string; now: Date },
): Promise<void> {
  const { crm, now } = options;
  await db.transaction().execute(async (tx) => {
    const named = [found.dirty, found.activities, found.gone, found.outcomes, found.goneOutcomes].flat();
    await lockLeadsOfRecords(
      tx,
      crm,
      named.map(({ ref }) => ref),
    );
    await markDirty(tx, crm, found.dirty, now);
    for (const [stream, activities] of Map.groupBy(found.activities, (activity) => activity.stream)) {
      await saveActivities(tx, activities, { crm, stream, now, fullSyncRunId: null });
    }
    await tombstoneActivities(tx, crm, found.gone, now);
    await saveOutcomes(tx, found.outcomes, { crm, now, fullSyncRunId: null });
    await tombstoneOutcomes(tx, crm, found.goneOutcomes, now);
  });
}
