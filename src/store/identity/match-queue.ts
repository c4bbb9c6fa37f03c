// The queue of records to be matched to persons: new records, deleted ones, and records with a
// changed address or link.
//
// Rows are only inserted and deleted, never updated, so that an insert waits for no lock. A record
// that is enqueued while it is being matched gets another row, which stays.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { RecordLink, RecordRef } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';
import type { Expansion } from './connected-records.ts';

type Tx = Transaction<Tables>;

/**
 * Enqueues records and, for each of their addresses, one other record with that address: records
 * that do not match because of too many others, or of a name, can match when one of them leaves the
 * address. Must be called before the records change.
 */
export async function enqueueForMatching(tx: Tx, crm: string, refs: readonly RecordRef[]): Promise<void> {
  if (refs.length === 0) return;
  const records = sql`${jsonRows(refs.map(({ object, id }) => ({ object, id })))} as t (object text, id text)`;
  await sql`
    insert into leadgrade.match_queue (crm, object, id)
    select ${crm}, object, id from ${records}
    union
    select other.crm, other.object, other.id from ${records}
    join leadgrade.record_addresses a on a.crm = ${crm} and a.object = t.object and a.record_id = t.id
    cross join lateral (
      select o.crm, o.object, o.id from leadgrade.record_addresses b
      cross join lateral (
        select * from leadgrade.records o
        where o.crm = b.crm and o.object = b.object and o.id = b.record_id and o.state = 'live' offset 0
      ) o
      where b.mailbox = a.mailbox and (b.crm, b.object, b.record_id) <> (a.crm, a.object, a.record_id) limit 1
    ) other`.execute(tx);
}

/**
 * Enqueues all records if the last matching used other settings than those of `configHash`.
 * @returns the number of enqueued records
 */
export async function enqueueAllForMatching(
  db: Kysely<Tables>,
  configHash: string,
  { ignoresTags }: Pick<Expansion, 'ignoresTags'>,
): Promise<number> {
  const stored = await db.selectFrom('matching_config').select('hash').executeTakeFirst();
  if (stored?.hash === configHash) return 0;
  return db.transaction().execute(async (tx) => {
    const { numAffectedRows: changed } = await sql`
      insert into leadgrade.matching_config as p (hash, ignores_tags) values (${configHash}, ${ignoresTags})
      on conflict (singleton) do update set hash = excluded.hash, ignores_tags = excluded.ignores_tags
      where p.hash <> excluded.hash`.execute(tx);
    if (changed === 0n) return 0;
    const { numAffectedRows: enqueued } = await sql`
      insert into leadgrade.match_queue (crm, object, id)
      select r.crm, r.object, r.id from leadgrade.records r
      where r.state = 'live' and r.read_at is not null and not exists (
        select from leadgrade.match_queue u where u.crm = r.crm and u.object = r.object and u.id = r.id
      )`.execute(tx);
    return Number(enqueued ?? 0n);
  });
}

export interface MatchQueueRow extends RecordLink {
  readonly seq: number;
}

/**
 * Claims the oldest rows until the transaction ends; rows that another worker claimed are skipped.
 * @param only those of these rows
 */
export async function claimMatchQueue(
  tx: Tx,
  { limit, only }: { readonly limit: number; readonly only?: readonly MatchQueueRow[] | undefined },
): Promise<readonly MatchQueueRow[]> {
  const isWanted = only === undefined ? sql`true` : sql`seq = any(${only.map(({ seq }) => seq)}::bigint[])`;
  const { rows } = await sql<MatchQueueRow>`
    select seq, crm, object, id from leadgrade.match_queue where ${isWanted}
    order by seq limit ${limit} for update skip locked`.execute(tx);
  return rows;
}

export async function deleteFromMatchQueue(tx: Tx, queued: readonly MatchQueueRow[]): Promise<void> {
  await sql`delete from leadgrade.match_queue where seq = any(${queued.map(({ seq }) => seq)}::bigint[])`.execute(tx);
}

/** Enqueues the records again that could not be matched and are due for another attempt. */
export async function enqueueSetAside(db: Kysely<Tables>, now: Date): Promise<void> {
  await sql`
    insert into leadgrade.match_queue (crm, object, id)
    select a.crm, a.stream, a.part_id from leadgrade.set_aside a
    where a.kind = 'match' and a.retry_at <= ${now} and not exists (
      select from leadgrade.match_queue q where q.crm = a.crm and q.object = a.stream and q.id = a.part_id
    )`.execute(db);
}
