// Events that name records become dirty marks. In a storm nearly all of them name somebody who is marked already: those are told apart in
// the database, and only the others come to us.
import { type Kysely, sql } from 'kysely';
import { isOurs } from './inbox.ts';
import { markPushed, type PushedRecord } from './pushed-records.ts';
import type { Tables } from './tables.ts';

interface TakeMarks {
  readonly crm: string;
  /** The account that our records are from; null = nobody can tell. */
  readonly own: string | null;
  readonly limit: number;
  readonly now: Date;
  readonly quietMs: number;
}

export interface MarksTaken {
  /** Events looked at; less than `limit` when no more wait. */
  readonly looked: number;
  /** Records marked by them. */
  readonly marked: number;
  /** Events of another account, which were dropped. */
  readonly foreign: number;
}

interface Looked {
  readonly looked: number;
  readonly ours: readonly number[] | null;
  readonly foreign: readonly number[] | null;
  readonly unmarked: readonly PushedRecord[] | null;
}

/** Takes a chunk, the most wanted and then the oldest first, in one transaction. */
export function takeMarks(db: Kysely<Tables>, { crm, own, limit, now, quietMs }: TakeMarks): Promise<MarksTaken> {
  return db.transaction().execute(async (tx) => {
    // One that is dirty and that nobody reads right now will be read after this event.
    const { rows } = await sql<Looked>`
      with e as materialized (
        select seq, ${isOurs(own)} as is_ours, object, record_id, priority from leadgrade.inbox
        where crm = ${crm} and taken_at is null and kind = 'record' order by priority, seq limit ${limit}
      ), named as (
        select object, record_id, min(priority) as priority from e where is_ours group by object, record_id
      )
      select (select count(*)::int from e) as looked,
        (select json_agg(seq) from e where is_ours) as ours,
        (select json_agg(seq) from e where not is_ours) as "foreign",
        (select json_agg(json_build_object('object', n.object, 'id', n.record_id, 'priority', n.priority)) from named n
          where not exists (
            select from leadgrade.records r where r.crm = ${crm} and r.object = n.object and r.id = n.record_id
              and r.dirty_at is not null and r.claimed_by is null and r.priority <= n.priority
          )) as unmarked`.execute(tx);
    const { looked = 0, ours, foreign, unmarked } = rows[0] ?? {};
    await markPushed(tx, crm, unmarked ?? [], { now, quietMs });
    await sql`
      update leadgrade.inbox set taken_at = ${now}
      where seq in (select value::bigint from json_array_elements_text(${JSON.stringify(ours ?? [])}::json))`.execute(
      tx,
    );
    if (foreign) await sql`delete from leadgrade.inbox where seq = any(${foreign}::bigint[])`.execute(tx);
    return { looked, marked: unmarked?.length ?? 0, foreign: foreign?.length ?? 0 };
  });
}
