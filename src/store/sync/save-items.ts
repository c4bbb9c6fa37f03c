// Saves the items of a stream: of a page, of items that a webhook named, or of a reconciliation of
// links.
import type { Kysely, Transaction } from 'kysely';
import type { ChangePage, DirtyRecord, LinkDiff, StreamItems } from '../../domain/crm-changes.ts';
import type { Priority } from '../../domain/priority.ts';
import { saveActivities, tombstoneActivities } from '../activities/activities.ts';
import { saveOutcomes, tombstoneOutcomes } from '../activities/outcomes.ts';
import { findRemovedItems } from '../activities/removed-items.ts';
import { type LockedLeads, withLockedLeads } from '../leads/lock-leads.ts';
import type { MarkDueOptions } from '../leads/mark-due.ts';
import { addFindings, type Findings, NO_FINDINGS } from '../reconcile/findings.ts';
import { markDirty } from '../records/mark-dirty.ts';
import { markDirtyInPages, markLockedDirty } from '../records/mark-dirty-from-webhook.ts';
import type { Tables } from '../tables/tables.ts';

interface StreamOptions extends MarkDueOptions {
  readonly crm: string;
  readonly stream: string;
  readonly now: Date;
}

interface SaveItemsOptions extends StreamOptions {
  readonly debounceMs: number;
  readonly priority: Priority;
}

/**
 * Saves items that were read by their ids; the cursor of the stream stays. A record that lost an
 * item is also read again, because the CRM's counts on it have changed.
 * @param also runs in the last transaction
 */
export async function saveItemsById(
  db: Kysely<Tables>,
  items: StreamItems,
  options: SaveItemsOptions,
  also: (tx: Transaction<Tables>) => Promise<void>,
): Promise<void> {
  const { crm, priority } = options;
  const withPriority = (records: readonly DirtyRecord[]) => records.map(({ ref }) => ({ ...ref, priority }));
  await markDirtyInPages(db, crm, withPriority(items.dirty), options);
  await db.transaction().execute(async (tx) => {
    const { gone, goneOutcomes } = await findRemovedItems(tx, crm, items);
    const refs = [items.activities, gone, items.outcomes, goneOutcomes].flat().map(({ ref }) => ref);
    await withLockedLeads(tx, crm, refs, async (locked) => {
      await markLockedDirty(locked, crm, withPriority([...gone, ...goneOutcomes]), options);
      await savePageItems(locked, items, { gone, goneOutcomes }, { ...options, fullSyncRunId: null });
    });
    await also(tx);
  });
}

/** Saves listed activities and outcomes, and sets the tombstone of removed ones. */
export async function savePageItems(
  locked: LockedLeads,
  { activities, outcomes }: Pick<ChangePage, 'activities' | 'outcomes'>,
  { gone, goneOutcomes }: Pick<LinkDiff, 'gone' | 'goneOutcomes'>,
  options: StreamOptions & { readonly fullSyncRunId: number | null },
): Promise<void> {
  const { crm, now } = options;
  await saveActivities(locked, activities, options);
  await tombstoneActivities(locked, crm, gone, now);
  await saveOutcomes(locked, outcomes, options);
  await tombstoneOutcomes(locked.tx, crm, goneOutcomes, now);
}

/**
 * Saves the differences that a reconciliation of links found; they belong to the cursor of no
 * stream.
 * @param options.records the stream of the records
 * @returns what was found, by stream
 */
export async function saveLinkFindings(
  db: Kysely<Tables>,
  found: LinkDiff,
  options: { crm: string; now: Date; records: string },
): Promise<ReadonlyMap<string, Findings>> {
  const findings = new Map<string, Findings>();
  const count = (stream: string, more: Partial<Findings>) => {
    findings.set(stream, addFindings(findings.get(stream) ?? NO_FINDINGS, { ...NO_FINDINGS, ...more }));
  };
  const { crm, now } = options;
  const items = [found.dirty, found.activities, found.gone, found.outcomes, found.goneOutcomes].flat();
  const refs = items.map(({ ref }) => ref);
  await db.transaction().execute((tx) =>
    withLockedLeads(tx, crm, refs, async (locked) => {
      count(options.records, { changed: await markDirty(locked, crm, found.dirty, now) });
      for (const [stream, activities] of Map.groupBy(found.activities, (activity) => activity.stream)) {
        const saved = await saveActivities(locked, activities, { crm, stream, now, fullSyncRunId: null });
        count(stream, { late: saved.inserted, changed: saved.updated });
      }
      for (const stream of await tombstoneActivities(locked, crm, found.gone, now)) count(stream, { deleted: 1 });
      const outcomes = await saveOutcomes(locked, found.outcomes, { crm, now, fullSyncRunId: null });
      count('deals', { late: outcomes, deleted: await tombstoneOutcomes(tx, crm, found.goneOutcomes, now) });
    }),
  );
  return findings;
}
