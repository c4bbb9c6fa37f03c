// What the nightly purge of activities needs: the instants before which they are deleted, and the
// tombstones by age.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const STATEMENTS = [
  `create table leadgrade.activity_bounds (
    crm text not null,
    stream text not null,
    type text not null,
    kept_from timestamptz not null,
    primary key (crm, stream, type)
  )`,
  'create index activities_gone on leadgrade.activities (gone_at) where gone_at is not null',
  'create index deal_outcomes_gone on leadgrade.deal_outcomes (gone_at) where gone_at is not null',
];

export const activityRetention: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
