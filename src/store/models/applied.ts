// Which models score leads. A model file changes nothing before it is applied: what runs is the last row.
import { type Kysely, type Selectable, sql } from 'kysely';
import { sha256Hex } from '../../domain/texts/sha256-hex.ts';
import type { AppliedModel, AppliedModelsTable } from '../tables/leads.ts';
import type { Tables } from '../tables/tables.ts';

/** Who applied which models, when and why. */
export type Applied = Selectable<AppliedModelsTable>;

/** What is in force; null = no model was applied yet. */
export async function lastApplied(db: Kysely<Tables>): Promise<Applied | null> {
  const row = await db.selectFrom('applied_models').selectAll().orderBy('id', 'desc').limit(1).executeTakeFirst();
  return row ?? null;
}

/** All that was ever applied, newest first. */
export function listApplied(db: Kysely<Tables>): Promise<readonly Applied[]> {
  return db.selectFrom('applied_models').selectAll().orderBy('id', 'desc').execute();
}

/** Since when a model scores under this key without a break; null = it does not. */
export async function inForceSince(
  db: Kysely<Tables>,
  model: Pick<AppliedModel, 'hash' | 'key'>,
): Promise<Date | null> {
  let since: Date | null = null;
  for (const { models, applied_at } of await listApplied(db)) {
    if (!models.some(({ hash, key }) => hash === model.hash && key === model.key)) break;
    since = applied_at;
  }
  return since;
}

/** The first model, whose fields in the CRM have no name in them; null = none was applied. */
export function firstModel(applied: Applied | null): AppliedModel | null {
  return applied?.models[0] ?? null;
}

/** Two lists of models with the same hash score the same leads in the same way. That of one model is its own hash. */
export function hashOfModels(models: readonly Pick<AppliedModel, 'hash' | 'key' | 'role' | 'where'>[]): string {
  const [first, ...others] = models;
  if (first !== undefined && others.length === 0 && first.where === null) return first.hash;
  return sha256Hex(JSON.stringify(models.map(({ key, hash, role, where }) => [key, hash, role, where])));
}

/** Inserts the row that is in force from its commit on. Nothing is locked that a scoring needs. */
export async function insertApplied(tx: Kysely<Tables>, row: Omit<Applied, 'id'>): Promise<void> {
  const { models, applied_at, applied_by, cause, plan_hash } = row;
  await sql`
    insert into leadgrade.applied_models (models, applied_at, applied_by, cause, plan_hash)
    values (${JSON.stringify(models)}, ${applied_at}, ${applied_by}, ${cause}, ${plan_hash})`.execute(tx);
}
