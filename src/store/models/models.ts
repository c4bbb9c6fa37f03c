// The texts of all models that were applied. Results refer to a model by its hash.
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables/tables.ts';

const DAY_MS = 86_400_000;

/** Inserts a model, or saves that it is still used, once a day, or used again. */
export async function saveModel(
  db: Kysely<Tables>,
  model: { hash: string; name: string; text: string; key?: string | null },
  now: Date,
): Promise<void> {
  await db
    .insertInto('models')
    .values({ key: null, ...model, since: now, last_used_at: now })
    .onConflict((conflict) =>
      conflict
        .column('hash')
        .doUpdateSet({ last_used_at: now, key: model.key ?? null })
        .where(
          sql<boolean>`models.last_used_at < ${new Date(now.getTime() - DAY_MS)}
            or models.key is distinct from ${model.key ?? null}::text
            or exists (select from leadgrade.models other where other.last_used_at > models.last_used_at
              and other.key is not distinct from models.key)`,
        ),
    )
    .execute();
}

/** The files of these models, by hash; those that are not stored are absent. */
export async function modelTexts(tx: Kysely<Tables>, hashes: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (hashes.length === 0) return new Map();
  const rows = await tx.selectFrom('models').select(['hash', 'text']).where('hash', 'in', hashes).execute();
  return new Map(rows.map(({ hash, text }) => [hash, text]));
}

/** The files of all models that are stored, by hash. */
export async function storedModels(db: Kysely<Tables>): Promise<ReadonlyMap<string, string>> {
  const rows = await db.selectFrom('models').select(['hash', 'text']).execute();
  return new Map(rows.map(({ hash, text }) => [hash, text]));
}

/** The model with the same name that was used first most recently; null = there is none. */
export async function lastOtherModel(
  db: Kysely<Tables>,
  { name, hash }: { readonly name: string; readonly hash: string },
): Promise<{ readonly hash: string; readonly since: Date } | null> {
  const row = await db
    .selectFrom('models')
    .select(['hash', 'since'])
    .where('name', '=', name)
    .where('hash', '<>', hash)
    .orderBy('since', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

export interface StoredModel {
  readonly hash: string;
  /** `name@version` */
  readonly name: string;
  /** Its name among models side by side; null = the first one, or the only one. */
  readonly key: string | null;
  readonly text: string;
  readonly since: Date;
  readonly last_used_at: Date;
}

/** All models that were applied, the one that scored last first. */
export async function listModels(db: Kysely<Tables>): Promise<readonly StoredModel[]> {
  return db
    .selectFrom('models')
    .select(['hash', 'name', 'key', 'text', 'since', 'last_used_at'])
    .orderBy('last_used_at', 'desc')
    .orderBy('since', 'desc')
    .execute();
}

/** By model hash, the number of leads whose present result it gave. */
export async function leadsByModel(db: Kysely<Tables>): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ model_hash: string; leads: number }>`
    select r.model_hash, count(*) as leads from leadgrade.results r join (
      select result_id from leadgrade.leads union all select result_id from leadgrade.lead_results
    ) c on c.result_id = r.id group by 1`.execute(db);
  return new Map(rows.map(({ model_hash, leads }) => [model_hash, Number(leads)]));
}
