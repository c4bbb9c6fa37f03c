// Records whose person is to be looked for: those that are new, gone, or tied to others in another way than before.
//
// Marks are rows that are only added and taken away, never changed: whoever makes one waits for nobody, and one that is made while
// its record is being matched is another row, and stays.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { RecordLink, RecordRef } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

type Tx = Transaction<Tables>;

/**
 * Marks records, and of each of their addresses one more that has it: an address that too many have matches nobody, until one of
 * them leaves it. To be called before the records change.
 */
export async function enqueueForMatching(tx: Tx, crm: string, refs: readonly RecordRef[]): Promise<void> {
  if (refs.length === 0) return;
  const records = sql`${jsonRows(refs.map(({ object, id }) => ({ object, id })))} as t (object text, id text)`;
  await sql`
    insert into leadgrade.match_queue (crm, object, id)
    select ${crm}, object, id from ${records}
    union
    select other.crm, other.object, other.id from ${records}
    join leadgrade.records r on r.crm = ${crm} and r.object = t.object and r.id = t.id
    cross join lateral (
      select o.crm, o.object, o.id from leadgrade.records o
      where o.email_key = r.email_key and o.state = 'live' and (o.crm, o.object, o.id) <> (r.crm, r.object, r.id) limit 1
    ) other`.execute(tx);
}

/** Has everybody matched again when `policyHash` is not what records were last matched by. Gives how many were marked. */
export async function enqueueAllForMatching(db: Kysely<Tables>, policyHash: string): Promise<number> {
  const known = await db.selectFrom('matching_config').select('hash').executeTakeFirst();
  if (known?.hash === policyHash) return 0;
  return db.transaction().execute(async (tx) => {
    const { numAffectedRows: changed } = await sql`
      insert into leadgrade.matching_config as p (hash) values (${policyHash})
      on conflict (singleton) do update set hash = excluded.hash where p.hash <> excluded.hash`.execute(tx);
    if (changed === 0n) return 0;
    const { numAffectedRows: marked } = await sql`
      insert into leadgrade.match_queue (crm, object, id)
      select r.crm, r.object, r.id from leadgrade.records r
      where r.state = 'live' and r.read_at is not null and not exists (
        select from leadgrade.match_queue u where u.crm = r.crm and u.object = r.object and u.id = r.id
      )`.execute(tx);
    return Number(marked ?? 0n);
  });
}

export interface MatchQueueRow extends RecordLink {
  readonly seq: number;
}

/** Takes marks, oldest first, until the transaction ends; what somebody else has taken is passed over. */
export async function claimMatchQueue(tx: Tx, limit: number): Promise<readonly MatchQueueRow[]> {
  const { rows } = await sql<MatchQueueRow>`
    select seq, crm, object, id from leadgrade.match_queue order by seq limit ${limit} for update skip locked`.execute(
    tx,
  );
  return rows;
}

export async function deleteFromMatchQueue(tx: Tx, marks: readonly MatchQueueRow[]): Promise<void> {
  await sql`delete from leadgrade.match_queue where seq = any(${marks.map(({ seq }) => seq)}::bigint[])`.execute(tx);
}
