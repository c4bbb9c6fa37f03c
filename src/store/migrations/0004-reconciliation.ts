// The nightly reconciliation of streams: how far each stream was reconciled, and the items that the
// running comparison has listed.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const STATEMENTS = [
  'alter table leadgrade.activities add column part text',
  `alter table leadgrade.streams
    add column reconciled_at timestamptz, add column comparison_started_at timestamptz, add column comparison jsonb`,
  `create table leadgrade.item_listing (
    crm text not null, stream text not null, object text not null, record_id text not null, id text not null,
    primary key (crm, stream, object, record_id, id)
  )`,
];

export const reconciliation: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
