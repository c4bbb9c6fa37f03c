// Saves fetched records and erases the data of those that their CRM has erased.
import type { Kysely } from 'kysely';
import type { FetchedLead } from '../../domain/crm-changes.ts';
import { saveFetchedIn } from '../records/save-fetched.ts';
import type { SaveOptions } from '../records/save-snapshots.ts';
import type { Tables } from '../tables/tables.ts';
import { eraseRecords } from './erase-records.ts';
import { eraseLateUnlinked, eraseUnlinked } from './erase-unlinked.ts';
import { findErasable } from './find-erasable.ts';

/**
 * Saves fetched records like `saveFetchedRecords`, and erases those with `erased` in the same
 * transaction. Call it only if the response certainly comes from the account of the stored records.
 */
export async function saveAndErase(
  db: Kysely<Tables>,
  fetched: readonly FetchedLead[],
  options: SaveOptions,
): Promise<void> {
  const { crm, now } = options;
  const refs = fetched.flatMap((lead) => (lead.kind === 'gone' && lead.erased ? [lead.ref] : []));
  const erased = await db.transaction().execute(async (tx) => {
    const unlinked = await eraseUnlinked(tx, crm, await findErasable(tx, crm, refs));
    await saveFetchedIn(tx, fetched, options);
    return eraseRecords(tx, crm, refs, { now, unlinked });
  });
  await eraseLateUnlinked(db, crm, erased);
}
