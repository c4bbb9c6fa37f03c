// Finds records by their ID or e-mail address, for commands.
import { type Kysely, sql } from 'kysely';
import type { RecordLink } from '../../domain/crm-changes.ts';
import { withoutTag } from '../../domain/email-address.ts';
import type { RecordState } from '../tables/records.ts';
import type { Tables } from '../tables/tables.ts';

export interface FoundRecord extends RecordLink {
  readonly leadId: number;
  readonly state: RecordState;
  readonly first: string | null;
  readonly last: string | null;
}

const COLUMNS = sql`r.crm, r.object, r.id, r.lead_id as "leadId", r.state,
  r.fields ->> 'contact.first_name' as first, r.fields ->> 'contact.last_name' as last`;

/** The records of a CRM with that id, tombstones included: at most one for each object. */
export async function findRecordsById(
  db: Kysely<Tables>,
  { crm, id }: { crm: string; id: string },
): Promise<readonly FoundRecord[]> {
  const { rows } = await sql<FoundRecord>`
    select ${COLUMNS} from leadgrade.records r where r.id = ${id} and r.crm = ${crm} order by r.object`.execute(db);
  return rows;
}

/** More records of one address are not listed. */
const MAX_RECORDS = 100;

/** The records with that address now, tombstones included, erased ones not; live ones first. */
export async function findRecordsByAddress(
  db: Kysely<Tables>,
  address: string,
  { ignoresTags, crms }: { readonly ignoresTags: boolean; readonly crms: readonly string[] },
): Promise<readonly FoundRecord[]> {
  const { rows } = await sql<FoundRecord>`
    select distinct ${COLUMNS}, r.state = 'live' as is_live from leadgrade.record_addresses a
    join leadgrade.records r on r.crm = a.crm and r.object = a.object and r.id = a.record_id
    where a.mailbox = ${withoutTag(address)} and (${ignoresTags} or a.address = ${address})
      and r.crm = any(${crms}::text[]) and r.erased_at is null
    order by is_live desc, r.crm, r.object, r.id limit ${MAX_RECORDS}`.execute(db);
  return rows;
}
