// The results of a lead, and what was read of it in between: for the history of its score.
import { type Kysely, sql } from 'kysely';
import type { Fields } from '../../../domain/lead.ts';
import type { ActiveGate } from '../../../domain/score-result.ts';
import type { StoredLine } from '../../../domain/stored-lines.ts';
import type { Tables } from '../../tables/tables.ts';

export interface StoredResult {
  readonly id: number;
  readonly as_of: Date;
  readonly cause: string;
  readonly grade: string;
  readonly fit_score: number;
  readonly behavior_score: number;
  readonly total: number;
  readonly status: string;
  /** Null: the first result of the lead. */
  readonly previous_status: string | null;
  readonly cell: string | null;
  readonly thresholds: Readonly<Record<string, number>> | null;
  readonly contributions: readonly StoredLine[];
  readonly gates: readonly ActiveGate[];
  readonly model: string;
  readonly model_hash: string;
  /** Several models were used under that name. */
  readonly is_ambiguous: boolean;
}

/**
 * The latest results of a lead by one model, newest first.
 * @param model its key; null = the first model
 */
export async function resultsOf(
  db: Kysely<Tables>,
  leadId: number,
  { model, limit }: { readonly model: string | null; readonly limit: number },
): Promise<readonly StoredResult[]> {
  return db
    .selectFrom('results')
    .innerJoin('models', 'models.hash', 'results.model_hash')
    .select(['results.id', 'as_of', 'cause', 'grade', 'fit_score', 'behavior_score', 'total', 'status'])
    .select(['previous_status', 'cell', 'thresholds', 'contributions', 'gates', 'models.name as model', 'model_hash'])
    .select(
      sql<boolean>`(select count(*) > 1 from leadgrade.models other where other.name = models.name)`.as('is_ambiguous'),
    )
    .where('lead_id', '=', leadId)
    .where(sql<boolean>`results.model is not distinct from ${model}::text`)
    .orderBy('results.id', 'desc')
    .limit(limit)
    .execute();
}

/**
 * Since when no model scores the lead, because it left the scope or has no live record; null = a model does, or it was
 * never scored.
 */
export async function unscoredSince(db: Kysely<Tables>, leadId: number): Promise<Date | null> {
  const row = await db
    .selectFrom('leads')
    .select('scored_at')
    .where('id', '=', leadId)
    .where('result_id', 'is', null)
    .where(({ not, exists, selectFrom }) => not(exists(selectFrom('lead_results').where('lead_id', '=', leadId))))
    .executeTakeFirst();
  return row?.scored_at ?? null;
}

interface SeenActivity {
  readonly type: string;
  readonly at: Date;
  readonly attributes: Fields;
  readonly seen_at: Date;
  readonly gone_at: Date | null;
}

/** Activities of one history, the newest first. */
const MAX_EVIDENCE = 5_000;

/** Those that happened, were read or were deleted since an instant. */
export async function activitiesSince(
  db: Kysely<Tables>,
  leadId: number,
  since: Date,
): Promise<readonly SeenActivity[]> {
  return db
    .selectFrom('activities')
    .select(['type', 'at', 'attributes', 'seen_at', 'gone_at'])
    .where('lead_id', '=', leadId)
    .where((eb) => eb.or([eb('at', '>', since), eb('seen_at', '>', since), eb('gone_at', '>', since)]))
    .orderBy('seen_at', 'desc')
    .limit(MAX_EVIDENCE)
    .execute();
}

interface FieldChange {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly seen_at: Date;
}

/** Changes of the fields of its records that were read since an instant. */
export async function fieldChangesSince(
  db: Kysely<Tables>,
  leadId: number,
  since: Date,
): Promise<readonly FieldChange[]> {
  const { rows } = await sql<FieldChange>`
    select field, before, after, seen_at from (
      select v.field, v.value as after, v.seen_at,
        lag(v.value) over (partition by v.crm, v.object, v.record_id, v.field order by v.seen_at, v.valid_from) as before
      from leadgrade.field_values v
      join leadgrade.records r on r.crm = v.crm and r.object = v.object and r.id = v.record_id
      where r.lead_id = ${leadId}
    ) changes
    where seen_at > ${since} order by seen_at desc limit ${MAX_EVIDENCE}`.execute(db);
  return rows;
}
