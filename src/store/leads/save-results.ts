// Saves the results of a scoring and the errors of leads that could not be scored.
import { sql, type Transaction } from 'kysely';
import { FIRST_RETRY_MS, MAX_RETRY_MS } from '../../domain/limits/retry-delays.ts';
import { PRIORITY } from '../../domain/priority.ts';
import { arrayRows, jsonLines } from '../array-rows.ts';
import { storableJson } from '../json-rows.ts';
import type { InsertedIds } from '../models/other-results.ts';
import type { Tables } from '../tables/tables.ts';
import type { DueLead } from './due-leads.ts';
import { clearErrors, recordErrors } from './record-errors.ts';
import { rescoreWindowUpdate } from './rescore-limit.ts';
import type { ScoredLead } from './scored-lead.ts';

type Tx = Transaction<Tables>;

export async function insertResults(tx: Tx, scored: readonly ScoredLead[]): Promise<InsertedIds> {
  const newResults = scored.flatMap(({ leadId, result, others = NO_OTHERS }) => [
    ...(result ? [{ lead_id: leadId, model: null, ...result }] : []),
    ...[...others].flatMap(([model, other]) => (other.result ? [{ lead_id: leadId, model, ...other.result }] : [])),
  ]);
  if (newResults.length === 0) return { first: new Map(), others: new Map() };
  const of = <T>(read: (result: (typeof newResults)[number]) => T) => newResults.map(read);
  const columns = arrayRows(
    ['bigint', of(({ lead_id }) => lead_id)],
    ['text', of(({ as_of }) => as_of)],
    ['text', of(({ model_hash }) => model_hash)],
    ['text', of(({ model }) => model)],
    ['text', of(({ cause }) => cause)],
    ['text', of(({ grade }) => grade)],
    ['double precision', of(({ coverage }) => coverage)],
    ['integer', of(({ fit_score }) => fit_score)],
    ['integer', of(({ behavior_score }) => behavior_score)],
    ['integer', of(({ total }) => total)],
    ['text', of(({ status }) => status)],
    ['text', of(({ previous_status }) => previous_status)],
    ['text', of(({ previous_grade }) => previous_grade)],
    ['text', of(({ cell }) => cell)],
    jsonLines(of(({ thresholds }) => (thresholds === null ? null : storableJson(thresholds)))),
    jsonLines(of(({ contributions }) => storableJson(contributions))),
    jsonLines(of(({ gates }) => storableJson(gates))),
  );
  const { rows } = await sql<{ id: number; lead_id: number; model: string | null }>`
    insert into leadgrade.results (lead_id, as_of, model_hash, model, cause, grade, coverage, fit_score, behavior_score, total,
      status, previous_status, previous_grade, cell, thresholds, contributions, gates)
    select lead_id, as_of::timestamptz, model_hash, model, cause, grade, coverage, fit_score, behavior_score, total,
      status, previous_status, previous_grade, cell, thresholds::json, contributions::json, gates::json
    from ${columns} as t (lead_id, as_of, model_hash, model, cause, grade, coverage, fit_score, behavior_score, total,
      status, previous_status, previous_grade, cell, thresholds, contributions, gates)
    returning id, lead_id, model`.execute(tx);
  const first = new Map<number, number>();
  const others = new Map<number, Map<string, number>>();
  for (const { id, lead_id, model } of rows) {
    if (model === null) first.set(lead_id, id);
    else others.set(lead_id, (others.get(lead_id) ?? new Map<string, number>()).set(model, id));
  }
  return { first, others };
}

const NO_OTHERS: NonNullable<ScoredLead['others']> = new Map();

/** Updates the scored leads: no longer due, with the new result or the one they had. */
export async function updateScoredLeads(
  tx: Tx,
  scored: readonly ScoredLead[],
  results: ReadonlyMap<number, number>,
  { inputsHash, now }: { readonly inputsHash: string; readonly now: Date },
): Promise<void> {
  const columns = arrayRows(
    ['bigint', scored.map(({ leadId }) => leadId)],
    ['bigint', scored.map(({ leadId }) => results.get(leadId) ?? null)],
    ['boolean', scored.map(({ unscored }) => unscored)],
    ['double precision', scored.map(({ nextChangeAt }) => nextChangeAt)],
  );
  await sql`
    update leadgrade.leads l
    set due_at = null, due_reason = null, priority = ${PRIORITY.change}, next_change_at = to_timestamp(t.next_change_ms / 1000),
        scoring_inputs_hash = ${inputsHash}, scored_at = ${now},
        ${rescoreWindowUpdate(now)},
        result_id = case when t.unscored then null else coalesce(t.result_id, l.result_id) end
    from ${columns} as t (id, result_id, unscored, next_change_ms)
    where l.id = t.id`.execute(tx);
}

/**
 * Records an error for each record of a lead that could not be scored, and clears those of the
 * others.
 */
export async function recordFailures(
  tx: Tx,
  scored: readonly ScoredLead[],
  due: readonly DueLead[],
  now: Date,
): Promise<void> {
  const failures = new Map(scored.flatMap(({ leadId, failure }) => (failure === undefined ? [] : [[leadId, failure]])));
  const records = due.flatMap((lead) => lead.records.map((record) => ({ record, failure: failures.get(lead.id) })));
  for (const [crm, ofCrm] of Map.groupBy(records, ({ record }) => record.crm)) {
    const succeeded = ofCrm.filter(({ failure }) => failure === undefined);
    await clearErrors(
      tx,
      crm,
      'score',
      succeeded.map(({ record }) => record),
    );
    const problems = ofCrm.flatMap(({ record: { object, id }, failure }) => {
      if (failure === undefined) return [];
      return [{ ref: { object, id }, stage: 'score' as const, field: '', code: 'NOT_SCORED', message: failure }];
    });
    await recordErrors(tx, crm, problems, now);
  }
}

/** Leads that could not be scored are due again after minutes, then hours; a change makes them due at once. */
export async function postponeFailures(tx: Tx, scored: readonly ScoredLead[], now: Date): Promise<void> {
  const ids = scored.filter(({ failure }) => failure !== undefined).map(({ leadId }) => leadId);
  if (ids.length === 0) return;
  await sql`
    update leadgrade.leads l
    set due_reason = 'retry', due_at = ${now}::timestamptz
      + least(${MAX_RETRY_MS}, ${FIRST_RETRY_MS} * power(2, least(e.occurrences - 1, 20)))::double precision * interval '1 millisecond'
    from (
      select r.lead_id, max(e.occurrences) as occurrences from leadgrade.record_errors e
      join leadgrade.records r on r.crm = e.crm and r.object = e.object and r.id = e.record_id
      where r.lead_id = any(${ids}::bigint[]) and e.stage = 'score' group by r.lead_id
    ) e where l.id = e.lead_id`.execute(tx);
}
