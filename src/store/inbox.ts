// The inbox: events that CRMs sent us. A row is written before the CRM is answered, and stays until its key cannot come again, so that
// a repeated delivery changes nothing.
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { RecordRef } from '../domain/crm-changes.ts';
import type { Priority } from '../domain/priority.ts';
import { rowsOf } from './sql-rows.ts';
import type { Tables } from './tables.ts';

export interface ArrivedEvent {
  readonly key: string;
  readonly account: string;
  readonly kind: 'record' | 'item' | 'erasure';
  /** Of a record its object, of an item its stream. */
  readonly object: string;
  readonly id: string;
  readonly priority: Priority;
  /** Epoch ms. */
  readonly occurredAt: number;
}

/**
 * One statement: all of it is kept, or nothing. By key, so that two who bring the same events never wait for each other.
 * @returns how many were new
 */
export async function putInInbox(
  db: Kysely<Tables> | Transaction<Tables>,
  crm: string,
  events: readonly ArrivedEvent[],
  now: Date,
): Promise<number> {
  if (events.length === 0) return 0;
  const rows = events.map(({ occurredAt, id, ...event }) => ({
    ...event,
    record_id: id,
    occurred_at: new Date(occurredAt).toISOString(),
  }));
  const result = await sql`
    insert into leadgrade.inbox (crm, key, account, kind, object, record_id, priority, occurred_at, received_at)
    select ${crm}, key, account, kind, object, record_id, priority, occurred_at, ${now}
    from ${rowsOf(rows)} as t (key text, account text, kind text, object text, record_id text, priority smallint,
      occurred_at timestamptz)
    order by key on conflict do nothing`.execute(db);
  return Number(result.numAffectedRows ?? 0n);
}

export interface WaitingEvent extends RecordRef {
  readonly seq: number;
  readonly priority: Priority;
  readonly received_at: Date;
}

type EventKind = ArrivedEvent['kind'];

export async function isAnyWaiting(db: Kysely<Tables>, crm: string, kinds: readonly EventKind[]): Promise<boolean> {
  const waiting = db.selectFrom('inbox').select('seq').where('crm', '=', crm).where('taken_at', 'is', null);
  return (await waiting.where('kind', 'in', kinds).limit(1).executeTakeFirst()) !== undefined;
}

/** Whether an event is from the account that our records are from. @param own null: nobody can tell, and each counts */
export function isOurs(own: string | null): RawBuilder<boolean> {
  return sql<boolean>`account is not distinct from coalesce(${own}::text, account)`;
}

interface LookAt {
  readonly crm: string;
  /** The account that our records are from; null = nobody can tell. */
  readonly own: string | null;
  readonly kind: 'item' | 'erasure';
  readonly limit: number;
  /** Objects whose events are passed over. */
  readonly except?: readonly string[];
}

export interface LookedAt {
  /** Less than `limit` when no more wait. */
  readonly looked: number;
  /** They wait until they are noted as taken. */
  readonly ours: readonly WaitingEvent[];
  /** How many were of another account, and dropped. */
  readonly foreign: number;
}

/** Events that name items, or people who were erased, the most wanted and then the oldest first. Of those that name records: takeMarks. */
export async function lookAtWaiting(
  db: Kysely<Tables>,
  { crm, own, kind, limit, except = [] }: LookAt,
): Promise<LookedAt> {
  const { rows } = await sql<WaitingEvent & { is_ours: boolean }>`
    with e as materialized (
      select seq, object, record_id as id, priority, received_at, ${isOurs(own)} as is_ours from leadgrade.inbox
      where crm = ${crm} and taken_at is null and kind = ${kind} and object <> all(${except}::text[])
      order by priority, seq limit ${limit}
    ), dropped as (delete from leadgrade.inbox i using e where i.seq = e.seq and not e.is_ours)
    select * from e order by priority, seq`.execute(db);
  const ours = rows.filter((row) => row.is_ours).map(({ is_ours: _, ...event }) => event);
  return { looked: rows.length, ours, foreign: rows.length - ours.length };
}

/** What these say was marked, in the same transaction. */
export async function noteTaken(
  db: Kysely<Tables> | Transaction<Tables>,
  events: readonly Pick<WaitingEvent, 'seq'>[],
  now: Date,
): Promise<void> {
  if (events.length === 0) return;
  await sql`
    update leadgrade.inbox set taken_at = ${now} where seq = any(${events.map(({ seq }) => seq)}::bigint[])`.execute(
    db,
  );
}

export interface InboxBacklog {
  /** Events that were not taken yet; those that name items wait for their CRM. */
  readonly waiting: number;
  readonly oldestAt: Date | null;
}

/** @param crms those that are set up: what waits for another one waits for ever */
export async function inboxBacklog(db: Kysely<Tables>, crms: readonly string[]): Promise<InboxBacklog> {
  const { rows } = await sql<{ waiting: number; oldest: Date | null }>`
    select count(*)::int as waiting, min(received_at) as oldest from (
      select received_at from leadgrade.inbox where taken_at is null and crm = any(${crms}::text[]) limit 100000
    ) w`.execute(db);
  return { waiting: rows[0]?.waiting ?? 0, oldestAt: rows[0]?.oldest ?? null };
}

/** When the last event of each CRM arrived, as far as they are kept. */
export async function lastArrivals(db: Kysely<Tables>): Promise<ReadonlyMap<string, Date>> {
  const { rows } = await sql<{ crm: string; at: Date }>`
    select crm, max(received_at) as at from leadgrade.inbox group by crm`.execute(db);
  return new Map(rows.map(({ crm, at }) => [crm, at]));
}

// HubSpot delivers an event again for a day, Salesforce for a day, and clocks differ.
const KEY_LIFE_MS = 3 * 86_400_000;
const CHUNK = 10_000;

/** Forgets events whose keys cannot come again. Gives how many. */
export async function forgetOldEvents(db: Kysely<Tables>, now: Date): Promise<number> {
  const before = new Date(now.getTime() - KEY_LIFE_MS);
  let forgotten = 0;
  for (;;) {
    const result = await sql`
      delete from leadgrade.inbox where seq in (
        select seq from leadgrade.inbox where received_at < ${before} and taken_at is not null limit ${CHUNK}
      )`.execute(db);
    const count = Number(result.numAffectedRows ?? 0n);
    forgotten += count;
    if (count < CHUNK) return forgotten;
  }
}
