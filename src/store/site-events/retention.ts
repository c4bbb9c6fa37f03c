// What becomes of the events of the team's own site or product that are kept: taken, erased with the person, or forgotten.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { RecordLink } from '../../domain/crm-changes.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

/** What is left of an event that was taken or erased: its key. */
const BARE = sql`attributes = '{}', email_key = null, crm = null, record_id = null, user_key = null, anonymous_key = null,
  next_match_at = null`;

/** These are in the ledger now. */
export async function markSiteEventsAssigned(
  tx: Transaction<Tables>,
  events: readonly { readonly source: string; readonly messageId: string; readonly type: string }[],
  now: Date,
): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map(({ source, messageId }) => ({ source, message_id: messageId }));
  await sql`
    update leadgrade.site_events e set ${BARE}, assigned_at = ${now}
    from ${jsonRows(rows)} as t (source text, message_id text)
    where e.source = t.source and e.message_id = t.message_id`.execute(tx);
  const types = [...new Set(events.map(({ type }) => type))].toSorted();
  await sql`
    insert into leadgrade.site_event_types (type, first_at) select type, ${now} from unnest(${types}::text[]) as type
    on conflict do nothing`.execute(tx);
}

/** The activity types that a site has given at least once: from then on everybody's are seen. */
export async function siteEventTypes(db: Db): Promise<readonly string[]> {
  const { rows } = await sql<{ type: string }>`select type from leadgrade.site_event_types order by type`.execute(db);
  return rows.map(({ type }) => type);
}

/**
 * Deletes who these people are at the sites, and empties what is held for them; the keys of the messages stay, so that a repeated
 * delivery changes nothing. What is in the ledger goes with their records.
 * @param emails in lower case
 * @returns how many rows of which table
 */
export async function eraseSiteEvents(
  tx: Transaction<Tables>,
  { emails, refs }: { readonly emails: readonly string[]; readonly refs: readonly Pick<RecordLink, 'crm' | 'id'>[] },
): Promise<{ readonly site_events: number; readonly site_identities: number }> {
  if (emails.length + refs.length === 0) return { site_events: 0, site_identities: 0 };
  const records = sql`${jsonRows(refs.map(({ crm, id }) => ({ crm, id })))} as t (crm text, id text)`;
  // Each by its index. In their order, so that we never wait for somebody who stores or wakes the same and waits for us.
  const { rows } = await sql<{ source: string; key: string }>`
    with recursive own as (
      select source, key from leadgrade.site_identities where email_key = any(${emails}::text[])
      union
      select i.source, i.key from ${records} join leadgrade.site_identities i on i.record_id = t.id and i.crm = t.crm
      union
      select i.source, i.key from own join leadgrade.site_identities i on i.source = own.source and i.alias_of = own.key
    ),
    held as materialized (
      select i.source, i.key from leadgrade.site_identities i
      where (i.source, i.key) in (select source, key from own) order by i.source, i.key for update
    )
    delete from leadgrade.site_identities i using held h where i.source = h.source and i.key = h.key
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
    held as materialized (
      select e.source, e.message_id from leadgrade.site_events e
      where (e.source, e.message_id) in (select source, message_id from own) order by e.source, e.message_id for update
    )
    update leadgrade.site_events e set ${BARE}, assigned_at = e.received_at
    from held h where e.source = h.source and e.message_id = h.message_id`.execute(tx);
  return { site_events: Number(result.numAffectedRows ?? 0n), site_identities: rows.length };
}

const DAY_MS = 86_400_000;
/** So long an event waits for its person. */
const HELD_DAYS = 30;
/** So long the key of one is known. */
const KEY_DAYS = 40;
/** So long a source's user is known who is not heard of. */
const IDENTITY_DAYS = 400;

/**
 * When an event that is new, or was woken, is to be looked at: before all that found nobody and are to be looked at once more, however
 * late that is.
 */
export function nextMatchAt(now: Date): Date {
  return new Date(now.getTime() - HELD_DAYS * DAY_MS);
}

/** Forgets what has waited too long, and keys that cannot come again. Gives how many events nobody turned up for. */
export async function purgeSiteEvents(db: Db, now: Date): Promise<number> {
  const before = (days: number) => new Date(now.getTime() - days * DAY_MS);
  const held = await sql`
    delete from leadgrade.site_events where received_at < ${before(HELD_DAYS)} and assigned_at is null`.execute(db);
  await sql`delete from leadgrade.site_events where received_at < ${before(KEY_DAYS)}`.execute(db);
  await sql`delete from leadgrade.site_identities where received_at < ${before(IDENTITY_DAYS)}`.execute(db);
  return Number(held.numAffectedRows ?? 0n);
}
