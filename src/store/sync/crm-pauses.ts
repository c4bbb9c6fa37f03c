// Pauses of a CRM: it is not read, or not written, for a while. The reasons are a used-up quota, a
// refused token, an incomplete setup, or a hold of the guard, which is a pause of all writes.
import type { Kysely } from 'kysely';
import { GUARD_FIX, GUARD_KIND } from '../../domain/limits/guard.ts';
import { currentHold } from '../guard/holds.ts';
import type { Tables } from '../tables/tables.ts';

export interface CrmPause {
  readonly crm: string;
  readonly direction: 'read' | 'write';
  /** The kind of the connector error that caused the pause. */
  readonly error_kind: string;
  readonly message: string;
  readonly fix: string | null;
  readonly since: Date;
  readonly until: Date;
}

/**
 * Pauses one direction of a CRM until `until`, or extends an existing pause.
 * @returns false if a pause of the same kind existed
 */
export async function pauseCrm(db: Kysely<Tables>, entry: CrmPause): Promise<boolean> {
  const { error_kind, message, fix, until } = entry;
  const existing = await db
    .selectFrom('crm_pauses')
    .select('error_kind')
    .where('crm', '=', entry.crm)
    .where('direction', '=', entry.direction)
    .executeTakeFirst();
  await db
    .insertInto('crm_pauses')
    .values(entry)
    .onConflict((conflict) => conflict.columns(['crm', 'direction']).doUpdateSet({ error_kind, message, fix, until }))
    .execute();
  return existing?.error_kind !== error_kind;
}

interface ClearPauseOptions extends Pick<CrmPause, 'crm' | 'direction'> {
  /** Only a pause that began at this instant or before. */
  readonly before: Date;
  /** Kinds that stay. */
  readonly except?: ReadonlySet<string>;
}

/** Ends the pause of one direction of a CRM. */
export async function clearPause(
  db: Kysely<Tables>,
  { crm, direction, before, except: but = new Set() }: ClearPauseOptions,
): Promise<void> {
  const pauses = db
    .deleteFrom('crm_pauses')
    .where('crm', '=', crm)
    .where('direction', '=', direction)
    .where('since', '<=', before);
  await (but.size === 0 ? pauses : pauses.where('error_kind', 'not in', [...but])).execute();
}

/** Ends the pauses of these kinds, in both directions, that began at `before` or earlier. */
export async function clearPausesOfKinds(
  db: Kysely<Tables>,
  { crm, kinds, before }: { crm: string; kinds: ReadonlySet<string>; before: Date },
): Promise<void> {
  await db
    .deleteFrom('crm_pauses')
    .where('crm', '=', crm)
    .where('error_kind', 'in', [...kinds])
    .where('since', '<=', before)
    .execute();
}

/**
 * The pauses, and a hold of the guard as one of each CRM.
 * @param crms the CRMs that are set up
 */
export async function listPauses(db: Kysely<Tables>, crms: readonly string[]): Promise<readonly CrmPause[]> {
  const hold = await currentHold(db);
  const held = crms.flatMap((crm): CrmPause[] => {
    if (hold === null) return [];
    const { since, message } = hold;
    return [{ crm, direction: 'write', error_kind: GUARD_KIND, message, fix: GUARD_FIX, since, until: since }];
  });
  return [...(await listStored(db, crms)), ...held];
}

function listStored(db: Kysely<Tables>, crms: readonly string[]): Promise<readonly CrmPause[]> {
  return db
    .selectFrom('crm_pauses')
    .selectAll()
    .where('crm', 'in', [...crms])
    .orderBy('crm')
    .orderBy('direction')
    .execute();
}

/** The pause in force at `now`, if any. */
export async function activePause(
  db: Kysely<Tables>,
  crm: string,
  direction: 'read' | 'write',
  now: Date,
): Promise<CrmPause | null> {
  const row = await db
    .selectFrom('crm_pauses')
    .selectAll()
    .where('crm', '=', crm)
    .where('direction', '=', direction)
    .where('until', '>', now)
    .executeTakeFirst();
  return row ?? null;
}
