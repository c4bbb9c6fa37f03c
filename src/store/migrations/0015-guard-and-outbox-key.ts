// What the guard needs: the fields that a CRM does not show any more, the leads that left their band without a change
// of the model, and the holds. And the key of the outbox, the record first: without statistics Postgres took an index
// that begins with the CRM, and read the whole backlog for a few hundred records (see also 0012-outbox-indexes.ts).
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const STATEMENTS = [
  `create table leadgrade.unreadable_fields (
    crm text not null,
    object text not null,
    field text not null,
    source text not null,
    reason text not null,
    fix text not null,
    since timestamptz not null,
    checked_at timestamptz not null,
    primary key (crm, object, field)
  )`,
  `create table leadgrade.guard_moves (
    lead_id bigint primary key references leadgrade.leads on delete cascade,
    from_status text not null,
    signal text,
    moved_at timestamptz not null
  )`,
  `create table leadgrade.guard_holds (
    id bigint generated always as identity primary key,
    since timestamptz not null,
    moved integer not null,
    leads integer not null,
    message text not null,
    ended_at timestamptz,
    ended_by text
  )`,
  'create unique index guard_holds_current on leadgrade.guard_holds ((true)) where ended_at is null',
  'alter table leadgrade.scoring_config add column config_hash text',
  'alter table leadgrade.scoring_config add column config_changed_at timestamptz',
  "alter table leadgrade.scoring_config add column lacking jsonb not null default '[]'",
  "alter table leadgrade.scoring_config add column reason text not null default 'model'",
  'alter table leadgrade.outbox drop constraint outbox_pkey, add primary key (record_id, crm, object)',
];

export const guardAndOutboxKey: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
