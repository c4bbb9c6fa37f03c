// Deletes old runs, and models that no result refers to.
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables/tables.ts';

/** A job's first run that was done and the latest run stay: they tell when it began, and which slot was last. */
export async function purgeRuns(db: Kysely<Tables>, before: Date): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from leadgrade.runs r
    where r.state in ('done', 'failed') and r.finished_at < ${before}
      and r.id not in (select min(id) from leadgrade.runs where state = 'done' group by job)
      and r.id not in (select max(id) from leadgrade.runs group by job)
      and not exists (select from leadgrade.streams s where s.full_sync_run_id = r.id)
      and not exists (select from leadgrade.crm_record_listing c where c.run_id = r.id)`.execute(db);
  return Number(numAffectedRows);
}

/**
 * Deletes models that were last used before an instant and that no result refers to, with their
 * thresholds. The models in force stay.
 * @returns their number
 */
export async function purgeModels(db: Kysely<Tables>, before: Date): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ hash: string }>`
      select hash from leadgrade.models m
      where last_used_at < ${before} and not exists (select from leadgrade.results where model_hash = m.hash)
        and hash not in (
          select model ->> 'hash' from (select models from leadgrade.applied_models order by id desc limit 1) last,
            json_array_elements(last.models) model
        )
      for update of m`.execute(tx);
    const hashes = rows.map(({ hash }) => hash);
    if (hashes.length === 0) return 0;
    await tx.deleteFrom('band_threshold_history').where('model_hash', 'in', hashes).execute();
    await tx.deleteFrom('band_thresholds').where('model_hash', 'in', hashes).execute();
    await tx.deleteFrom('models').where('hash', 'in', hashes).execute();
    return hashes.length;
  });
}
