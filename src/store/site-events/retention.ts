// The end of stored site events: assigned to a lead, erased with the person, or purged by age.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { RecordLink } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

/** Clears everything but the key, which stays against repeated deliveries. */
const CLEAR_CONTENT = sql`attributes = '{}', email_key = null, crm = null, record_id = null, user_key = null, anonymous_key = null,
  next_match_at = null`;

/** Clears events that were saved as activities. */
export async function markSiteEventsAssigned(
  tx: Transaction<Tables>,
  events: readonly { readonly source: string; readonly messageId: string; readonly type: string }[],
  now: Date,
): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map(({ source, messageId }) => ({ source, message_id: messageId }));
  await sql`
    update leadgrade.site_events e set ${CLEAR_CONTENT}, assigned_at = ${now}
    from ${jsonRows(rows)} as t (source text, message_id text)
    where e.source = t.source and e.message_id = t.message_id`.execute(tx);
  const types = [...new Set(events.map(({ type }) => type))].toSorted();
  await sql`
    insert into leadgrade.site_event_types (type, first_at) select type, ${now} from unnest(${types}::text[]) as type
    on conflict do nothing`.execute(tx);
}

/**
 * The activity types that the site has sent at least once. From then on, they count as observed for
 * all leads.
 */
export async function siteEventTypes(db: Db): Promise<readonly string[]> {
  const { rows } = await sql<{ type: string }>`select type from leadgrade.site_event_types order by type`.execute(db);
  return rows.map(({ type }) => type);
}

/**
 * Deletes the identities of these persons at the site and clears their waiting events. The keys of
 * the messages stay against repeated deliveries. Saved activities are erased with the records.
 * @param emails in lower case
 * @returns the number of rows by table
 */
export async function eraseSiteEvents(
  tx: Transaction<Tables>,
  { emails, refs }: { readonly emails: readonly string[]; readonly refs: readonly Pick<RecordLink, 'crm' | 'id'>[] },
): Promise<{ readonly site_events: number; readonly site_identities: number }> {
  if (emails.length + refs.length === 0) return { site_events: 0, site_identities: 0 };
  const records = sql`${jsonRows(refs.map(({ crm, id }) => ({ crm, id })))} as t (crm text, id text)`;
  // Each `union` part uses an index. Rows are locked in the order of their keys, as saving and
  // requeuing do, so that no two transactions deadlock.
  const { rows } = await sql<{ source: string; key: string }>`
    with recursive own as (
      select source, key from leadgrade.site_identities where email_key = any(${emails}::text[])
      union
      select i.source, i.key from ${records} join leadgrade.site_identities i on i.record_id = t.id and i.crm = t.crm
      union
      select i.source, i.key from own join leadgrade.site_identities i on i.source = own.source and i.alias_of = own.key
    ),
    locked as materialized (
      select i.source, i.key from leadgrade.site_identities i
      where (i.source, i.key) in (select source, key from own) order by i.source, i.key for update
    )
    delete from leadgrade.site_identities i using locked l where i.source = l.source and i.key = l.key
    returning i.source, i.key`.execute(tx);
  const users = sql`${jsonRows(rows)} as t (source text, key text)`;
  const result = await sql`
    with own as (
      select source, message_id from leadgrade.site_events where email_key = any(${emails}::text[])
      union
      select e.source, e.message_id from ${records} join leadgrade.site_events e on e.record_id = t.id and e.crm = t.crm
      union
      select e.source, e.message_id from ${users} join leadgrade.site_events e on e.user_key = t.key and e.source = t.source
      union
      select e.source, e.message_id from ${users}
      join leadgrade.site_events e on e.anonymous_key = t.key and e.source = t.source
    ),
    locked as materialized (
      select e.source, e.message_id from leadgrade.site_events e
      where (e.source, e.message_id) in (select source, message_id from own) order by e.source, e.message_id for update
    )
    update leadgrade.site_events e set ${CLEAR_CONTENT}, assigned_at = e.received_at
    from locked l where e.source = l.source and e.message_id = l.message_id`.execute(tx);
  return { site_events: Number(result.numAffectedRows ?? 0n), site_identities: rows.length };
}

const DAY_MS = 86_400_000;
/** An event without a person is deleted after this time. */
const WAIT_DAYS = 30;
/** The key of an event is deleted after this time. */
const KEY_DAYS = 40;
/** An identity without a message is deleted after this time. */
const IDENTITY_DAYS = 400;

/**
 * The instant at which a new or requeued event is matched. It lies before those of all waiting
 * events, so that new events are matched first even if the job is late.
 */
export function nextMatchAt(now: Date): Date {
  return new Date(now.getTime() - WAIT_DAYS * DAY_MS);
}

/**
 * Deletes old events, keys and identities.
 * @returns the number of events whose person never appeared
 */
export async function purgeSiteEvents(db: Db, now: Date): Promise<number> {
  const before = (days: number) => new Date(now.getTime() - days * DAY_MS);
  const expired = await sql`
    delete from leadgrade.site_events where received_at < ${before(WAIT_DAYS)} and assigned_at is null`.execute(db);
  await sql`delete from leadgrade.site_events where received_at < ${before(KEY_DAYS)}`.execute(db);
  await sql`delete from leadgrade.site_identities where received_at < ${before(IDENTITY_DAYS)}`.execute(db);
  return Number(expired.numAffectedRows ?? 0n);
}
