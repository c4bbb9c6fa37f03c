// What the nightly purge needs: whether a result changed the grade, when a model was last used, and how far
// the purge has come.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const STATEMENTS = [
  'alter table leadgrade.results add column previous_grade text',
  `update leadgrade.results r set previous_grade = b.grade
    from (select id, lag(grade) over (partition by lead_id order by id) as grade from leadgrade.results) b
    where b.id = r.id and b.grade is not null`,
  // Results of one model lie together, so that this index has one entry for many pages and costs inserts nothing.
  'create index results_model on leadgrade.results using brin (model_hash)',
  "alter table leadgrade.models add column last_used_at timestamptz not null default '1970-01-01'",
  'update leadgrade.models set last_used_at = now()',
  'alter table leadgrade.models alter column last_used_at drop default',
  'create table leadgrade.purge_positions (rule text primary key, position bigint not null)',
];

export const retention: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
