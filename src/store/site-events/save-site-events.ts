// Saves the messages of the team's own site or product, before the request is acknowledged: events,
// and the persons behind its users.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Fields } from '../../domain/lead.ts';
import type { SitePerson } from '../../domain/site-event.ts';
import { mailboxOf } from '../identity/record-addresses.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';
import { nextMatchAt } from './retention.ts';

type Db = Kysely<Tables> | Transaction<Tables>;

export interface NewSiteEvent extends SitePerson {
  readonly messageId: string;
  /** The type of the activity that it becomes. */
  readonly type: string;
  readonly attributes: Fields;
  /** Epoch ms. */
  readonly at: number;
}

/** The person behind a key or, for an anonymous key, the user key that it belongs to. */
export interface NewIdentity {
  readonly key: string;
  readonly email: string | null;
  readonly record: SitePerson['record'];
  readonly aliasOf: string | null;
  /** Epoch ms. */
  readonly at: number;
}

export interface SiteBatch {
  readonly source: string;
  readonly events: readonly NewSiteEvent[];
  readonly identities: readonly NewIdentity[];
}

/** An unchanged identity is updated once a day, so that it is not purged. */
const TOUCH_AFTER_MS = 86_400_000;

/**
 * Saves a batch in one statement: all or nothing. Known messages, and messages about an erased
 * person, are left out.
 * @returns the number of new events, and of new, changed or touched identities
 */
export async function saveSiteEvents(
  db: Db,
  { source, events, identities }: SiteBatch,
  now: Date,
): Promise<{ readonly events: number; readonly identities: number }> {
  if (events.length + identities.length === 0) return { events: 0, identities: 0 };
  const { rows } = await sql<{ events: number; identities: number }>`
    with saved_identities as (
      insert into leadgrade.site_identities as i
        (source, key, email_key, crm, record_id, alias_of, at, received_at, needs_rematch)
      select ${source}, t.key, t.email_key, t.crm, t.record_id, t.alias_of, t.at, ${now}, true
      from ${jsonRows(mergedIdentities(identities))} as t (key text, email_key text, crm text, record_id text, alias_of text,
        at timestamptz)
      where ${notErased(sql`t`)} order by t.key
      on conflict (source, key) do update set
        email_key = ${newer('email_key')}, alias_of = ${newer('alias_of')},
        crm = case when ${newer('record_id')} is distinct from i.record_id then excluded.crm else i.crm end,
        record_id = ${newer('record_id')},
        at = greatest(i.at, excluded.at), received_at = excluded.received_at, needs_rematch = i.needs_rematch or ${isChanged()}
      where ${isChanged()} or i.received_at < ${new Date(now.getTime() - TOUCH_AFTER_MS)}
      returning 1
    ),
    saved_events as (
      insert into leadgrade.site_events (source, message_id, type, attributes, at, received_at, email_key, crm, record_id,
        user_key, anonymous_key, next_match_at)
      select ${source}, t.message_id, t.type, t.attributes, t.at, ${now}, t.email_key, t.crm, t.record_id, t.user_key,
        t.anonymous_key, ${nextMatchAt(now)}
      from ${jsonRows(events.map(toRow))} as t (message_id text, type text, attributes jsonb, at timestamptz, email_key text,
        crm text, record_id text, user_key text, anonymous_key text)
      where ${notErased(sql`t`)} order by t.message_id
      on conflict (source, message_id) do nothing
      returning 1
    )
    select (select count(*)::int from saved_events) as events,
      (select count(*)::int from saved_identities) as identities`.execute(db);
  return rows[0] ?? { events: 0, identities: 0 };
}

type IdentityColumn = 'email_key' | 'record_id' | 'alias_of';

/** The value of the latest message; a value that a message does not contain stays. */
function newer(column: IdentityColumn) {
  const [stored, received] = [sql.raw(`i.${column}`), sql.raw(`excluded.${column}`)];
  return sql`case when ${received} is null or ${stored} is not null and excluded.at < i.at then ${stored} else ${received} end`;
}

function isChanged() {
  const differs = (column: IdentityColumn) => sql`${newer(column)} is distinct from ${sql.raw(`i.${column}`)}`;
  return sql`(${differs('email_key')} or ${differs('record_id')} or ${differs('alias_of')})`;
}

/**
 * Excludes late messages of an erased person. If the person has come back since, messages after the
 * erasure count.
 */
function notErased(t: ReturnType<typeof sql>) {
  return sql`not exists (
      select from leadgrade.erasures e
      where ${t}.email_key is not null and e.email_hash = encode(sha256(convert_to(${t}.email_key, 'UTF8')), 'hex')
        and (${t}.at <= e.erased_at or not exists (
          select from leadgrade.record_addresses a
          join leadgrade.records r on r.crm = a.crm and r.object = a.object and r.id = a.record_id and r.state = 'live'
          where a.mailbox = ${mailboxOf(sql`${t}.email_key`)} and a.address = ${t}.email_key
        ))
    ) and not exists (
      select from leadgrade.records r where r.id = ${t}.record_id and r.crm = ${t}.crm and r.erased_at is not null
    )`;
}

function toRow({ messageId, type, attributes, at, email, record, userKey, anonymousKey }: NewSiteEvent): object {
  return {
    message_id: messageId,
    type,
    attributes,
    at: new Date(at).toISOString(),
    email_key: email,
    crm: record?.crm ?? null,
    record_id: record?.id ?? null,
    user_key: userKey,
    anonymous_key: anonymousKey,
  };
}

/**
 * One row for each key, as a statement can change a row only once. Each value comes from the latest
 * message that has it.
 */
function mergedIdentities(identities: readonly NewIdentity[]): readonly object[] {
  const byKey = Map.groupBy(
    identities.toSorted((a, b) => b.at - a.at),
    ({ key }) => key,
  );
  return [...byKey].map(([key, latestFirst]) => {
    const record = latestFirst.find((identity) => identity.record !== null)?.record;
    return {
      key,
      email_key: latestFirst.find(({ email }) => email !== null)?.email ?? null,
      crm: record?.crm ?? null,
      record_id: record?.id ?? null,
      alias_of: latestFirst.find(({ aliasOf }) => aliasOf !== null)?.aliasOf ?? null,
      at: new Date(latestFirst[0]?.at ?? 0).toISOString(),
    };
  });
}
