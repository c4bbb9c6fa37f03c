// When the CRM was last asked whether a stream is open to us, and what would open one that is not.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const capabilities: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      alter table leadgrade.streams add column denied_fix text, add column probed_at timestamptz`.execute(db);
  },
};
