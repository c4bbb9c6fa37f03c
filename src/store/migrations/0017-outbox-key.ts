// The record first: without statistics Postgres took an index that begins with the CRM, and read the whole
// backlog for a few hundred records (see also 0012-outbox-indexes.ts).
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const outboxKey: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      alter table leadgrade.outbox drop constraint outbox_pkey, add primary key (record_id, crm, object)`.execute(db);
  },
};
