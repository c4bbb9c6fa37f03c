// The outbox is empty most of the time, and so are its statistics. Then Postgres looked a record up in
// any index that begins with the CRM, and read the whole backlog for each record. Only the primary key
// can be used for that now.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const STATEMENTS = [
  'drop index leadgrade.outbox_order',
  'drop index leadgrade.outbox_to_write',
  "create index outbox_to_write on leadgrade.outbox ((crm || '/' || object), priority, version)",
];

export const outboxIndexes: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
