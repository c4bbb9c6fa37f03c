// Links of records to the record of the same person in another CRM.
import { isDeepStrictEqual } from 'node:util';
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { LeadSnapshot, RecordLink } from '../../domain/crm-changes.ts';
import { recordKey } from '../../domain/person.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

/** The links of a record (of table `r`), in a fixed order. */
export const LINKS_OF_RECORD: RawBuilder<readonly RecordLink[]> = sql`coalesce((
  select jsonb_agg(jsonb_build_object('crm', l.to_crm, 'object', l.to_object, 'id', l.to_id)
    order by l.to_crm, l.to_object, l.to_id)
  from leadgrade.record_links l where l.crm = r.crm and l.object = r.object and l.record_id = r.id
), '[]')`;

export function equalLinks(a: readonly RecordLink[] = [], b: readonly RecordLink[] = []): boolean {
  const sortedKeys = (links: readonly RecordLink[]) => [...new Set(links.map(recordKey))].toSorted();
  return isDeepStrictEqual(sortedKeys(a), sortedKeys(b));
}

/** Replaces the stored links of these records. */
export async function saveLinks(
  tx: Transaction<Tables>,
  crm: string,
  read: readonly Pick<LeadSnapshot, 'ref' | 'links'>[],
): Promise<void> {
  if (read.length === 0) return;
  await sql`
    delete from leadgrade.record_links l using ${jsonRows(read.map(({ ref }) => ref))} as t (object text, id text)
    where l.crm = ${crm} and l.object = t.object and l.record_id = t.id`.execute(tx);
  const rows = read.flatMap(({ ref, links = [] }) =>
    links.map((to) => ({ ...ref, to_crm: to.crm, to_object: to.object, to_id: to.id })),
  );
  if (rows.length === 0) return;
  await sql`
    insert into leadgrade.record_links (crm, object, record_id, to_crm, to_object, to_id)
    select ${crm}, object, id, to_crm, to_object, to_id
    from ${jsonRows(rows)} as t (object text, id text, to_crm text, to_object text, to_id text)
    on conflict do nothing`.execute(tx);
}
