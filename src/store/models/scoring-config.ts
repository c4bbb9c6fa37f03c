// The inputs that all leads share (`scoring_inputs_hash`): which ones apply now, and the leads that were
// scored with others. Leads are compared only when the inputs change, so that a score job does not read all
// of them.
import { type Kysely, sql, type Transaction } from 'kysely';
import { PRIORITY } from '../../domain/priority.ts';
import type { Tables } from '../tables/tables.ts';
import { hashOfModels, lastApplied } from './applied.ts';
import { applyOtherModels, type OtherModel } from './other-results.ts';

// Small enough not to delay other statements for long: the embedded database has one session for
// all.
const CHUNK = 5_000;

/** The inputs of no lead. */
const NONE = '';

/** What the inputs are made of, as far as it matters who set them and why leads are scored again. */
export interface InputParts {
  /** The models that are part of the inputs, by `hashOfModels`. */
  readonly modelHash: string;
  /** Those beside the first one. */
  readonly others?: readonly OtherModel[];
  /** Hash of what the operator decides: all but what the CRMs show. Default: the hash of the inputs. */
  readonly configHash?: string;
  /** What the CRMs do not show: unobserved activity types, unreadable fields. */
  readonly lacking?: readonly string[];
}

/**
 * Sets the inputs that apply, and marks the leads as due that were scored with others, for the reason `model`, or
 * `data-lost` and `data-found` if only what the CRMs show has changed. A call that was interrupted is repeated by the
 * next one.
 * @returns the number of marked leads; null if another model was applied meanwhile: nothing is set then
 */
export async function markDueByInputs(
  db: Kysely<Tables>,
  inputsHash: string,
  now: Date,
  { modelHash, others = [], configHash = inputsHash, lacking = [] }: InputParts,
): Promise<number | null> {
  const config = await db
    .selectFrom('scoring_config')
    .select(['inputs_hash', 'all_marked', 'config_hash', 'config_changed_at', 'lacking', 'reason'])
    .executeTakeFirst();
  const isSame = config?.inputs_hash === inputsHash;
  if (isSame && config.all_marked && config.config_hash === configHash) return 0;
  const isConfigSame = config?.config_hash === configHash || (isSame && config.config_hash === null);
  const reason = isSame && !config.all_marked ? config.reason : reasonOf(isConfigSame, config?.lacking ?? [], lacking);
  const changedAt = isConfigSame ? (config?.config_changed_at ?? null) : now;
  const isMarked = isSame && config.all_marked;
  const isSet = await db.transaction().execute(async (tx) => {
    // Waits for the chunks that are being scored with the former inputs (`applyInputs`), and for an `applyModels`.
    await lockScoring(tx);
    const applied = await lastApplied(tx);
    if (applied !== null && hashOfModels(applied.models) !== modelHash) return false;
    await sql`
      insert into leadgrade.scoring_config (inputs_hash, all_marked, config_hash, config_changed_at, lacking, reason)
      values (${inputsHash}, ${isMarked}, ${configHash}, ${changedAt}, ${JSON.stringify(lacking)}::jsonb, ${reason})
      on conflict (singleton) do update set inputs_hash = excluded.inputs_hash, all_marked = excluded.all_marked,
        config_hash = excluded.config_hash, config_changed_at = excluded.config_changed_at, lacking = excluded.lacking,
        reason = excluded.reason`.execute(tx);
    await applyOtherModels(tx, others);
    return true;
  });
  if (!isSet) return null;
  if (isMarked) return 0;
  const marked = await markOutdated(db, inputsHash, { reason, now });
  await db.updateTable('scoring_config').set({ all_marked: true }).where('inputs_hash', '=', inputsHash).execute();
  return marked;
}

function reasonOf(isConfigSame: boolean, before: readonly string[], after: readonly string[]): string {
  if (!isConfigSame) return 'model';
  return after.some((name) => !before.includes(name)) ? 'data-lost' : 'data-found';
}

/**
 * The statement needs no lock first: it marks only leads that are not due, and such a lead is not
 * being scored.
 */
async function markOutdated(
  db: Kysely<Tables>,
  inputsHash: string,
  { reason, now }: { readonly reason: string; readonly now: Date },
): Promise<number> {
  let marked = 0;
  let after = 0;
  for (;;) {
    const { rows } = await sql<{ count: number; last: number | null }>`
      with outdated as (
        select id from leadgrade.leads
        where id > ${after} and scoring_inputs_hash <> ${inputsHash} and due_at is null order by id limit ${CHUNK}
      ),
      marked as (
        update leadgrade.leads set due_at = ${now}, due_reason = ${reason}, priority = ${PRIORITY.change}::smallint
        where id = any(array(select id from outdated)) and due_at is null returning id
      )
      select (select count(*) from marked)::integer as count, (select max(id) from outdated) as last`.execute(db);
    const [chunk] = rows;
    if (chunk === undefined || chunk.last === null) return marked;
    marked += chunk.count;
    after = chunk.last;
  }
}

/**
 * No inputs apply until the next score job: it marks all leads. Chunks with the former inputs end here, and no other one
 * begins.
 */
export async function endInputs(tx: Transaction<Tables>): Promise<void> {
  await tx.updateTable('scoring_config').set({ inputs_hash: NONE, all_marked: false }).execute();
}

/** Whether a model was applied, and no score job has begun since. */
export async function hasEndedInputs(db: Kysely<Tables>): Promise<boolean> {
  const row = await db.selectFrom('scoring_config').select('inputs_hash').executeTakeFirst();
  return row?.inputs_hash === NONE;
}

/** Whether the models or a setting were changed after this instant. */
export async function isConfigChangedSince(db: Kysely<Tables>, instant: Date): Promise<boolean> {
  const row = await db.selectFrom('scoring_config').select('config_changed_at').executeTakeFirst();
  return row !== undefined && row.config_changed_at !== null && row.config_changed_at > instant;
}

/** The inputs with which leads are scored; null = no lead was yet, or not since a model was applied. */
export async function currentInputs(db: Kysely<Tables>): Promise<string | null> {
  const row = await db.selectFrom('scoring_config').select('inputs_hash').executeTakeFirst();
  return row === undefined || row.inputs_hash === NONE ? null : row.inputs_hash;
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
