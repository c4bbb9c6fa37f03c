// Finding an activity or an outcome by its own id, whichever records it is on.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const sourceIds: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`create index activities_id on leadgrade.activities (crm, id) where gone_at is null`.execute(db);
    await sql`create index outcomes_id on leadgrade.outcomes (crm, id) where gone_at is null`.execute(db);
  },
};
