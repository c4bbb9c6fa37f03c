// The inbox: webhook events that are stored before they are acknowledged, and stay until their
// records are marked dirty.
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import type { Priority } from '../../domain/priority.ts';
import { jsonRows } from '../json-rows.ts';
import { canBeErased } from '../set-aside/skip-set-aside.ts';
import type { Tables } from '../tables/tables.ts';
import { eventKey } from './event-keys.ts';

export interface InboxEvent {
  /** The same for each delivery of one event. */
  readonly key: string;
  readonly account: string;
  readonly kind: 'record' | 'item' | 'erasure';
  /** The object of a record; the stream of an item. */
  readonly object: string;
  readonly id: string;
  readonly priority: Priority;
  /** Epoch ms, the same for each delivery; null = the event does not contain it. */
  readonly occurredAt: number | null;
}

/**
 * Inserts events in one statement: all or nothing. The keys are inserted in order, so that two
 * deliveries of the same events cannot deadlock. All records of a request share one row, so a burst
 * is a few rows per second. Events of the other kinds get a row each, as they are processed one by
 * one.
 * @returns the number of new events
 */
export async function insertInboxEvents(
  db: Kysely<Tables> | Transaction<Tables>,
  crm: string,
  events: readonly InboxEvent[],
  now: Date,
): Promise<number> {
  if (events.length === 0) return 0;
  const { rows } = await sql<{ inserted: number }>`
    with t as materialized (
      select g.account, g.kind, g.object, g.priority, e.key, e.id
      from ${jsonRows(groupAlike(events))} as g (account text, kind text, object text, priority smallint, keys uuid[], ids text[])
      cross join unnest(g.keys, g.ids) as e (key, id)
    ), new_keys as (
      insert into leadgrade.processed_event_keys (crm, key, received_at) select ${crm}, key, ${now} from t order by key
      on conflict do nothing returning key
    ), new_rows as (
      insert into leadgrade.inbox (crm, account, kind, object_or_stream, ids, priority, received_at)
      select ${crm}, account, kind, object, array_agg(distinct id), priority, ${now} from t join new_keys using (key)
      group by account, kind, object, priority, case when kind <> 'record' then id end
    )
    select count(*)::int as inserted from new_keys`.execute(db);
  return rows[0]?.inserted ?? 0;
}

/** Sends the common values of many events to the database once. */
function groupAlike(events: readonly InboxEvent[]): readonly object[] {
  const groups = Map.groupBy(
    events,
    ({ account, kind, object, priority }) => `${kind} ${priority} ${account} ${object}`,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { account, kind, object, priority } = first;
    return [{ account, kind, object, priority, keys: group.map(eventKey), ids: group.map(({ id }) => id) }];
  });
}

export interface WaitingEvent extends RecordRef {
  readonly seq: number;
  readonly priority: Priority;
  readonly received_at: Date;
}

type EventKind = InboxEvent['kind'];

export async function hasPending(db: Kysely<Tables>, crm: string, kinds: readonly EventKind[]): Promise<boolean> {
  const waiting = db.selectFrom('inbox').select('seq').where('crm', '=', crm);
  return (await waiting.where('kind', 'in', kinds).limit(1).executeTakeFirst()) !== undefined;
}

/**
 * Whether an event comes from the account of the stored records.
 * @param own null = unknown: all events count
 */
export function isOwnAccount(own: string | null): RawBuilder<boolean> {
  return sql<boolean>`account is not distinct from coalesce(${own}::text, account)`;
}

interface PeekOptions {
  readonly crm: string;
  /** The account of the stored records; null = unknown. */
  readonly own: string | null;
  readonly kind: 'item' | 'erasure';
  readonly limit: number;
  /** Erasures that are set aside and not due by now are left out. */
  readonly now: Date;
  /** Objects or streams to leave out. */
  readonly except?: readonly string[];
}

export interface InboxBatch {
  /** Number of events found; less than `limit` if no more wait. */
  readonly total: number;
  /** They stay in the inbox until `deleteInboxEvents`. */
  readonly ours: readonly WaitingEvent[];
  /** Number of events of another account, which were deleted. */
  readonly foreign: number;
}

/**
 * The next events that name items or erased records, by priority, then age. For records:
 * `drainRecordEvents`.
 */
export async function peekInbox(
  db: Kysely<Tables>,
  { crm, own, kind, limit, now, except = [] }: PeekOptions,
): Promise<InboxBatch> {
  const { rows } = await sql<WaitingEvent & { is_own: boolean }>`
    with e as materialized (
      select seq, object_or_stream as object, ids[1] as id, priority, received_at, ${isOwnAccount(own)} as is_own from leadgrade.inbox i
      where crm = ${crm} and kind = ${kind} and object_or_stream <> all(${except}::text[])
        and (kind <> 'erasure' or ${canBeErased(now)})
      order by priority, seq limit ${limit}
    ), deleted as (delete from leadgrade.inbox i using e where i.seq = e.seq and not e.is_own)
    select * from e order by priority, seq`.execute(db);
  const ours = rows.filter((row) => row.is_own).map(({ is_own: _, ...event }) => event);
  return { total: rows.length, ours, foreign: rows.length - ours.length };
}

/** Must be called in the transaction that saves what the events caused. */
export async function deleteInboxEvents(
  db: Kysely<Tables> | Transaction<Tables>,
  events: readonly Pick<WaitingEvent, 'seq'>[],
): Promise<void> {
  if (events.length === 0) return;
  await sql`delete from leadgrade.inbox where seq = any(${events.map(({ seq }) => seq)}::bigint[])`.execute(db);
}

/**
 * Removes these ids from pending events of any account.
 * @returns the number of rows that named each id
 */
export async function eraseInboxIds(
  tx: Transaction<Tables>,
  crm: string,
  records: readonly RecordRef[],
): Promise<readonly (RecordRef & { readonly rows: number })[]> {
  const refs = sql`${jsonRows(records.map(({ object, id }) => ({ object, id })))} as t (object text, id text)`;
  const { rows } = await sql<RecordRef & { rows: number }>`
    select t.object, t.id, count(*)::int as rows from leadgrade.inbox i
    join ${refs} on i.object_or_stream = t.object and t.id = any(i.ids) where i.crm = ${crm} group by t.object, t.id`.execute(
    tx,
  );
  for (const { object, id } of rows) {
    await sql`
      update leadgrade.inbox set ids = array_remove(ids, ${id}::text)
      where crm = ${crm} and object_or_stream = ${object} and ${id}::text = any(ids)`.execute(tx);
  }
  if (rows.length > 0) await sql`delete from leadgrade.inbox where crm = ${crm} and id_count = 0`.execute(tx);
  return rows;
}

export interface InboxBacklog {
  /** Number of ids in pending events. */
  readonly waiting: number;
  readonly oldestAt: Date | null;
}

/** @param crms the CRMs that are set up; events of others are never processed */
export async function inboxBacklog(db: Kysely<Tables>, crms: readonly string[]): Promise<InboxBacklog> {
  const { rows } = await sql<{ waiting: number; oldest: Date | null }>`
    select coalesce(sum(id_count), 0)::int as waiting, min(received_at) as oldest from (
      select id_count, received_at from leadgrade.inbox where crm = any(${crms}::text[]) limit 100000
    ) w`.execute(db);
  return { waiting: rows[0]?.waiting ?? 0, oldestAt: rows[0]?.oldest ?? null };
}
