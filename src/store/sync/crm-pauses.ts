// Halts: a CRM that is left alone for a while, because of a spent budget, a refused token or something not set up.
import type { Kysely } from 'kysely';
import type { Tables } from '../tables/tables.ts';

export interface Halt {
  readonly crm: string;
  readonly side: 'read' | 'write';
  /** The kind of the connector error behind it. */
  readonly kind: string;
  readonly message: string;
  readonly fix: string | null;
  readonly since: Date;
  readonly until: Date;
}

/**
 * Halts one side of a CRM until `until`; a halt that stands is prolonged.
 * @returns false when one of the same kind stood already
 */
export async function halt(db: Kysely<Tables>, entry: Halt): Promise<boolean> {
  const { kind, message, fix, until } = entry;
  const standing = await db
    .selectFrom('halts')
    .select('kind')
    .where('crm', '=', entry.crm)
    .where('side', '=', entry.side)
    .executeTakeFirst();
  await db
    .insertInto('halts')
    .values(entry)
    .onConflict((conflict) => conflict.columns(['crm', 'side']).doUpdateSet({ kind, message, fix, until }))
    .execute();
  return standing?.kind !== kind;
}

interface Resume extends Pick<Halt, 'crm' | 'side'> {
  readonly before: Date;
  /** Kinds that stand on. */
  readonly but?: ReadonlySet<string>;
}

/** Ends the halt of one side of a CRM that has stood since `before` or longer. */
export async function resume(db: Kysely<Tables>, { crm, side, before, but = new Set() }: Resume): Promise<void> {
  const standing = db.deleteFrom('halts').where('crm', '=', crm).where('side', '=', side).where('since', '<=', before);
  await (but.size === 0 ? standing : standing.where('kind', 'not in', [...but])).execute();
}

/** Forgets the halts of these kinds, of both sides, that have stood since `before` or longer: what they stand for is tried at once. */
export async function forget(
  db: Kysely<Tables>,
  { crm, kinds, before }: { crm: string; kinds: ReadonlySet<string>; before: Date },
): Promise<void> {
  await db
    .deleteFrom('halts')
    .where('crm', '=', crm)
    .where('kind', 'in', [...kinds])
    .where('since', '<=', before)
    .execute();
}

/** @param crms those that are set up: nobody asks what another one is left alone for */
export async function allHalts(db: Kysely<Tables>, crms: readonly string[]): Promise<readonly Halt[]> {
  return db
    .selectFrom('halts')
    .selectAll()
    .where('crm', 'in', [...crms])
    .orderBy('crm')
    .orderBy('side')
    .execute();
}

/** The halt in force at `now`, if any. */
export async function haltInForce(
  db: Kysely<Tables>,
  crm: string,
  side: 'read' | 'write',
  now: Date,
): Promise<Halt | null> {
  const row = await db
    .selectFrom('halts')
    .selectAll()
    .where('crm', '=', crm)
    .where('side', '=', side)
    .where('until', '>', now)
    .executeTakeFirst();
  return row ?? null;
}
