// The tables of the first release. A released migration is never edited: a later migration changes
// what it created.
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { ACTIVITIES_AND_HISTORY } from './activities-and-history.ts';
import { IDENTITY } from './identity.ts';
import { ARRIVALS } from './inbox.ts';
import { LEADS_AND_RECORDS } from './leads-and-records.ts';
import { WRITES } from './outbox.ts';
import { OPERATION } from './sync.ts';

export const initial: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statements of [LEADS_AND_RECORDS, IDENTITY, ACTIVITIES_AND_HISTORY, ARRIVALS, WRITES, OPERATION]) {
      for (const statement of statements.split(';').filter((text) => text.trim() !== '')) {
        await sql.raw(statement).execute(db);
      }
    }
  },
};
