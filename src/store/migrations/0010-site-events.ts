// Activity of the team's own site or product: what it sent, who its users are, and which activity types it ever gave.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const STATEMENTS = [
  `create table leadgrade.site_events (
    source text not null,
    message_id text not null,
    type text not null,
    attributes jsonb not null,
    at timestamptz not null,
    received_at timestamptz not null,
    email_key text,
    crm text,
    record_id text,
    user_key text,
    anonymous_key text,
    look_at timestamptz,
    taken_at timestamptz,
    primary key (source, message_id)
  )`,
  'create index site_events_look on leadgrade.site_events (look_at) where look_at is not null',
  'create index site_events_user on leadgrade.site_events (user_key, source) where user_key is not null',
  'create index site_events_anonymous on leadgrade.site_events (anonymous_key, source) where anonymous_key is not null',
  'create index site_events_email on leadgrade.site_events (email_key) where email_key is not null',
  'create index site_events_record on leadgrade.site_events (record_id, crm) where record_id is not null',
  'create index site_events_held on leadgrade.site_events (received_at) where taken_at is null',
  'create index site_events_received on leadgrade.site_events (received_at)',
  `create table leadgrade.site_identities (
    source text not null,
    key text not null,
    email_key text,
    crm text,
    record_id text,
    same_as text,
    at timestamptz not null,
    heard_at timestamptz not null,
    fresh boolean not null,
    primary key (source, key)
  )`,
  'create index site_identities_fresh on leadgrade.site_identities (source, key) where fresh',
  'create index site_identities_same on leadgrade.site_identities (same_as, source) where same_as is not null',
  'create index site_identities_email on leadgrade.site_identities (email_key) where email_key is not null',
  'create index site_identities_record on leadgrade.site_identities (record_id, crm) where record_id is not null',
  'create index site_identities_heard on leadgrade.site_identities (heard_at)',
  'create table leadgrade.site_event_types (type text primary key, first_at timestamptz not null)',
  // Whoever names a record by its id does not say of which object it is. The id first, so that the index serves nothing else.
  'create index records_id on leadgrade.records (id, crm)',
];

export const siteEvents: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
