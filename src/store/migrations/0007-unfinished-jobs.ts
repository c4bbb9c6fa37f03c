// Jobs that began and have not ended: a job that ends its process again and again is set aside.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const unfinishedJobs: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table leadgrade.unfinished_jobs (
        key text primary key,
        job text not null,
        crm text,
        starts integer not null,
        started_at timestamptz not null,
        retry_at timestamptz not null,
        skipped_at timestamptz
      )`.execute(db);
  },
};
