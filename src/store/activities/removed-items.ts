// Finds the stored items that a page of a stream declares as removed: by their ids, or because the
// page lists all records of an item and the item is stored with another record too.
import { type Kysely, sql } from 'kysely';
import type { ChangePage, LinkDiff, RecordRef } from '../../domain/crm-changes.ts';
import type { Tables } from '../tables/tables.ts';

type Item = { readonly ref: RecordRef; readonly id: string };

export async function findRemovedItems(
  db: Kysely<Tables>,
  crm: string,
  { gone, activities, outcomes, complete }: Pick<ChangePage, 'gone' | 'activities' | 'outcomes' | 'complete'>,
): Promise<Pick<LinkDiff, 'gone' | 'goneOutcomes'>> {
  if (complete === undefined) return { gone, goneOutcomes: [] };
  const removed = await findUnlisted(db, 'activities', { crm, ids: complete.activities, listed: activities });
  const removedOutcomes = await findUnlisted(db, 'deal_outcomes', { crm, ids: complete.outcomes, listed: outcomes });
  return {
    gone: [...gone, ...removed.map(({ ref, id }) => ({ ref, activityId: id }))],
    goneOutcomes: removedOutcomes.map(({ ref, id }) => ({ ref, outcomeId: id })),
  };
}

/** The stored items with these ids whose record is not among the listed ones. */
async function findUnlisted(
  db: Kysely<Tables>,
  table: 'activities' | 'deal_outcomes',
  { crm, ids, listed }: { crm: string; ids: readonly string[]; listed: readonly Item[] },
): Promise<readonly Item[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<{ object: string; record_id: string; id: string }>`
    select object, record_id, id from ${sql.table(`leadgrade.${table}`)}
    where crm = ${crm} and id = any(${ids}::text[]) and gone_at is null`.execute(db);
  const listedKeys = new Set(listed.map(itemKey));
  return rows
    .map(({ object, record_id, id }) => ({ ref: { object, id: record_id }, id }))
    .filter((item) => !listedKeys.has(itemKey(item)));
}

function itemKey({ ref, id }: Item): string {
  return `${ref.object}/${ref.id}/${id}`;
}
