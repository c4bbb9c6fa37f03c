// A stream that must be read from its beginning keeps the instant up to which its items are stored:
// from there on its counter counts, if the stream fails again.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const knownUntil: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`alter table leadgrade.streams add column completed_before timestamptz`.execute(db);
  },
};
