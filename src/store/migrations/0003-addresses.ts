// All e-mail addresses of a record, primary and further ones, replace the single column.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const STATEMENTS = [
  `create table leadgrade.record_addresses (
    crm text not null,
    object text not null,
    record_id text not null,
    address text not null,
    mailbox text not null,
    primary key (crm, object, record_id, address)
  )`,
  // With the normal form of the column that it replaces. A read of the record saves the present one.
  `insert into leadgrade.record_addresses (crm, object, record_id, address, mailbox)
    select crm, object, id, email_key, regexp_replace(email_key, '^([^+@]+)\\+[^@]*@', '\\1@') from leadgrade.records
    where email_key like '%_@_%'`,
  'create index record_addresses_mailbox on leadgrade.record_addresses (mailbox, address)',
  'alter table leadgrade.records drop column email_key',
  'alter table leadgrade.matching_config add column ignores_tags boolean not null default false',
  // Events and identities whose address has a tag are found by the address without it, too.
  `create index site_events_mailbox on leadgrade.site_events
    (regexp_replace(email_key, '^([^+@]+)\\+[^@]*@', '\\1@')) where email_key like '%+%'`,
  `create index site_identities_mailbox on leadgrade.site_identities
    (regexp_replace(email_key, '^([^+@]+)\\+[^@]*@', '\\1@')) where email_key like '%+%'`,
];

export const addresses: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
