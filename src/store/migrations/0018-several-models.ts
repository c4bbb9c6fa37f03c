// Several models score a lead: the current results of all but the first, which `leads.result_id` names.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const STATEMENTS = [
  'alter table leadgrade.results add column model text',
  'alter table leadgrade.models add column key text',
  `create table leadgrade.lead_results (
    lead_id bigint not null references leadgrade.leads (id) on delete cascade,
    model text not null,
    result_id bigint not null,
    is_live boolean not null,
    primary key (lead_id, model)
  ) with (fillfactor = 80)`,
];

export const severalModels: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
