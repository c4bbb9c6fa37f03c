// What a page of a stream says is gone: item by item, or as it shows an item on every record that it belongs to, and not on one
// that had it.
import { sql, type Transaction } from 'kysely';
import type { ChangePage, LinkDiff, RecordRef } from '../../domain/crm-changes.ts';
import type { Tables } from '../tables/tables.ts';

type Shown = { readonly ref: RecordRef; readonly id: string };

export async function findRemovedItems(
  tx: Transaction<Tables>,
  crm: string,
  { gone, activities, outcomes, complete }: Pick<ChangePage, 'gone' | 'activities' | 'outcomes' | 'complete'>,
): Promise<Pick<LinkDiff, 'gone' | 'goneOutcomes'>> {
  if (complete === undefined) return { gone, goneOutcomes: [] };
  const left = await elsewhere(tx, 'activities', { crm, ids: complete.activities, shown: activities });
  const leftOutcomes = await elsewhere(tx, 'outcomes', { crm, ids: complete.outcomes, shown: outcomes });
  return {
    gone: [...gone, ...left.map(({ ref, id }) => ({ ref, activityId: id }))],
    goneOutcomes: leftOutcomes.map(({ ref, id }) => ({ ref, outcomeId: id })),
  };
}

/** Where these ids are known and not shown. */
async function elsewhere(
  tx: Transaction<Tables>,
  table: 'activities' | 'outcomes',
  { crm, ids, shown }: { crm: string; ids: readonly string[]; shown: readonly Shown[] },
): Promise<readonly Shown[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<{ object: string; record_id: string; id: string }>`
    select object, record_id, id from ${sql.table(`leadgrade.${table}`)}
    where crm = ${crm} and id = any(${ids}::text[]) and gone_at is null`.execute(tx);
  const here = new Set(shown.map(keyOf));
  return rows
    .map(({ object, record_id, id }) => ({ ref: { object, id: record_id }, id }))
    .filter((each) => !here.has(keyOf(each)));
}

function keyOf({ ref, id }: Shown): string {
  return `${ref.object}/${ref.id}/${id}`;
}
