// The embedded database has no autovacuum: the nightly job does its work.
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { vacuum } from '../../../src/store/retention/vacuum.ts';
import { createDataDir, openDatabaseOf } from '../../support/backends.ts';

test('the embedded database uses the room of deleted rows again after a vacuum, and grows without one', async () => {
  const { db } = await openDatabaseOf((await createDataDir()).env);
  /** @returns the bytes of the table after so many nights */
  const nights = async (count: number, withVacuum: boolean) => {
    for (let night = 0; night < count; night++) {
      await sql`
        insert into leadgrade.field_conflicts (crm, object, record_id, field, ours, theirs, policy, seen_at)
        select 'hubspot', 'contacts', i::text, 'status', '"hot"', '"cold"', 'respect', now() from generate_series(1, 500) i`.execute(
        db,
      );
      await sql`delete from leadgrade.field_conflicts`.execute(db);
      if (withVacuum) await vacuum(db, new AbortController().signal);
    }
    const { rows } = await sql<{
      bytes: number;
    }>`select pg_relation_size('leadgrade.field_conflicts')::int as bytes`.execute(db);
    return rows[0]?.bytes ?? 0;
  };
  const [first, second] = [await nights(1, false), await nights(1, false)];
  expect(second).toBeGreaterThan(first);
  await nights(1, true);
  expect(await nights(2, true)).toBeLessThanOrEqual(second);
});
