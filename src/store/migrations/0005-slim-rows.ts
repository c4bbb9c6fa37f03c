// Results keep only the lines with points, as `[signal, points, exact, label]`, and no foreign keys: each
// would cost a look-up for every inserted row, although the transaction has locked the lead and the model
// was saved before. Written columns are `json`, which stores a text as it is.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const STATEMENTS = [
  'alter table leadgrade.results drop constraint results_lead_id_fkey, drop constraint results_model_hash_fkey',
  `create function leadgrade.stored_lines(contributions jsonb) returns json language sql immutable return (
    select coalesce(json_agg(json_build_array(l ->> 'signal', l -> 'points', l -> 'exact', l ->> 'label') order by n), '[]')
    from jsonb_array_elements(contributions) with ordinality as c (l, n) where (l ->> 'points')::numeric <> 0
  )`,
  `alter table leadgrade.results
    alter contributions type json using leadgrade.stored_lines(contributions),
    alter gates type json using gates::json,
    alter thresholds type json using thresholds::json`,
  'drop function leadgrade.stored_lines(jsonb)',
  'alter table leadgrade.outbox alter patch type json using patch::json',
  'alter table leadgrade.bulk_write_rows alter patch type json using patch::json',
  // The inputs that apply to all leads are one row, so that leads are compared only when it changes. Due leads
  // are found by the index that begins with their priority.
  `create table leadgrade.scoring_config (
    singleton boolean primary key default true check (singleton), inputs_hash text not null, all_marked boolean not null
  )`,
  'drop index leadgrade.leads_scoring_inputs',
  'drop index leadgrade.leads_due',
  // Room in each page, so that a write to the CRM updates a record without new entries in its nine indexes.
  'alter table leadgrade.records set (fillfactor = 75)',
  'alter table leadgrade.outbox set (fillfactor = 75)',
];

export const slimRows: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
