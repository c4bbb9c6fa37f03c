// From when on a score can be replayed: when the records of a lead last changed, and when an activity did.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const STATEMENTS = [
  'alter table leadgrade.leads add column records_changed_at timestamptz',
  'alter table leadgrade.activities add column changed_at timestamptz',
];

export const replay: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
