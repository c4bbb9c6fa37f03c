// Expands a set of records to its connected component over links, e-mail addresses and leads: all
// records that could belong to the same person. Each step expands all records that the step before
// found, in two statements.
import { sql, type Transaction } from 'kysely';
import type { RecordLink } from '../../domain/crm-changes.ts';
import { type MatchRecord, recordKey } from '../../domain/person.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';
import { ADDRESSES_OF_RECORD } from './record-addresses.ts';

type Tx = Transaction<Tables>;

interface FoundRecord extends RecordLink {
  readonly lead_id: number;
  readonly addresses: readonly string[];
  readonly first: string | null;
  readonly last: string | null;
  /** It is live and was read. */
  readonly present: boolean;
}

export interface Expansion {
  /**
   * An address, or a link target, of more records matches none of them. The search therefore stops
   * at one more than this for each of them.
   */
  readonly maxRecords: number;
  /** Addresses that differ only in their tag (`anna+demo@...`) are the same address. */
  readonly ignoresTags: boolean;
}

/** @returns the live records of the connected component of `refs` */
export async function connectedRecords(
  tx: Tx,
  refs: readonly RecordLink[],
  expansion: Expansion,
): Promise<readonly MatchRecord[]> {
  const found = new Map<string, FoundRecord>();
  const linked = new Map<string, RecordLink[]>();
  let step = await findStartRecords(tx, refs);
  while (step.length > 0) {
    for (const record of step) found.set(recordKey(record), record);
    const targets = await linkTargets(tx, step);
    for (const { from, to } of targets) linked.set(from, [...(linked.get(from) ?? []), to]);
    const reached = [...targets.map(({ to }) => to), ...(await neighborsOf(tx, step, expansion))];
    const byKey = new Map(reached.map((record) => [recordKey(record), record] as const));
    step = [...byKey].flatMap(([key, record]) => (found.has(key) ? [] : [record]));
  }
  return [...found].flatMap(([key, { crm, object, id, lead_id, addresses, first, last, present }]) => {
    const record = { crm, object, id, leadId: lead_id, addresses, name: { first, last } };
    return present ? [{ ...record, linked: (linked.get(key) ?? []).map(toLink) }] : [];
  });
}

function toLink({ crm, object, id }: RecordLink): RecordLink {
  return { crm, object, id };
}

const COLUMNS = sql`r.crm, r.object, r.id, r.lead_id, ${ADDRESSES_OF_RECORD} as addresses,
  r.fields ->> 'contact.first_name' as first, r.fields ->> 'contact.last_name' as last,
  r.state = 'live' and r.read_at is not null as present`;
const IS_PRESENT = sql`r.state = 'live' and r.read_at is not null`;

async function findStartRecords(tx: Tx, refs: readonly RecordLink[]): Promise<readonly FoundRecord[]> {
  if (refs.length === 0) return [];
  const { rows } = await sql<FoundRecord>`
    select distinct ${COLUMNS} from ${jsonRows(refs.map(toLink))} as t (crm text, object text, id text)
    join leadgrade.records r on r.crm = t.crm and r.object = t.object and r.id = t.id`.execute(tx);
  return rows;
}

/**
 * The records that the links of these records point to. A link to a merged record points to its
 * survivor.
 */
async function linkTargets(
  tx: Tx,
  records: readonly FoundRecord[],
): Promise<readonly { readonly from: string; readonly to: FoundRecord }[]> {
  const { rows } = await sql<FoundRecord & { from_crm: string; from_object: string; from_id: string }>`
    with recursive chain as (
      select l.crm as from_crm, l.object as from_object, l.record_id as from_id,
        l.to_crm as crm, l.to_object as object, l.to_id as id
      from ${jsonRows(records.map(toLink))} as t (crm text, object text, id text)
      join leadgrade.record_links l on l.crm = t.crm and l.object = t.object and l.record_id = t.id
      union
      select c.from_crm, c.from_object, c.from_id, m.crm, coalesce(m.merged_into_object, m.object), m.merged_into
      from chain c
      join leadgrade.records m on m.crm = c.crm and m.object = c.object and m.id = c.id and m.state = 'merged'
    )
    select c.from_crm, c.from_object, c.from_id, ${COLUMNS}
    from chain c join leadgrade.records r on r.crm = c.crm and r.object = c.object and r.id = c.id
    where ${IS_PRESENT}`.execute(tx);
  return rows.map(({ from_crm, from_object, from_id, ...to }) => {
    return { from: recordKey({ crm: from_crm, object: from_object, id: from_id }), to };
  });
}

/**
 * The records of the same leads, the records with the same addresses, and the records whose links
 * point to these. `offset 0` makes the plan look each of them up in an index: without table
 * statistics it would scan all records for a few thousand.
 */
async function neighborsOf(
  tx: Tx,
  records: readonly FoundRecord[],
  { maxRecords, ignoresTags }: Expansion,
): Promise<readonly FoundRecord[]> {
  const enough = sql.lit(maxRecords + 1);
  const isOther = sql`(r.crm, r.object, r.id) <> (t.crm, t.object, t.id)`;
  const { rows } = await sql<FoundRecord>`
    with recursive t as (
      select * from ${jsonRows(records)} as t (crm text, object text, id text, lead_id bigint)
    ),
    keys as (
      select distinct a.mailbox, ${ignoresTags ? sql`null` : sql`a.address`} as address from t
      cross join lateral (
        select * from leadgrade.record_addresses a
        where a.crm = t.crm and a.object = t.object and a.record_id = t.id offset 0
      ) a
    ),
    with_merged as (
      select crm, object, id from t
      union
      select m.crm, m.object, m.id from with_merged p
      cross join lateral (
        select m.crm, m.object, m.id from leadgrade.records m
        where m.crm = p.crm and m.merged_into = p.id and m.state = 'merged'
          and coalesce(m.merged_into_object, m.object) = p.object offset 0
      ) m
    )
    select r.* from t
    cross join lateral (
      select ${COLUMNS} from leadgrade.records r where r.lead_id = t.lead_id and ${IS_PRESENT} and ${isOther} offset 0
    ) r
    union
    select r.* from keys k
    cross join lateral (
      select r.* from leadgrade.record_addresses b
      cross join lateral (
        select ${COLUMNS} from leadgrade.records r
        where r.crm = b.crm and r.object = b.object and r.id = b.record_id and ${IS_PRESENT} offset 0
      ) r
      where b.mailbox = k.mailbox ${ignoresTags ? sql`` : sql`and b.address = k.address`} limit ${enough}
    ) r
    union
    select r.* from with_merged p
    cross join lateral (
      select l.crm, l.object, l.record_id from leadgrade.record_links l
      where l.to_crm = p.crm and l.to_object = p.object and l.to_id = p.id limit ${enough}
    ) l
    cross join lateral (
      select ${COLUMNS} from leadgrade.records r
      where r.crm = l.crm and r.object = l.object and r.id = l.record_id and ${IS_PRESENT} offset 0
    ) r`.execute(tx);
  return rows;
}
