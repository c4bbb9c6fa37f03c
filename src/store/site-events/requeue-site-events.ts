// Requeues site events that wait for their person: when `identify` names their user, or when a
// record with their address or id is read. Between these, waiting events cost nothing.
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { RecordLink } from '../../domain/crm-changes.ts';
import { mailboxOf } from '../identity/record-addresses.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';
import { disableJit } from '../without-jit.ts';
import { nextMatchAt } from './retention.ts';

/**
 * Requeues the events of new identities.
 * @returns the number of identities; less than `limit` if no more are new
 */
export async function requeueByIdentity(db: Kysely<Tables>, limit: number, now: Date): Promise<number> {
  return db.transaction().execute(async (tx) => {
    await disableJit(tx);
    const { rows } = await sql<{ count: number }>`
    with users as materialized (
      select source, key from leadgrade.site_identities where needs_rematch order by source, key limit ${limit} for update skip locked
    ),
    processed as (
      update leadgrade.site_identities i set needs_rematch = false from users u where i.source = u.source and i.key = u.key
    ),
    waiting as (${waitingForUsers()}),
    ${requeued(now)}
    select count(*)::int as count from users`.execute(tx);
    return rows[0]?.count ?? 0;
  });
}

/**
 * Requeues the events that wait for an address or id of these records, in the event itself or in
 * the identity of its user. Lock order: events before leads, so the transaction must not hold a
 * lead yet.
 */
export async function requeueByRecord(
  tx: Transaction<Tables>,
  records: readonly RecordLink[],
  now: Date,
): Promise<void> {
  const refs = jsonRows(records.map(({ crm, object, id }) => ({ crm, object, id })));
  // `offset 0` makes the plan use the indexes. Without table statistics it would scan whole tables.
  // If no event waits, `named` is empty and nothing is looked up.
  await sql`
    with named as materialized (
      select distinct r.crm, r.object, r.id from ${refs} as t (crm text, object text, id text)
      cross join lateral (
        select * from leadgrade.records r
        where r.crm = t.crm and r.object = t.object and r.id = t.id and r.state = 'live' offset 0
      ) r
      where exists (select from leadgrade.site_events where assigned_at is null)
    ),
    named_addresses as materialized (
      select distinct a.address, a.mailbox from named n
      cross join lateral (
        select * from leadgrade.record_addresses a
        where a.crm = n.crm and a.object = n.object and a.record_id = n.id offset 0
      ) a
    ),
    users as materialized (
      ${withAddress('site_identities', sql`i.source, i.key`)}
      union
      select i.source, i.key from named n
      cross join lateral (
        select * from leadgrade.site_identities i where i.record_id = n.id and i.crm = n.crm offset 0
      ) i
    ),
    waiting as (
      ${withAddress('site_events', sql`i.source, i.message_id`)}
      union
      select e.source, e.message_id from named n
      cross join lateral (select * from leadgrade.site_events e where e.record_id = n.id and e.crm = n.crm offset 0) e
      union
      ${waitingForUsers()}
    ),
    ${requeued(now)}
    select 1`.execute(tx);
}

/**
 * The rows `i` with one of `named_addresses`, or with one that differs only in its tag. The policy
 * decides later whether it is the same address.
 */
function withAddress(table: 'site_events' | 'site_identities', columns: RawBuilder<unknown>): RawBuilder<unknown> {
  const rows = sql.table(`leadgrade.${table}`);
  return sql`
      select ${columns} from named_addresses n
      cross join lateral (select * from ${rows} i where i.email_key in (n.address, n.mailbox) offset 0) i
      union
      select ${columns} from named_addresses n
      cross join lateral (
        select * from ${rows} i
        where i.email_key like '%+%' and ${mailboxOf(sql`i.email_key`)} = n.mailbox offset 0
      ) i`;
}

/** The events of `users` and of their anonymous ids. Assigned events have no keys any more. */
function waitingForUsers(): RawBuilder<unknown> {
  const keys = sql`(
      select source, key from users
      union
      select i.source, i.key from users u
      cross join lateral (
        select * from leadgrade.site_identities i where i.alias_of = u.key and i.source = u.source offset 0
      ) i
    ) k`;
  return sql`
      select w.source, w.message_id from ${keys}
      cross join lateral (
        select e.source, e.message_id from leadgrade.site_events e
        where e.user_key = k.key and e.source = k.source offset 0
      ) w
      union
      select w.source, w.message_id from ${keys}
      cross join lateral (
        select e.source, e.message_id from leadgrade.site_events e
        where e.anonymous_key = k.key and e.source = k.source offset 0
      ) w`;
}

/**
 * Requeues the events `waiting`. They are locked in the order of their keys, so that two
 * transactions cannot deadlock.
 */
function requeued(now: Date): RawBuilder<unknown> {
  const isNotQueued = sql`e.assigned_at is null and (e.next_match_at is null or e.next_match_at > ${nextMatchAt(now)})`;
  return sql`
    locked as materialized (
      select e.source, e.message_id from (select * from waiting order by source, message_id) w
      cross join lateral (
        select * from leadgrade.site_events e
        where e.source = w.source and e.message_id = w.message_id and ${isNotQueued} offset 0 for update
      ) e
    ),
    requeued as (
      update leadgrade.site_events e set next_match_at = ${nextMatchAt(now)} from locked l
      where e.source = l.source and e.message_id = l.message_id and ${isNotQueued}
    )`;
}
