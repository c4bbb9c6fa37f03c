// Saves the response of a CRM for records that were fetched by id: present state, deleted, or
// merged.
import type { Kysely, Transaction } from 'kysely';
import type { FetchedLead } from '../../domain/crm-changes.ts';
import { withLockedLeads } from '../leads/lock-leads.ts';
import type { Tables } from '../tables/tables.ts';
import { refKey } from './ref-key.ts';
import { type SaveOptions, saveSnapshots } from './save-snapshots.ts';
import { markGoneOrMerged } from './tombstones.ts';

/**
 * Saves fetched records in one transaction. A record that its CRM has erased becomes a tombstone
 * like a deleted one; `saveAndErase` also erases its data.
 */
export function saveFetchedRecords(
  db: Kysely<Tables>,
  fetched: readonly FetchedLead[],
  options: SaveOptions,
): Promise<void> {
  return db.transaction().execute((tx) => saveFetchedIn(tx, fetched, options));
}

/** `saveFetchedRecords` as a part of a transaction. */
export function saveFetchedIn(
  tx: Transaction<Tables>,
  fetched: readonly FetchedLead[],
  options: SaveOptions,
): Promise<void> {
  const { crm, now, askedAt, claimed = [] } = options;
  const dirtyAt = new Map(claimed.map((claim) => [refKey(claim), claim.dirty_at]));
  const refs = fetched.flatMap((lead) => (lead.kind === 'merged' ? [lead.ref, lead.into] : [lead.ref]));
  const gone = fetched.flatMap((lead) => {
    if (lead.kind !== 'gone') return [];
    // An erased record cannot be restored, so a later read does not contradict the deletion.
    const asked = lead.erased ? undefined : askedAt;
    return [{ ...lead.ref, into: null, claimedDirtyAt: dirtyAt.get(refKey(lead.ref)), askedAt: asked }];
  });
  const merged = fetched.flatMap((lead) => {
    if (lead.kind !== 'merged') return [];
    return [{ ...lead.ref, into: lead.into, claimedDirtyAt: dirtyAt.get(refKey(lead.ref)) }];
  });
  return withLockedLeads(tx, crm, refs, async (locked) => {
    await saveSnapshots(
      locked,
      fetched.filter((lead) => lead.kind === 'lead'),
      options,
    );
    await markGoneOrMerged(locked, crm, gone, { now });
    await markGoneOrMerged(locked, crm, merged, { now, askedAt });
  });
}
