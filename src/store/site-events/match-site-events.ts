// Finds the person of each site event: by the address or record id in the event itself, or else by
// what `identify` said about its user. An event without a known person waits, and is matched again
// when a record with that address or id is read (requeue-site-events.ts).
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { Fields } from '../../domain/lead.ts';
import { type PersonName, recordKey } from '../../domain/person.ts';
import { mailboxOf } from '../identity/record-addresses.ts';
import { jsonRows } from '../json-rows.ts';
import type { LockedLeads } from '../leads/lock-leads.ts';
import type { Tables } from '../tables/tables.ts';
import { disableJit } from '../without-jit.ts';

type Tx = Transaction<Tables>;

export interface SiteEventKey {
  readonly source: string;
  readonly messageId: string;
}

export interface MatchedSiteEvent extends SiteEventKey {
  readonly type: string;
  readonly attributes: Fields;
  /** Epoch ms. */
  readonly at: number;
  readonly crm: string;
  readonly object: string;
  readonly id: string;
  readonly leadId: number;
}

export interface SiteMatching {
  readonly now: Date;
  /**
   * Parts before the @ of addresses that several persons share (`info`, `sales`), without
   * separators and digits at the end (src/people/shared-inbox.ts).
   */
  readonly sharedInboxes: readonly string[];
  /** An address of more records than this belongs to no single person. */
  readonly maxRecords: number;
  /** Addresses that differ only in their tag are the same address. */
  readonly ignoresTags: boolean;
  /** Whether the names of records with one address can be of one person. */
  readonly isOnePerson: (names: readonly PersonName[]) => boolean;
}

/**
 * Time until an event without a person is matched again. This finds the rare changes that requeue
 * no event: a merge of unknown records, or an address that fewer records have now. The time doubles
 * with each attempt, within these limits.
 */
const MAX_WAIT_MS = 86_400_000;
const MIN_WAIT_MS = 60_000;

/**
 * Locks pending events until the transaction ends, new and requeued ones first; events that another
 * worker locked are skipped.
 * @param only those of these events
 */
export async function claimSiteEvents(
  tx: Tx,
  {
    limit,
    now,
    only,
  }: Pick<SiteMatching, 'now'> & { readonly limit: number; readonly only?: readonly SiteEventKey[] | undefined },
): Promise<readonly SiteEventKey[]> {
  const isWanted =
    only === undefined
      ? sql`true`
      : sql`(source, message_id) in (select * from ${jsonRows(only.map(toRow))} as t (source text, message_id text))`;
  const { rows } = await sql<SiteEventKey>`
    select source, message_id as "messageId" from leadgrade.site_events where next_match_at <= ${now} and ${isWanted}
    order by next_match_at, source, message_id limit ${limit} for update skip locked`.execute(tx);
  return rows;
}

function toRow({ source, messageId }: SiteEventKey): object {
  return { source, message_id: messageId };
}

/**
 * Finds the people of events.
 * @param claimed their keys
 * @returns the events with a record, to be assigned in the same transaction
 */
export async function resolvePeople(
  tx: Tx,
  claimed: readonly SiteEventKey[],
  matching: SiteMatching,
): Promise<readonly MatchedSiteEvent[]> {
  if (claimed.length === 0) return [];
  const { now } = matching;
  await disableJit(tx);
  const { rows } = await sql<Omit<MatchedSiteEvent, 'leadId'> & NamedLead>`
    with pending as materialized (
      select e.* from ${jsonRows(claimed.map(toRow))} as t (source text, message_id text)
      cross join lateral (
        select * from leadgrade.site_events e where e.source = t.source and e.message_id = t.message_id offset 0
      ) e
    ),
    named as (${namedPersons(matching)}),
    person as (
      select n.*, coalesce(by_id.lead_id, by_email.lead_id) as lead_id, by_id.object as own_object, by_id.id as own_id,
        case when by_id.lead_id is null then by_email.names end as names
      from named n
      left join lateral (${recordById()}) by_id on true
      left join lateral (${leadByEmail(matching)}) by_email on true
    ),
    matched as (
      select p.*, r.crm as to_crm, r.object as to_object, r.id as to_id
      from person p
      left join lateral (${recordOfLead()}) r on true
    ),
    later as (
      update leadgrade.site_events e set next_match_at = case when m.email is null and m.by_record_id is null then null
        else ${nextAttempt(now)} end
      from matched m where e.source = m.source and e.message_id = m.message_id and m.to_id is null
    )
    select source, message_id as "messageId", type, attributes, (extract(epoch from at) * 1000)::double precision as at,
      to_crm as crm, to_object as object, to_id as id, case when to_id is null then null else lead_id end as "leadId", names
    from matched`.execute(tx);
  const isOfSeveral = ({ names }: NamedLead) => names !== null && !matching.isOnePerson(names);
  await postpone(tx, rows.filter(isOfSeveral), now);
  return rows.flatMap(({ leadId, names, ...event }) =>
    leadId === null || isOfSeveral({ leadId, names }) ? [] : [{ ...event, leadId }],
  );
}

interface NamedLead {
  readonly leadId: number | null;
  /** The names of the records with the address, if these belong to more than one lead. */
  readonly names: readonly PersonName[] | null;
}

/** The time until the next attempt doubles, as it is the time since the event was received. */
function nextAttempt(now: Date) {
  return sql`${now}::timestamptz + least(greatest(${now}::timestamptz - e.received_at,
    ${MIN_WAIT_MS} * interval '1 millisecond'), ${MAX_WAIT_MS} * interval '1 millisecond')`;
}

