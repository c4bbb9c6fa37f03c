// Two more priorities: `rise` before `change`, and `decay` last. The others move by one.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const TABLES = ['leads', 'records', 'outbox'];

const STATEMENTS = [
  ...TABLES.map((table) => `alter table leadgrade.${table} alter column priority set default 2`),
  ...[...TABLES, 'inbox'].map((table) => `update leadgrade.${table} set priority = priority + 1 where priority >= 1`),
];

export const writeOrder: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
