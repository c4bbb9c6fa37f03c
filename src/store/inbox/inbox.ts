// The inbox: events that CRMs sent us. They are written before the CRM is answered, and wait until what they name is marked. The key of
// each stays until it cannot come again, so that a repeated delivery changes nothing.
import { hash } from 'node:crypto';
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import type { Priority } from '../../domain/priority.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

export interface InboxEvent {
  /** The same for each delivery of one event. */
  readonly key: string;
  readonly account: string;
  readonly kind: 'record' | 'item' | 'erasure';
  /** Of a record its object, of an item its stream. */
  readonly object: string;
  readonly id: string;
  readonly priority: Priority;
  /** Epoch ms, the same for each delivery; null = not told. */
  readonly occurredAt: number | null;
}

/**
 * One statement: all of it is kept, or nothing. By key, so that two who bring the same events never wait for each other. Records lie in
 * one row, however many they are: a storm is a few rows a second. The other kinds are dealt with one by one.
 * @returns how many were new
 */
export async function insertInboxEvents(
  db: Kysely<Tables> | Transaction<Tables>,
  crm: string,
  events: readonly InboxEvent[],
  now: Date,
): Promise<number> {
  if (events.length === 0) return 0;
  const { rows } = await sql<{ fresh: number }>`
    with t as materialized (
      select g.account, g.kind, g.object, g.priority, e.key, e.id
      from ${jsonRows(alike(events))} as g (account text, kind text, object text, priority smallint, keys uuid[], ids text[])
      cross join unnest(g.keys, g.ids) as e (key, id)
    ), fresh as (
      insert into leadgrade.processed_event_keys (crm, key, received_at) select ${crm}, key, ${now} from t order by key
      on conflict do nothing returning key
    ), kept as (
      insert into leadgrade.inbox (crm, account, kind, object_or_stream, ids, priority, received_at)
      select ${crm}, account, kind, object, array_agg(distinct id), priority, ${now} from t join fresh using (key)
      group by account, kind, object, priority, case when kind <> 'record' then id end
    )
    select count(*)::int as fresh from fresh`.execute(db);
  return rows[0]?.fresh ?? 0;
}

/** What is the same of many is sent to the store once. */
function alike(events: readonly InboxEvent[]): readonly object[] {
  const groups = Map.groupBy(
    events,
    ({ account, kind, object, priority }) => `${kind} ${priority} ${account} ${object}`,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { account, kind, object, priority } = first;
    return [{ account, kind, object, priority, keys: group.map(keyOfEvent), ids: group.map(({ id }) => id) }];
  });
}

const INSTANT_DIGITS = 12;
const HASH_DIGITS = 20;

