// What a night needs of a lead, in place of its fields and activities. A row is lost without harm: it is made
// again at the next scoring.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const leadStates: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // Room in each page, so that a changed state needs no new index entry.
    await sql`
      create table leadgrade.lead_states (
        lead_id bigint primary key,
        version text not null,
        valid_from timestamptz not null,
        state json not null
      ) with (fillfactor = 80)`.execute(db);
  },
};
