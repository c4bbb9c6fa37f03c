// Events that name records become dirty marks. In a storm nearly all of them name somebody who is marked already: those are told apart in
// the database, and only the others come to us.
import { type Kysely, sql } from 'kysely';
import { deleteInboxEvents, isOwnAccount } from '../inbox/inbox.ts';
import type { Tables } from '../tables/tables.ts';
import { markDirtyFromWebhook, type WebhookRecord } from './mark-dirty.ts';

interface DrainOptions {
  readonly crm: string;
  /** The account that our records are from; null = nobody can tell. */
  readonly own: string | null;
  readonly limit: number;
  readonly now: Date;
  readonly debounceMs: number;
}

export interface DrainResult {
  /** How often a record was named; less than `limit` when no more wait. */
  readonly looked: number;
  /** Records marked. */
  readonly marked: number;
  /** How often by another account, which was dropped. */
  readonly foreign: number;
}

interface Looked {
  readonly seqs: readonly number[] | null;
  readonly looked: number;
  readonly foreign: number;
  readonly unmarked: readonly WebhookRecord[] | null;
}

/** Takes a chunk, the most wanted and then the oldest first, in one transaction. A row is taken whole, so that it may be somewhat more. */
export function drainRecordEvents(
  db: Kysely<Tables>,
  { crm, own, limit, now, debounceMs }: DrainOptions,
): Promise<DrainResult> {
  return db.transaction().execute(async (tx) => {
    // One that is dirty and that nobody reads right now will be read after this event.
    const { rows } = await sql<Looked>`
      with waiting as (
        select * from leadgrade.inbox where crm = ${crm} and kind = 'record' order by priority, seq limit ${limit}
      ), e as materialized (
        select seq, object_or_stream as object, ids, id_count, priority, ${isOwnAccount(own)} as is_ours
        from (select *, sum(id_count) over (order by priority, seq) - id_count as before from waiting) w
        where before < ${limit}
      ), wanted as (
        select object, id, min(priority) as priority from e cross join unnest(ids) as id where is_ours group by object, id
      )
      select (select json_agg(seq) from e) as seqs,
        (select coalesce(sum(id_count), 0)::int from e) as looked,
        (select coalesce(sum(id_count), 0)::int from e where not is_ours) as "foreign",
        (select json_agg(w) from wanted w where not exists (
          select from leadgrade.records r where r.crm = ${crm} and r.object = w.object and r.id = w.id
            and r.dirty_at is not null and r.claimed_by is null and r.priority <= w.priority
        )) as unmarked`.execute(tx);
    const { seqs, looked = 0, foreign = 0, unmarked } = rows[0] ?? {};
    await markDirtyFromWebhook(tx, crm, unmarked ?? [], { now, debounceMs });
    await deleteInboxEvents(
      tx,
      (seqs ?? []).map((seq) => ({ seq })),
    );
    return { looked, marked: unmarked?.length ?? 0, foreign };
  });
}
