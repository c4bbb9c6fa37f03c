// Bulk writes: what was handed to a CRM as one job, until its outcomes are known. One a CRM and object at a time: the row is the
// lock that keeps every other writer from that object.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const STATEMENTS = [
  `create table leadgrade.bulk_writes (
    crm text not null,
    object text not null,
    job text not null,
    opened_at timestamptz not null,
    look_at timestamptz not null,
    primary key (crm, object)
  )`,
  `create table leadgrade.bulk_write_rows (
    crm text not null,
    object text not null,
    record_id text not null,
    version bigint not null,
    result_id bigint,
    patch jsonb not null,
    attempts integer not null,
    primary key (crm, object, record_id),
    foreign key (crm, object) references leadgrade.bulk_writes (crm, object) on delete cascade
  )`,
];

export const bulkWrites: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
