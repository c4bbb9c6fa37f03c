// Who did it: events of a site find the record that they belong to, by what they say themselves, or else by what `identify` told of
// their user. Those whose person is not there wait, and are woken when a record with that address or id is read (wake-site-events.ts).
import { sql, type Transaction } from 'kysely';
import type { Fields } from '../../domain/lead.ts';
import { recordKey } from '../../domain/person.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';
import { disableJit } from '../without-jit.ts';

type Tx = Transaction<Tables>;

export interface MatchedSiteEvent {
  readonly source: string;
  readonly messageId: string;
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
  readonly limit: number;
  readonly now: Date;
  /** What stands before the @ of addresses that are no single person, in lower case. */
  readonly sharedInboxes: readonly string[];
  /** An address that more records have is no single person. */
  readonly mostRecords: number;
}

/**
 * How long an event that found nobody waits for its next look, which is one for the rare things that wake none: a merge of records that
 * nobody had heard of, an address that fewer people have now. It waits as long as it has waited.
 */
const LONGEST_WAIT_MS = 86_400_000;
const SHORTEST_WAIT_MS = 60_000;

/**
 * Looks at up to `limit` events that are to be looked at now, those first that are new or were woken.
 * @returns those whose record was found, to be taken in the same transaction; `looked` less than `limit`: there are no more
 */
export async function resolvePeople(
  tx: Tx,
  matching: SiteMatching,
): Promise<{ readonly looked: number; readonly found: readonly MatchedSiteEvent[] }> {
  const { limit, now } = matching;
  await disableJit(tx);
  const { rows } = await sql<Omit<MatchedSiteEvent, 'leadId'> & { leadId: number | null }>`
    with looked as materialized (
      select * from leadgrade.site_events where next_match_at <= ${now} order by next_match_at, source, message_id
      limit ${limit} for update skip locked
    ),
    named as (${whoIsNamed(matching)}),
    person as (
      select n.*, coalesce(by_id.lead_id, by_email.lead_id) as lead_id, by_id.object as own_object, by_id.id as own_id
      from named n
      left join lateral (${recordById()}) by_id on true
      left join lateral (${leadByEmail(matching.mostRecords)}) by_email on true
    ),
    matched as (
      select p.*, r.crm as to_crm, r.object as to_object, r.id as to_id
      from person p
      left join lateral (${recordOfLead()}) r on true
    ),
    later as (
      update leadgrade.site_events e set next_match_at = case when m.email is null and m.by_record_id is null then null
        else ${now}::timestamptz + least(greatest(${now}::timestamptz - e.received_at,
          ${SHORTEST_WAIT_MS} * interval '1 millisecond'), ${LONGEST_WAIT_MS} * interval '1 millisecond') end
      from matched m where e.source = m.source and e.message_id = m.message_id and m.to_id is null
    )
    select source, message_id as "messageId", type, attributes, (extract(epoch from at) * 1000)::double precision as at,
      to_crm as crm, to_object as object, to_id as id, case when to_id is null then null else lead_id end as "leadId"
    from matched`.execute(tx);
  const found = rows.flatMap(({ leadId, ...event }) => (leadId === null ? [] : [{ ...event, leadId }]));
  return { looked: rows.length, found };
}

/**
 * Who is named: by the event itself; or else by what is known of its user; or else of its anonymous user, who may have turned out to
 * be a user. One that names somebody is never given to somebody else, who used the same browser before.
 */
function whoIsNamed({ sharedInboxes }: SiteMatching) {
  const own = sql`(l.email_key is not null or l.record_id is not null)`;
  return sql`
    select w.source, w.message_id, w.type, w.attributes, w.at, w.by_crm, w.by_record_id,
      case when split_part(split_part(w.email, '@', 1), '+', 1) = any(${sharedInboxes}::text[]) then null
        else w.email end as email
    from (
      select l.source, l.message_id, l.type, l.attributes, l.at,
        case when ${own} then l.email_key else coalesce(u.email_key, a.email_key, s.email_key) end as email,
        case when ${own} then l.crm else coalesce(u.crm, a.crm, s.crm) end as by_crm,
        case when ${own} then l.record_id else coalesce(u.record_id, a.record_id, s.record_id) end as by_record_id
      from looked l
      left join leadgrade.site_identities u on u.source = l.source and u.key = l.user_key
      left join leadgrade.site_identities a
        on a.source = l.source and a.key = l.anonymous_key and l.user_key is null
      left join leadgrade.site_identities s
        on s.source = a.source and s.key = a.alias_of and a.email_key is null and a.record_id is null
    ) w`;
}

/** The record with that id; where it was merged, the survivor. */
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

/** The oldest lead with that address, unless too many records have it. */
function leadByEmail(most: number) {
  return sql`
    select min(h.lead_id) as lead_id from (
      select r.lead_id from leadgrade.records r
      where r.email_key = n.email and r.state = 'live' and r.read_at is not null and r.erased_at is null
      limit ${most + 1}
    ) h having count(*) between 1 and ${most}`;
}

/** The record of the lead that the activity goes to: the one that was named, one with the address, or else any that is there. */
function recordOfLead() {
  return sql`
    select r.crm, r.object, r.id from leadgrade.records r
    where r.lead_id = p.lead_id and r.state = 'live' and r.erased_at is null
    order by (r.crm, r.object, r.id) is not distinct from (p.by_crm, p.own_object, p.own_id) desc,
      r.read_at is not null desc, r.email_key is not distinct from p.email desc, r.crm, r.object, r.id limit 1`;
}

/** Of these, whose leads are held now, those whose record is still there: another one was merged or deleted meanwhile. */
export async function stillLive(tx: Tx, found: readonly MatchedSiteEvent[]): Promise<readonly MatchedSiteEvent[]> {
  if (found.length === 0) return [];
  const refs = found.map(({ crm, object, id }) => ({ crm, object, id }));
  const { rows } = await sql<{ crm: string; object: string; id: string }>`
    select distinct r.crm, r.object, r.id from ${jsonRows(refs)} as t (crm text, object text, id text)
    join leadgrade.records r on r.crm = t.crm and r.object = t.object and r.id = t.id
    where r.state = 'live' and r.erased_at is null`.execute(tx);
  const there = new Set(rows.map(recordKey));
  return found.filter((event) => there.has(recordKey(event)));
}
