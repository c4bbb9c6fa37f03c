// What a band with `top` is worth in points: one row for each band of each model that was in use.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const thresholds: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table leadgrade.thresholds (
        model_hash text not null references leadgrade.models (hash),
        band text not null,
        points double precision not null,
        leads integer not null,
        computed_at timestamptz not null,
        primary key (model_hash, band)
      )`.execute(db);
  },
};
