// Finding an activity or an outcome by its own id, whichever records it is on. The id comes first: an index that begins with the CRM
// is taken for looking up what a record has as well, where the database has no statistics, and then all of the CRM is gone through.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const sourceIds: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`create index activities_id on leadgrade.activities (id, crm) where gone_at is null`.execute(db);
    await sql`create index outcomes_id on leadgrade.outcomes (id, crm) where gone_at is null`.execute(db);
  },
};
