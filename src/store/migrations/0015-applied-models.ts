// Which models score leads, as they were applied. The last row is in force.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const appliedModels: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table leadgrade.applied_models (
        id bigint generated always as identity primary key,
        models json not null,
        applied_at timestamptz not null,
        applied_by text,
        cause text not null,
        plan_hash text
      )`.execute(db);
  },
};
