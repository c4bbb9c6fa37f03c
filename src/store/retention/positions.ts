// How far each rule of the purge has come: saved with each batch, so that a killed purge goes on there.
import type { Transaction } from 'kysely';
import type { PurgeRule } from '../tables/retention.ts';
import type { Tables } from '../tables/tables.ts';

/** Locks the position of a rule until the transaction ends. */
export async function lockPosition(tx: Transaction<Tables>, rule: PurgeRule): Promise<number> {
  await tx
    .insertInto('purge_positions')
    .values({ rule, position: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { position } = await tx
    .selectFrom('purge_positions')
    .select('position')
    .where('rule', '=', rule)
    .forUpdate()
    .executeTakeFirstOrThrow();
  return position;
}

export async function savePosition(tx: Transaction<Tables>, rule: PurgeRule, position: number): Promise<void> {
  await tx.updateTable('purge_positions').set({ position }).where('rule', '=', rule).execute();
}
