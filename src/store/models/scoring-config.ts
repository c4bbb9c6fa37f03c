// The inputs that all leads share (`scoring_inputs_hash`): which ones apply now, and the leads that were
// scored with others. Leads are compared only when the inputs change, so that a score job does not read all
// of them.
import { type Kysely, sql, type Transaction } from 'kysely';
import { PRIORITY } from '../../domain/priority.ts';
import type { Tables } from '../tables/tables.ts';
import { applyOtherModels, type OtherModel } from './other-results.ts';

// Small enough not to delay other statements for long: the embedded database has one session for
// all.
const CHUNK = 5_000;

/**
 * Sets the inputs that apply, and marks the leads as due that were scored with others. A call that was
 * interrupted is repeated by the next one.
 * @param others the models beside the first one
 * @returns the number of marked leads
 */
export async function markDueByInputs(
  db: Kysely<Tables>,
  inputsHash: string,
  now: Date,
  others: readonly OtherModel[] = [],
): Promise<number> {
  const config = await db.selectFrom('scoring_config').select(['inputs_hash', 'all_marked']).executeTakeFirst();
  if (config?.inputs_hash === inputsHash && config.all_marked) return 0;
  // Waits for the chunks that are being scored with the former inputs (`applyInputs`).
  await sql`
    insert into leadgrade.scoring_config (inputs_hash, all_marked) values (${inputsHash}, false)
    on conflict (singleton) do update set inputs_hash = excluded.inputs_hash, all_marked = false`.execute(db);
  await applyOtherModels(db, others);
  const marked = await markOutdated(db, inputsHash, now);
  await db.updateTable('scoring_config').set({ all_marked: true }).where('inputs_hash', '=', inputsHash).execute();
  return marked;
}

/**
 * The statement needs no lock first: it marks only leads that are not due, and such a lead is not
 * being scored.
 */
async function markOutdated(db: Kysely<Tables>, inputsHash: string, now: Date): Promise<number> {
  let marked = 0;
  let after = 0;
  for (;;) {
    const { rows } = await sql<{ count: number; last: number | null }>`
      with outdated as (
        select id from leadgrade.leads
        where id > ${after} and scoring_inputs_hash <> ${inputsHash} and due_at is null order by id limit ${CHUNK}
      ),
      marked as (
        update leadgrade.leads set due_at = ${now}, due_reason = 'model', priority = ${PRIORITY.change}::smallint
        where id = any(array(select id from outdated)) and due_at is null returning id
      )
      select (select count(*) from marked)::integer as count, (select max(id) from outdated) as last`.execute(db);
    const [chunk] = rows;
    if (chunk === undefined || chunk.last === null) return marked;
    marked += chunk.count;
    after = chunk.last;
  }
}

/** Waits for the chunks that are being scored; no other one begins before the transaction ends. */
export async function lockScoring(tx: Transaction<Tables>): Promise<void> {
  await sql`select from leadgrade.scoring_config for update`.execute(tx);
}

/**
 * Whether these inputs still apply. If so, no other inputs can be set before the transaction ends:
 * its leads would keep the results of the former ones.
 */
export async function applyInputs(tx: Transaction<Tables>, inputsHash: string): Promise<boolean> {
  const { rows } = await sql<{ inputs_hash: string }>`
    select inputs_hash from leadgrade.scoring_config for share`.execute(tx);
  return rows.every(({ inputs_hash }) => inputs_hash === inputsHash);
}
