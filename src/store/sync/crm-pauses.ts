// Halts: a CRM that is left alone for a while, because of a spent budget, a refused token or something not set up.
import type { Kysely } from 'kysely';
import type { Tables } from '../tables/tables.ts';

export interface CrmPause {
  readonly crm: string;
  readonly direction: 'read' | 'write';
  /** The kind of the connector error behind it. */
  readonly error_kind: string;
  readonly message: string;
  readonly fix: string | null;
  readonly since: Date;
  readonly until: Date;
}

/**
 * Halts one side of a CRM until `until`; a halt that stands is prolonged.
 * @returns false when one of the same kind stood already
 */
export async function pauseCrm(db: Kysely<Tables>, entry: CrmPause): Promise<boolean> {
  const { error_kind, message, fix, until } = entry;
  const standing = await db
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
  return standing?.error_kind !== error_kind;
}

interface ClearPauseOptions extends Pick<CrmPause, 'crm' | 'direction'> {
  readonly before: Date;
  /** Kinds that stand on. */
  readonly but?: ReadonlySet<string>;
}

/** Ends the halt of one side of a CRM that has stood since `before` or longer. */
export async function clearPause(
  db: Kysely<Tables>,
  { crm, direction, before, but = new Set() }: ClearPauseOptions,
): Promise<void> {
  const standing = db
    .deleteFrom('crm_pauses')
    .where('crm', '=', crm)
    .where('direction', '=', direction)
    .where('since', '<=', before);
  await (but.size === 0 ? standing : standing.where('error_kind', 'not in', [...but])).execute();
}

/** Forgets the halts of these kinds, of both sides, that have stood since `before` or longer: what they stand for is tried at once. */
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

/** @param crms those that are set up: nobody asks what another one is left alone for */
export async function listPauses(db: Kysely<Tables>, crms: readonly string[]): Promise<readonly CrmPause[]> {
  return db
    .selectFrom('crm_pauses')
    .selectAll()
    .where('crm', 'in', [...crms])
    .orderBy('crm')
    .orderBy('direction')
    .execute();
}

/** The halt in force at `now`, if any. */
export async function activePause(
  db: Kysely<Tables>,
  crm: string,
  side: 'read' | 'write',
  now: Date,
): Promise<CrmPause | null> {
  const row = await db
    .selectFrom('crm_pauses')
    .selectAll()
    .where('crm', '=', crm)
    .where('direction', '=', side)
    .where('until', '>', now)
    .executeTakeFirst();
  return row ?? null;
}
