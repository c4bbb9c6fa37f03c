// The times in which the guard holds all writes.
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables/tables.ts';

export interface GuardHold {
  readonly id: number;
  readonly since: Date;
  readonly moved: number;
  readonly leads: number;
  readonly message: string;
}

/** The hold in force; null = none. */
export async function currentHold(db: Kysely<Tables>): Promise<GuardHold | null> {
  const row = await db
    .selectFrom('guard_holds')
    .select(['id', 'since', 'moved', 'leads', 'message'])
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Begins a hold, or updates the one in force.
 * @returns whether it has begun
 */
export async function holdWrites(
  db: Kysely<Tables>,
  { moved, leads, message }: Pick<GuardHold, 'moved' | 'leads' | 'message'>,
  now: Date,
): Promise<boolean> {
  const { rows } = await sql<{ is_new: boolean }>`
    insert into leadgrade.guard_holds (since, moved, leads, message) values (${now}, ${moved}, ${leads}, ${message})
    on conflict ((true)) where ended_at is null
    do update set moved = excluded.moved, leads = excluded.leads, message = excluded.message
    returning xmax = 0 as is_new`.execute(db);
  return rows[0]?.is_new ?? false;
}

/**
 * Ends the hold in force.
 * @param accept the leads stay in their new bands, which later movements are compared with
 * @returns false if there was none
 */
export function endHold(
  db: Kysely<Tables>,
  { by, accept }: { readonly by: string; readonly accept: boolean },
  now: Date,
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const ended = await tx
      .updateTable('guard_holds')
      .set({ ended_at: now, ended_by: by })
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    if (ended.numUpdatedRows === 0n) return false;
    if (accept) await tx.deleteFrom('guard_moves').execute();
    return true;
  });
}
