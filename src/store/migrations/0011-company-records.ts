// Finding the records of a company as they were last read: a CRM that has deleted a company says of nobody that they were its. The id
// comes first (0006-source-ids.ts).
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const companyRecords: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create index records_company on leadgrade.records (company_id, crm)
      where company_id is not null and state = 'live'`.execute(db);
  },
};
