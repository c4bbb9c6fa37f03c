// Events of a site that wait for their person are not asked again and again: they are woken when it turns up, as a user whom `identify`
// names, or as a record that is read with their address or id.
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { RecordLink } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';
import { disableJit } from '../without-jit.ts';
import { nextMatchAt } from './retention.ts';

/** Events that waited for identities that were learned since are to be looked at. Gives how many identities; less than `limit`: all. */
export async function requeueByIdentity(db: Kysely<Tables>, limit: number, now: Date): Promise<number> {
  return db.transaction().execute(async (tx) => {
    await disableJit(tx);
    const { rows } = await sql<{ count: number }>`
    with learned as materialized (
      select source, key from leadgrade.site_identities where needs_rematch order by source, key limit ${limit} for update skip locked
    ),
    seen as (
      update leadgrade.site_identities i set needs_rematch = false from learned l where i.source = l.source and i.key = l.key
    ),
    waiting as (${waitingForUsers()}),
    ${requeued(now)}
    select count(*)::int as count from learned`.execute(tx);
    return rows[0]?.count ?? 0;
  });
}

/**
 * Events that waited for somebody with the address or the id of these records are to be looked at, also where `identify` told it of
 * their user. To be called by whoever holds no leads yet: who gives events to leads holds the events first.
 */
export async function requeueByRecord(
  tx: Transaction<Tables>,
  records: readonly RecordLink[],
  now: Date,
): Promise<void> {
  const refs = jsonRows(records.map(({ crm, object, id }) => ({ crm, object, id })));
  // Each by its index (`offset 0`): without statistics of the tables a plan would walk all of them. And none where nothing waits.
  await sql`
    with named as materialized (
      select distinct r.crm, r.id, r.email_key from ${refs} as t (crm text, object text, id text)
      cross join lateral (
        select * from leadgrade.records r
        where r.crm = t.crm and r.object = t.object and r.id = t.id and r.state = 'live' offset 0
      ) r
      where exists (select from leadgrade.site_events where assigned_at is null)
    ),
    learned as materialized (
      select i.source, i.key from named n
      cross join lateral (select * from leadgrade.site_identities i where i.email_key = n.email_key offset 0) i
      union
      select i.source, i.key from named n
      cross join lateral (
        select * from leadgrade.site_identities i where i.record_id = n.id and i.crm = n.crm offset 0
      ) i
    ),
    waiting as (
      select e.source, e.message_id from named n
      cross join lateral (select * from leadgrade.site_events e where e.email_key = n.email_key offset 0) e
      union
      select e.source, e.message_id from named n
      cross join lateral (select * from leadgrade.site_events e where e.record_id = n.id and e.crm = n.crm offset 0) e
      union
      ${waitingForUsers()}
    ),
    ${requeued(now)}
    select 1`.execute(tx);
}

/** Events of users (`learned`), and of anonymous ones who turned out to be them. Those that were taken name nobody any more. */
function waitingForUsers(): RawBuilder<unknown> {
  const keys = sql`(
      select source, key from learned
      union
      select i.source, i.key from learned l
      cross join lateral (
        select * from leadgrade.site_identities i where i.alias_of = l.key and i.source = l.source offset 0
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

/** Has the events (`waiting`) looked at. In their order, so that two who wake the same never wait for each other. */
function requeued(now: Date): RawBuilder<unknown> {
  const asleep = sql`e.assigned_at is null and (e.next_match_at is null or e.next_match_at > ${nextMatchAt(now)})`;
  return sql`
    held as materialized (
      select e.source, e.message_id from (select * from waiting order by source, message_id) w
      cross join lateral (
        select * from leadgrade.site_events e
        where e.source = w.source and e.message_id = w.message_id and ${asleep} offset 0 for update
      ) e
    ),
    woken as (
      update leadgrade.site_events e set next_match_at = ${nextMatchAt(now)} from held h
      where e.source = h.source and e.message_id = h.message_id and ${asleep}
    )`;
}
