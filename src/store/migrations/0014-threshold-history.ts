// The thresholds of bands that follow the leads, whenever they moved; and the arrivals from which those with a
// capacity are computed.
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
];

export const thresholdHistory: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
