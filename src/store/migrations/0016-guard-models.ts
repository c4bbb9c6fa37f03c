// Each live model has moves of its own: a lead can leave its band by one model and stay in that of another.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const STATEMENTS = [
  "alter table leadgrade.guard_moves add column model text not null default ''",
  'alter table leadgrade.guard_moves drop constraint guard_moves_pkey, add primary key (lead_id, model)',
];

export const guardModels: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
