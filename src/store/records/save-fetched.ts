// What a re-read of dirty records gave.
import type { Kysely } from 'kysely';
import type { FetchedLead } from '../../domain/crm-changes.ts';
import { eraseRecords, findErasable } from '../erasure/erase-records.ts';
import { eraseLateUnlinked, eraseUnlinked } from '../erasure/erase-unlinked.ts';
import { lockLeadsOfRecords } from '../leads/mark-due.ts';
import type { Tables } from '../tables/tables.ts';
import { refKey, type SaveOptions, saveSnapshots } from './save-snapshots.ts';
import { markGoneOrMerged } from './tombstones.ts';

interface SaveFetchedOptions extends SaveOptions {
  /** What the CRM has erased is erased here, too. Only where it is certain that it is the same CRM that answers. */
  readonly erases?: true;
}

/** Keeps what a re-read gave: snapshots, records that are gone, records that were merged into another. */
export async function saveFetchedRecords(
  db: Kysely<Tables>,
  fetched: readonly FetchedLead[],
  options: SaveFetchedOptions,
): Promise<void> {
  const { crm, now, askedAt } = options;
  const marks = new Map((options.claimed ?? []).map((claim) => [refKey(claim), claim.dirty_at]));
  const markOf = ({ ref }: FetchedLead) => marks.get(refKey(ref));
  const goneOf = (each: Extract<FetchedLead, { kind: 'gone' }>) => {
    // Whoever is erased does not come back.
    return { ...each.ref, into: null, mark: markOf(each), asked: each.erased ? undefined : askedAt };
  };
  const erased = fetched.flatMap((each) => (each.kind === 'gone' && each.erased ? [each.ref] : []));
  const refs = options.erases === true ? erased : [];
  const gone = await db.transaction().execute(async (tx) => {
    const unattached = await eraseUnlinked(tx, crm, await findErasable(tx, crm, refs));
    // All at once: taken one after the other, two who want the same might wait for each other.
    await lockLeadsOfRecords(
      tx,
      crm,
      fetched.flatMap((each) => (each.kind === 'merged' ? [each.ref, each.into] : [each.ref])),
    );
    await saveSnapshots(
      tx,
      fetched.filter((each) => each.kind === 'lead'),
      options,
    );
    await markGoneOrMerged(
      tx,
      crm,
      fetched.flatMap((each) => (each.kind === 'gone' ? [goneOf(each)] : [])),
      { now },
    );
    const merged = fetched.flatMap((each) => (each.kind === 'merged' ? [each] : []));
    await markGoneOrMerged(
      tx,
      crm,
      merged.map((each) => ({ ...each.ref, into: each.into, mark: markOf(each) })),
      { now, askedAt },
    );
    return eraseRecords(tx, crm, refs, { now, unattached });
  });
  await eraseLateUnlinked(db, crm, gone);
}
