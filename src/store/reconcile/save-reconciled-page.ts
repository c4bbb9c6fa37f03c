// Saves a page of a nightly reconciliation: only what differs from the stored items is written,
// counted, and makes leads due.
import type { Kysely, Transaction } from 'kysely';
import type { StreamItems } from '../../domain/crm-changes.ts';
import { saveActivities, tombstoneActivities } from '../activities/activities.ts';
import { saveOutcomes, tombstoneOutcomes } from '../activities/outcomes.ts';
import { findRemovedItems } from '../activities/removed-items.ts';
import { withLockedLeads } from '../leads/lock-leads.ts';
import { markDirty } from '../records/mark-dirty.ts';
import { withoutExpired } from '../retention/activity-bounds.ts';
import { clearSavedItems, findRefused, toSetAside, withoutRefused } from '../set-aside/refused-items.ts';
import { type NewSetAside, saveSetAside } from '../set-aside/set-aside.ts';
import type { ChangedParts } from '../sync/save-page.ts';
import type { StreamKey } from '../sync/streams.ts';
import type { Tables } from '../tables/tables.ts';
import { type Findings, NO_FINDINGS } from './findings.ts';
import { differingActivities } from './known-activities.ts';

export interface SavedComparison extends ChangedParts {
  readonly found: Findings;
}

/** Items that the database refuses are set aside; the page is saved without them. */
export async function saveReconciledPage(
  db: Kysely<Tables>,
  key: StreamKey,
  items: StreamItems,
  now: Date,
): Promise<SavedComparison> {
  const save = (tx: Transaction<Tables>, part: StreamItems) => saveDiffering(tx, key, part, now);
  const saveAll = (part: StreamItems, refused: readonly NewSetAside[]) =>
    db.transaction().execute(async (tx): Promise<SavedComparison> => {
      const found = await save(tx, part);
      const recovered = await clearSavedItems(tx, key, part);
      return { found, recovered, setAside: await saveSetAside(tx, key.crm, refused, now) };
    });
  try {
    return await saveAll(items, []);
  } catch (error) {
    const refused = await findRefused(db, items, error, save);
    return saveAll(withoutRefused(items, refused), toSetAside(key.stream, items, refused));
  }
}

async function saveDiffering(
  tx: Transaction<Tables>,
  { crm, stream }: StreamKey,
  items: StreamItems,
  now: Date,
): Promise<Findings> {
  const kept = await withoutExpired(tx, { crm, stream }, items.activities, now);
  const activities = await differingActivities(tx, crm, kept);
  const { gone, goneOutcomes } = await findRemovedItems(tx, crm, items);
  const refs = [items.dirty, activities, gone, items.outcomes, goneOutcomes].flat().map(({ ref }) => ref);
  if (refs.length === 0) return NO_FINDINGS;
  return withLockedLeads(tx, crm, refs, async (locked) => {
    const options = { crm, stream, now, fullSyncRunId: null };
    const dirty = await markDirty(locked, crm, items.dirty, now);
    const { inserted, updated } = await saveActivities(locked, activities, options);
    const removed = await tombstoneActivities(locked, crm, gone, now);
    const outcomes = await saveOutcomes(locked, items.outcomes, options);
    const removedOutcomes = await tombstoneOutcomes(tx, crm, goneOutcomes, now);
    return { late: dirty + inserted + outcomes, deleted: removed.length + removedOutcomes, changed: updated };
  });
}
