// Models that were in use: every result names one by its hash, and the text is kept so that it can be read again.
import type { Kysely } from 'kysely';
import type { Tables } from '../tables/tables.ts';

/** Keeps a model's text under its hash; `since` is when it was first used. */
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