async function postpone(tx: Tx, events: readonly SiteEventKey[], now: Date): Promise<void> {
  if (events.length === 0) return;
  await sql`
    update leadgrade.site_events e set next_match_at = ${nextAttempt(now)}
    from ${jsonRows(events.map(toRow))} as t (source text, message_id text)
    where e.source = t.source and e.message_id = t.message_id`.execute(tx);
}

/**
 * The address and record id of each event's person: from the event itself, else from its user, else
 * from its anonymous user or the user behind that. An event that names a person itself is never
 * assigned to another one who used the same browser before.
 */
function namedPersons({ sharedInboxes }: SiteMatching) {
  const namesPerson = sql`(e.email_key is not null or e.record_id is not null)`;
  const isShared = sql`${inboxKeyOf(sql`w.email`)} = any(${sharedInboxes}::text[])`;
  return sql`
    select w.source, w.message_id, w.type, w.attributes, w.at, w.by_crm, w.by_record_id,
      case when not ${isShared} then w.email end as email, case when not ${isShared} then ${mailboxOf(sql`w.email`)} end as mailbox
    from (
      select e.source, e.message_id, e.type, e.attributes, e.at,
        case when ${namesPerson} then e.email_key else coalesce(u.email_key, a.email_key, s.email_key) end as email,
        case when ${namesPerson} then e.crm else coalesce(u.crm, a.crm, s.crm) end as by_crm,
        case when ${namesPerson} then e.record_id else coalesce(u.record_id, a.record_id, s.record_id) end as by_record_id
      from pending e
      left join leadgrade.site_identities u on u.source = e.source and u.key = e.user_key
      left join leadgrade.site_identities a
        on a.source = e.source and a.key = e.anonymous_key and e.user_key is null
      left join leadgrade.site_identities s
        on s.source = a.source and s.key = a.alias_of and a.email_key is null and a.record_id is null
    ) w`;
}

/** As `inboxKey` in src/people/shared-inbox.ts. */
function inboxKeyOf(email: RawBuilder<unknown>): RawBuilder<unknown> {
  const local = sql`regexp_replace(split_part(split_part(${email}, '@', 1), '+', 1), '[0-9]+$', '')`;
  return sql`case when ${local} ~ '(^|[._-])[^._-]?([._-]|$)' then ${local}
    else regexp_replace(${local}, '[._-]', '', 'g') end`;
}

/** The record with that id, or its survivor if it was merged. */
function recordById() {
  return sql`
    with recursive chain as (
      select r.crm, r.object, r.id, r.lead_id, r.state, r.merged_into, r.merged_into_object
      from leadgrade.records r where r.id = n.by_record_id and r.crm = n.by_crm and r.erased_at is null
      union
      select m.crm, m.object, m.id, m.lead_id, m.state, m.merged_into, m.merged_into_object
      from chain c
      join leadgrade.records m on m.crm = c.crm and m.object = coalesce(c.merged_into_object, c.object)
        and m.id = c.merged_into and c.state = 'merged' and m.erased_at is null
    )
    select object, id, lead_id from chain where state <> 'merged' order by state = 'live' desc, object limit 1`;
}

/**
 * The oldest lead with that address, unless too many records have it; and the names of the records,
 * if they belong to several leads.
 */
function leadByEmail({ maxRecords, ignoresTags }: SiteMatching) {
  return sql`
    select min(h.lead_id) as lead_id, case when count(distinct h.lead_id) > 1
      then jsonb_agg(jsonb_build_object('first', h.first, 'last', h.last)) end as names
    from (
      select distinct r.crm, r.object, r.id, r.lead_id, r.fields ->> 'contact.first_name' as first,
        r.fields ->> 'contact.last_name' as last
      from leadgrade.record_addresses a
      cross join lateral (
        select * from leadgrade.records r
        where r.crm = a.crm and r.object = a.object and r.id = a.record_id
          and r.state = 'live' and r.read_at is not null and r.erased_at is null offset 0
      ) r
      where a.mailbox = n.mailbox ${ignoresTags ? sql`` : sql`and a.address = n.email`}
      limit ${maxRecords + 1}
    ) h having count(*) between 1 and ${maxRecords}`;
}

/**
 * The record of the lead that gets the activity: the named one, else one with the address, else any
 * live one.
 */
function recordOfLead() {
  return sql`
    select r.crm, r.object, r.id from leadgrade.records r
    where r.lead_id = p.lead_id and r.state = 'live' and r.erased_at is null
    order by (r.crm, r.object, r.id) is not distinct from (p.by_crm, p.own_object, p.own_id) desc,
      r.read_at is not null desc, exists (
        select from leadgrade.record_addresses a
        where a.crm = r.crm and a.object = r.object and a.record_id = r.id and a.mailbox = p.mailbox
      ) desc, r.crm, r.object, r.id limit 1`;
}

/**
 * Leaves out the events whose record was merged or deleted before its lead was locked. They stay
 * pending.
 * @param locked the leads of these events
 */
export async function stillLive(
  locked: LockedLeads,
  found: readonly MatchedSiteEvent[],
): Promise<readonly MatchedSiteEvent[]> {
  if (found.length === 0) return [];
  const refs = found.map(({ crm, object, id }) => ({ crm, object, id }));
  const { rows } = await sql<{ crm: string; object: string; id: string }>`
    select distinct r.crm, r.object, r.id from ${jsonRows(refs)} as t (crm text, object text, id text)
    join leadgrade.records r on r.crm = t.crm and r.object = t.object and r.id = t.id
    where r.state = 'live' and r.erased_at is null`.execute(locked.tx);
  const live = new Set(rows.map(recordKey));
  return found.filter((event) => live.has(recordKey(event)));
}
