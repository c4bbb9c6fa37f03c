// Models: the thresholds of bands that follow the leads, whenever they moved, and the arrivals from which those with a
// capacity are computed; which models were applied, the last row is in force; and the current results of all models
// but the first, which `leads.result_id` names.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const STATEMENTS = [
  'alter table leadgrade.band_thresholds add column per_week double precision',
  `create table leadgrade.band_threshold_history (
    model_hash text not null,
    band text not null,
    since timestamptz not null,
    points double precision not null,
    per_week double precision,
    primary key (model_hash, band, since)
  )`,
  `insert into leadgrade.band_threshold_history (model_hash, band, since, points)
    select model_hash, band, computed_at, points from leadgrade.band_thresholds`,
  `create table leadgrade.applied_models (
    id bigint generated always as identity primary key,
    models json not null,
    applied_at timestamptz not null,
    applied_by text,
    cause text not null,
    plan_hash text
  )`,
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

export const models: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
