// Saves a page of a nightly reconciliation: only what differs from the stored items is written,
// counted, and makes leads due.
import type { Kysely } from 'kysely';
import type { StreamItems } from '../../domain/crm-changes.ts';
import { saveActivities, tombstoneActivities } from '../activities/activities.ts';
import { saveOutcomes, tombstoneOutcomes } from '../activities/outcomes.ts';
import { findRemovedItems } from '../activities/removed-items.ts';
import { withLockedLeads } from '../leads/lock-leads.ts';
import { markDirty } from '../records/mark-dirty.ts';
import type { StreamKey } from '../sync/streams.ts';
import type { Tables } from '../tables/tables.ts';
import { type Findings, NO_FINDINGS } from './findings.ts';
import { differingActivities } from './known-activities.ts';

export async function saveReconciledPage(
  db: Kysely<Tables>,
  { crm, stream }: StreamKey,
  items: StreamItems,
  now: Date,
): Promise<Findings> {
  const activities = await differingActivities(db, crm, items.activities);
  const { gone, goneOutcomes } = await findRemovedItems(db, crm, items);
  const refs = [items.dirty, activities, gone, items.outcomes, goneOutcomes].flat().map(({ ref }) => ref);
  if (refs.length === 0) return NO_FINDINGS;
  return db.transaction().execute((tx) =>
    withLockedLeads(tx, crm, refs, async (locked) => {
      const options = { crm, stream, now, fullSyncRunId: null };
      const dirty = await markDirty(locked, crm, items.dirty, now);
      const { inserted, updated } = await saveActivities(locked, activities, options);
      const removed = await tombstoneActivities(locked, crm, gone, now);
      const outcomes = await saveOutcomes(locked, items.outcomes, options);
      const removedOutcomes = await tombstoneOutcomes(tx, crm, goneOutcomes, now);
      return { late: dirty + inserted + outcomes, deleted: removed.length + removedOutcomes, changed: updated };
    }),
  );
}