/** The instant comes first, so that the index grows at one end however many keys it has. */
function keyOfEvent({ key, occurredAt }: InboxEvent): string {
  return (occurredAt ?? 0).toString(16).padStart(INSTANT_DIGITS, '0') + hash('sha256', key).slice(0, HASH_DIGITS);
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

/** Whether an event is from the account that our records are from. @param own null: nobody can tell, and each counts */
export function isOwnAccount(own: string | null): RawBuilder<boolean> {
  return sql<boolean>`account is not distinct from coalesce(${own}::text, account)`;
}

interface PeekOptions {
  readonly crm: string;
  /** The account that our records are from; null = nobody can tell. */
  readonly own: string | null;
  readonly kind: 'item' | 'erasure';
  readonly limit: number;
  /** Objects whose events are passed over. */
  readonly except?: readonly string[];
}

export interface InboxBatch {
  /** Less than `limit` when no more wait. */
  readonly looked: number;
  /** They wait until they leave the inbox. */
  readonly ours: readonly WaitingEvent[];
  /** How many were of another account, and dropped. */
  readonly foreign: number;
}

/** Events that name items, or people who were erased, the most wanted and then the oldest first. Of those that name records: takeMarks. */
export async function peekInbox(
  db: Kysely<Tables>,
  { crm, own, kind, limit, except = [] }: PeekOptions,
): Promise<InboxBatch> {
  const { rows } = await sql<WaitingEvent & { is_ours: boolean }>`
    with e as materialized (
      select seq, object_or_stream as object, ids[1] as id, priority, received_at, ${isOwnAccount(own)} as is_ours from leadgrade.inbox
      where crm = ${crm} and kind = ${kind} and object_or_stream <> all(${except}::text[])
      order by priority, seq limit ${limit}
    ), dropped as (delete from leadgrade.inbox i using e where i.seq = e.seq and not e.is_ours)
    select * from e order by priority, seq`.execute(db);
  const ours = rows.filter((row) => row.is_ours).map(({ is_ours: _, ...event }) => event);
  return { looked: rows.length, ours, foreign: rows.length - ours.length };
}

/** What these say was marked, in the same transaction. */
export async function deleteInboxEvents(
  db: Kysely<Tables> | Transaction<Tables>,
  events: readonly Pick<WaitingEvent, 'seq'>[],
): Promise<void> {
  if (events.length === 0) return;
  await sql`delete from leadgrade.inbox where seq = any(${events.map(({ seq }) => seq)}::bigint[])`.execute(db);
}

/**
 * Takes these out of what waits, whichever account named them. @returns how many rows had named each, of those that were named
 */
export async function eraseInboxIds(
  tx: Transaction<Tables>,
  crm: string,
  records: readonly RecordRef[],
): Promise<readonly (RecordRef & { readonly rows: number })[]> {
  const named = sql`${jsonRows(records.map(({ object, id }) => ({ object, id })))} as t (object text, id text)`;
  const { rows } = await sql<RecordRef & { rows: number }>`
    select t.object, t.id, count(*)::int as rows from leadgrade.inbox i
    join ${named} on i.object_or_stream = t.object and t.id = any(i.ids) where i.crm = ${crm} group by t.object, t.id`.execute(
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
  /** Records, items and people that are named and not marked yet; items wait for their CRM. */
  readonly waiting: number;
  readonly oldestAt: Date | null;
}

/** @param crms those that are set up: what waits for another one waits for ever */
export async function inboxBacklog(db: Kysely<Tables>, crms: readonly string[]): Promise<InboxBacklog> {
  const { rows } = await sql<{ waiting: number; oldest: Date | null }>`
    select coalesce(sum(id_count), 0)::int as waiting, min(received_at) as oldest from (
      select id_count, received_at from leadgrade.inbox where crm = any(${crms}::text[]) limit 100000
    ) w`.execute(db);
  return { waiting: rows[0]?.waiting ?? 0, oldestAt: rows[0]?.oldest ?? null };
}

/** When the last event of each CRM arrived, as far as they are kept. */
export async function lastEventTimes(db: Kysely<Tables>): Promise<ReadonlyMap<string, Date>> {
  const { rows } = await sql<{ crm: string; at: Date }>`
    select crm, max(received_at) as at from leadgrade.processed_event_keys group by crm`.execute(db);
  return new Map(rows.map(({ crm, at }) => [crm, at]));
}

// HubSpot delivers an event again for a day, Salesforce for a day, and clocks differ.
const KEY_LIFE_MS = 3 * 86_400_000;
const CHUNK = 10_000;

/** Forgets keys that cannot come again. Gives how many. */
export async function purgeEventKeys(db: Kysely<Tables>, now: Date): Promise<number> {
  const before = new Date(now.getTime() - KEY_LIFE_MS);
  let forgotten = 0;
  for (;;) {
    const result = await sql`
      delete from leadgrade.processed_event_keys where (crm, key) in (
        select crm, key from leadgrade.processed_event_keys where received_at < ${before} limit ${CHUNK}
      )`.execute(db);
    const count = Number(result.numAffectedRows ?? 0n);
    forgotten += count;
    if (count < CHUNK) return forgotten;
  }
}
