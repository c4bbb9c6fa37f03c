// Finds the records that an erasure covers.
import { sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import type { RecordEmails } from '../../domain/person.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

export interface ErasableRecord extends RecordEmails {
  readonly lead_id: number;
  /** Number of fields with a value. */
  readonly fields: number;
}

/**
 * Those of `refs` that are known and not erased yet, with all records that were merged into them.
 * Their addresses are the present one, then former ones that no other live record has now.
 */
export async function findErasable(
  tx: Transaction<Tables>,
  crm: string,
  refs: readonly RecordRef[],
): Promise<readonly ErasableRecord[]> {
  if (refs.length === 0) return [];
  const { rows } = await sql<ErasableRecord>`
    with recursive family as (
      select r.object, r.id from leadgrade.records r
      join ${jsonRows(refs.map(({ object, id }) => ({ object, id })))} as t (object text, id text)
        on r.object = t.object and r.id = t.id
      where r.crm = ${crm}
      union
      select m.object, m.id from leadgrade.records m
      join family f on coalesce(m.merged_into_object, m.object) = f.object and m.merged_into = f.id
      where m.crm = ${crm} and m.state = 'merged'
    )
    select r.object, r.id, r.lead_id,
      (select count(*)::int from jsonb_each(r.fields) e where e.value <> 'null') as fields,
      array_remove(array[r.email_key], null) || array(
        select distinct a.address from leadgrade.field_values v
        cross join lateral (select lower(btrim(v.value #>> '{}')) as address) a
        where v.crm = ${crm} and v.object = r.object and v.record_id = r.id and v.field = 'contact.email'
          and a.address <> '' and a.address is distinct from r.email_key
          and not exists (select from leadgrade.records o where o.email_key = a.address and o.state = 'live')
        order by a.address
      ) as emails
    from family join leadgrade.records r on r.crm = ${crm} and r.object = family.object and r.id = family.id
    where r.erased_at is null`.execute(tx);
  return rows;
}
