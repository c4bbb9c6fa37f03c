// Models that were used. Results refer to a model by its hash.
import type { Kysely } from 'kysely';
import type { Tables } from '../tables/tables.ts';

/** Inserts a model, unless one with the same hash exists. */
export async function saveModel(
  db: Kysely<Tables>,
  model: { hash: string; name: string; text: string },
  now: Date,
): Promise<void> {
  await db
    .insertInto('models')
    .values({ ...model, since: now })
    .onConflict((conflict) => conflict.column('hash').doNothing())
    .execute();
}
