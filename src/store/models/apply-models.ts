// Applies models: they score all leads from the commit of one transaction on.
import { type Kysely, sql } from 'kysely';
import { deleteOtherThresholds } from '../leads/band-thresholds.ts';
import type { AppliedModel } from '../tables/leads.ts';
import type { Tables } from '../tables/tables.ts';
import { type Applied, insertApplied, lastApplied } from './applied.ts';
import { saveModel } from './models.ts';
import { endInputs } from './scoring-config.ts';

export interface NewApplied extends Pick<Applied, 'applied_by' | 'cause' | 'plan_hash'> {
  readonly models: readonly (AppliedModel & { readonly text: string })[];
  /** The id of the row that this one replaces; null = none was applied before. */
  readonly replaces: number | null;
}

/**
 * Saves the models, sets them in force and ends the scoring with the former ones, all or nothing. The next score job
 * marks all leads as due.
 * @returns false if another row was applied meanwhile than the one to replace: nothing is changed then
 */
export function applyModels(db: Kysely<Tables>, { models, replaces, ...row }: NewApplied, now: Date): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    // One at a time; readers do not wait.
    await sql`lock table leadgrade.applied_models in share row exclusive mode`.execute(tx);
    const former = await lastApplied(tx);
    if ((former?.id ?? null) !== replaces) return false;
    for (const { hash, name, text, key } of models) await saveModel(tx, { hash, name, text, key }, now);
    const named = models.map(({ text: _, ...model }) => model);
    await insertApplied(tx, { ...row, models: named, applied_at: now });
    const inForce = new Set(former?.models.map(({ hash }) => hash));
    await deleteOtherThresholds(
      tx,
      models.flatMap(({ hash }) => (inForce.has(hash) ? [hash] : [])),
    );
    await endInputs(tx);
    return true;
  });
}
