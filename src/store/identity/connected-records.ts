// The records around some records: all that could be of the same person, with what they lead to, and so on until there are no more.
// Each step takes all records that the one before it found, in two statements.
import { sql, type Transaction } from 'kysely';
import type { RecordLink } from '../../domain/crm-changes.ts';
import { type MatchRecord, recordKey } from '../../domain/person.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

type Tx = Transaction<Tables>;

interface Seen extends RecordLink {
  readonly lead_id: number;
  readonly address: string | null;
  /** It is there, and was read. */
  readonly present: boolean;
}

/**
 * @param most of an address, and of the links to one record, one more than this is enough: so many match nobody
 * @returns the records that are there among `refs` and around them
 */
export async function connectedRecords(
  tx: Tx,
  refs: readonly RecordLink[],
  most: number,
): Promise<readonly MatchRecord[]> {
  const found = new Map<string, Seen>();
  const linked = new Map<string, RecordLink[]>();
  let step = await lookUp(tx, refs);
  while (step.length > 0) {
    for (const each of step) found.set(recordKey(each), each);
    const ends = await linkEnds(tx, step);
    for (const { from, to } of ends) linked.set(from, [...(linked.get(from) ?? []), to]);
    const around = [...ends.map(({ to }) => to), ...(await neighborsOf(tx, step, most))];
    const fresh = new Map(around.map((each) => [recordKey(each), each] as const));
    step = [...fresh].flatMap(([key, each]) => (found.has(key) ? [] : [each]));
  }
  return [...found].flatMap(([key, { crm, object, id, lead_id, address, present }]) =>
    present ? [{ crm, object, id, leadId: lead_id, address, linked: (linked.get(key) ?? []).map(toLink) }] : [],
  );
}

function toLink({ crm, object, id }: RecordLink): RecordLink {
  return { crm, object, id };
}

const SEEN = sql`r.crm, r.object, r.id, r.lead_id, r.email_key as address,
  r.state = 'live' and r.read_at is not null as present`;
const PRESENT = sql`r.state = 'live' and r.read_at is not null`;

async function lookUp(tx: Tx, refs: readonly RecordLink[]): Promise<readonly Seen[]> {
  if (refs.length === 0) return [];
  const { rows } = await sql<Seen>`
    select distinct ${SEEN} from ${jsonRows(refs.map(toLink))} as t (crm text, object text, id text)
    join leadgrade.records r on r.crm = t.crm and r.object = t.object and r.id = t.id`.execute(tx);
  return rows;
}

/** Where the links of these records lead to; of one that was merged, to its survivor. */
async function linkEnds(tx: Tx, of: readonly Seen[]): Promise<readonly { readonly from: string; readonly to: Seen }[]> {
  const { rows } = await sql<Seen & { from_crm: string; from_object: string; from_id: string }>`
    with recursive chain as (
      select l.crm as from_crm, l.object as from_object, l.record_id as from_id,
        l.to_crm as crm, l.to_object as object, l.to_id as id
      from ${jsonRows(of.map(toLink))} as t (crm text, object text, id text)
      join leadgrade.record_links l on l.crm = t.crm and l.object = t.object and l.record_id = t.id
      union
      select c.from_crm, c.from_object, c.from_id, m.crm, coalesce(m.merged_into_object, m.object), m.merged_into
      from chain c
      join leadgrade.records m on m.crm = c.crm and m.object = c.object and m.id = c.id and m.state = 'merged'
    )
    select c.from_crm, c.from_object, c.from_id, ${SEEN}
    from chain c join leadgrade.records r on r.crm = c.crm and r.object = c.object and r.id = c.id
    where ${PRESENT}`.execute(tx);
  return rows.map(({ from_crm, from_object, from_id, ...to }) => {
    return { from: recordKey({ crm: from_crm, object: from_object, id: from_id }), to };
  });
}

/**
 * The records of the same leads, with the same addresses, and those whose links lead to these. Each by an index, one after the
 * other (`offset 0`): without statistics of the tables a plan would walk all records for a few thousand.
 */
async function neighborsOf(tx: Tx, of: readonly Seen[], most: number): Promise<readonly Seen[]> {
  const enough = sql.lit(most + 1);
  const another = sql`(r.crm, r.object, r.id) <> (t.crm, t.object, t.id)`;
  const { rows } = await sql<Seen>`
    with recursive t as (
      select * from ${jsonRows(of)} as t (crm text, object text, id text, lead_id bigint, address text)
    ),
    past as (
      select crm, object, id from t
      union
      select m.crm, m.object, m.id from past p
      cross join lateral (
        select m.crm, m.object, m.id from leadgrade.records m
        where m.crm = p.crm and m.merged_into = p.id and m.state = 'merged'
          and coalesce(m.merged_into_object, m.object) = p.object offset 0
      ) m
    )
    select r.* from t
    cross join lateral (
      select ${SEEN} from leadgrade.records r where r.lead_id = t.lead_id and ${PRESENT} and ${another} offset 0
    ) r
    union
    select r.* from t
    cross join lateral (
      select ${SEEN} from leadgrade.records r
      where r.email_key = t.address and ${PRESENT} and ${another} limit ${enough}
    ) r
    union
    select r.* from past p
    cross join lateral (
      select l.crm, l.object, l.record_id from leadgrade.record_links l
      where l.to_crm = p.crm and l.to_object = p.object and l.to_id = p.id limit ${enough}
    ) l
    cross join lateral (
      select ${SEEN} from leadgrade.records r
      where r.crm = l.crm and r.object = l.object and r.id = l.record_id and ${PRESENT} offset 0
    ) r`.execute(tx);
  return rows;
}
