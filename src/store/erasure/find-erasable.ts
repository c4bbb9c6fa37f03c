// Finds the records that an erasure covers.
import { sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import type { RecordEmails } from '../../domain/person.ts';
import { ADDRESSES_OF_RECORD, mailboxOf } from '../identity/record-addresses.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

export interface ErasableRecord extends RecordEmails {
  readonly lead_id: number;
  /** Number of fields with a value. */
  readonly fields: number;
}

/**
 * Those of `refs` that are known and not erased yet, with all records that were merged into them.
 * Their addresses are the present ones, then former ones, and the present ones without a tag if
 * people.yaml says that this is the same address. Of the latter two, an address that another live
 * record has now is left out.
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
      ${ADDRESSES_OF_RECORD} || array(
        select f.address from (
          select lower(btrim(v.value #>> '{}')) as address from leadgrade.field_values v
          where v.crm = ${crm} and v.object = r.object and v.record_id = r.id and v.field = 'contact.email'
          union
          select p.mailbox from leadgrade.record_addresses p
          where p.crm = ${crm} and p.object = r.object and p.record_id = r.id
            and (select ignores_tags from leadgrade.matching_config)
        ) f
        where f.address <> '' and f.address <> all(${ADDRESSES_OF_RECORD}) and not exists (
          select from leadgrade.record_addresses o
          join leadgrade.records l on l.crm = o.crm and l.object = o.object and l.id = o.record_id and l.state = 'live'
          where o.mailbox = ${mailboxOf(sql`f.address`)} and o.address = f.address
            and (o.crm, o.object, o.record_id) <> (r.crm, r.object, r.id)
        )
        order by f.address
      ) as emails
    from family join leadgrade.records r on r.crm = ${crm} and r.object = family.object and r.id = family.id
    where r.erased_at is null`.execute(tx);
  return rows;
}
