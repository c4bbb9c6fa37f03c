// What a CRM counts on a record, and how far the things that it counted have been dated.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const counters: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      alter table leadgrade.records add column counters jsonb not null default '{}', add column undated_at timestamptz`.execute(
      db,
    );
    await sql`
      create index records_undated on leadgrade.records (crm, undated_at) where undated_at is not null`.execute(db);
    await sql`
      create table leadgrade.counters (
        crm text not null,
        object text not null,
        record_id text not null,
        counter text not null,
        value bigint not null,
        n bigint not null,
        at timestamptz,
        shown bigint not null,
        again boolean not null default false,
        primary key (crm, object, record_id, counter)
      )`.execute(db);
  },
};
