// Scoring, seen from the store: a chunk of due leads is locked, loaded, scored by the caller and kept in one transaction, so
// that a scoring is never half done and two workers never score the same lead at once.
import { type Kysely, sql, type Transaction } from 'kysely';
import { PRIORITY, type Priority } from '../../domain/priority.ts';
import type { ScoreFieldValues } from '../../domain/score-fields.ts';
import type { Contribution, GateInForce, Grade } from '../../domain/score-result.ts';
import { jsonRows } from '../json-rows.ts';
import type { Tables } from '../tables/tables.ts';
import { clearErrors, recordErrors } from './record-errors.ts';
import { type RescoreCount, rescoreWindowUpdate, throttleRescoring } from './rescore-limit.ts';
import { type DueActivity, type DueRecord, recordsAndActivities } from './scoring-input.ts';

/** What the last result said that people see. */
export interface PreviousResult {
  readonly id: number;
  readonly grade: Grade;
  readonly fit_score: number;
  readonly behavior_score: number;
  readonly total: number;
  readonly status: string;
  readonly contributions: readonly Contribution[];
  readonly gates: readonly GateInForce[];
}

export interface DueLead {
  readonly id: number;
  readonly cause: string;
  readonly priority: Priority;
  readonly records: readonly DueRecord[];
  /** Of its records. */
  readonly activities: readonly DueActivity[];
  readonly previous: PreviousResult | null;
}

export interface NewResult {
  readonly as_of: string;
  readonly model_hash: string;
  readonly cause: string;
  readonly grade: Grade;
  readonly coverage: number;
  readonly fit_score: number;
  readonly behavior_score: number;
  readonly total: number;
  readonly status: string;
  readonly previous_status: string | null;
  readonly cell: string | null;
  readonly thresholds: Readonly<Record<string, number>> | null;
  readonly contributions: readonly Contribution[];
  readonly gates: readonly GateInForce[];
}

/**
 * What is to be done with a record after a scoring; records that are not named stay as they are. One that is in sync holds the result;
 * one that is left holds what somebody else wrote, and is decided on anew at each scoring.
 */
export type WriteDecision = { readonly crm: string; readonly object: string; readonly id: string } & (
  | { readonly kind: 'write'; readonly patch: ScoreFieldValues }
  | { readonly kind: 'in_sync' | 'respected' }
);

export interface ScoredLead {
  readonly leadId: number;
  /** Null when what people see is as it was. */
  readonly result: NewResult | null;
  /** True when the lead is no longer scored (left the scope, or has no live record). */
  readonly unscored: boolean;
  readonly nextChangeAt: number | null;
  readonly records: readonly WriteDecision[];
  /** Set when the lead could not be scored: nothing of it changes, and it is listed. */
  readonly failure?: string;
}

type Tx = Transaction<Tables>;

interface Chunk {
  readonly limit: number;
  readonly now: Date;
  readonly inputsHash: string;
  readonly crms: readonly string[];
  /** How often changes of its records may have a lead scored in an hour. */
  readonly maxPerHour: number;
}

export interface ChunkScored {
  /** How many leads were taken; less than `limit` when no more are due. */
  readonly claimed: number;
  /** How many of them did something just now. */
  readonly urgent: number;
  /** Of those, left for later as they were scored too often. */
  readonly throttled: number;
}

/**
 * Scores up to `limit` due leads by `score`, the most wanted first, and keeps what it gives. Only records of `crms`, those that are
 * set up, count: of the others nobody knows how they are now. A lead whose person is still to be looked for waits; so does one that
 * was scored too often.
 */
export async function scoreDueLeads(
  db: Kysely<Tables>,
  chunk: Chunk,
  score: (leads: readonly DueLead[]) => readonly ScoredLead[],
): Promise<ChunkScored> {
  return db.transaction().execute(async (tx) => {
    const all = await lockDue(tx, chunk);
    const resting = await throttleRescoring(tx, all, chunk);
    const due = await loadDue(
      tx,
      all.filter(({ id }) => !resting.has(id)),
      chunk.crms,
    );
    if (due.length > 0) {
      const scored = score(due);
      const results = await insertResults(tx, scored);
      await updateScoredLeads(tx, scored, results, chunk);
      await recordFailures(tx, scored, due, chunk.now);
      await applyDecisions(tx, scored, due, results, chunk.now);
    }
    const urgent = due.filter(({ priority }) => priority === PRIORITY.activity).length;
    return { claimed: all.length, urgent, throttled: resting.size };
  });
}

interface LockedLead extends RescoreCount {
  readonly priority: Priority;
  readonly previous: PreviousResult | null;
}

async function lockDue(tx: Tx, { limit, now }: Chunk): Promise<readonly LockedLead[]> {
  const { rows } = await sql<LockedLead>`
    select l.id, coalesce(l.due_reason, 'changed') as cause, l.priority, l.rescore_window_started_at, l.rescore_window_count,
      case when p.id is null then null else jsonb_build_object('id', p.id, 'grade', p.grade, 'fit_score', p.fit_score,
        'behavior_score', p.behavior_score, 'total', p.total, 'status', p.status, 'contributions', p.contributions,
        'gates', p.gates) end as previous
    from (
      select id, due_reason, due_at, result_id, priority, rescore_window_started_at, rescore_window_count from leadgrade.leads l
      where due_at <= ${now} and not exists (
        select from leadgrade.match_queue u
        join leadgrade.records r on r.crm = u.crm and r.object = u.object and r.id = u.id where r.lead_id = l.id
      ) order by priority, due_at, id limit ${limit} for update skip locked
    ) l
    left join leadgrade.results p on p.id = l.result_id
    order by l.priority, l.due_at, l.id`.execute(tx);
  return rows;
}

async function loadDue(tx: Tx, leads: readonly LockedLead[], crms: readonly string[]): Promise<readonly DueLead[]> {
  const ids = leads.map((lead) => lead.id);
  if (ids.length === 0) return [];
  const { records, activities } = await recordsAndActivities(tx, ids, crms);
  const recordsOf = Map.groupBy(records, (record) => record.lead_id);
  const activitiesOf = Map.groupBy(activities, (activity) => activity.lead_id);
  return leads.map(({ id, cause, priority, previous }) => ({
    ...{ id, cause, priority, previous },
    records: recordsOf.get(id) ?? [],
    activities: activitiesOf.get(id) ?? [],
  }));
}

/** Inserts the new results; gives their ids by lead. */
async function insertResults(tx: Tx, scored: readonly ScoredLead[]): Promise<ReadonlyMap<number, number>> {
  const fresh = scored.flatMap(({ leadId, result }) => (result ? [{ lead_id: leadId, ...result }] : []));
  if (fresh.length === 0) return new Map();
  const { rows } = await sql<{ id: number; lead_id: number }>`
    insert into leadgrade.results (lead_id, as_of, model_hash, cause, grade, coverage, fit_score, behavior_score, total,
      status, previous_status, cell, thresholds, contributions, gates)
    select * from ${jsonRows(fresh)} as t (lead_id bigint, as_of timestamptz, model_hash text, cause text, grade text,
      coverage double precision, fit_score integer, behavior_score integer, total integer, status text,
      previous_status text, cell text, thresholds jsonb, contributions jsonb, gates jsonb)
    returning id, lead_id`.execute(tx);
  return new Map(rows.map((row) => [row.lead_id, row.id]));
}

async function updateScoredLeads(
  tx: Tx,
  scored: readonly ScoredLead[],
  results: ReadonlyMap<number, number>,
  { inputsHash, now }: Chunk,
): Promise<void> {
  const rows = scored.map((lead) => ({
    id: lead.leadId,
    result_id: results.get(lead.leadId) ?? null,
    unscored: lead.unscored,
    next_change_at: lead.nextChangeAt === null ? null : new Date(lead.nextChangeAt).toISOString(),
  }));
  await sql`
    update leadgrade.leads l
    set due_at = null, due_reason = null, priority = ${PRIORITY.change}, next_change_at = t.next_change_at,
        scoring_inputs_hash = ${inputsHash}, scored_at = ${now},
        ${rescoreWindowUpdate(now)},
        result_id = case when t.unscored then null else coalesce(t.result_id, l.result_id) end
    from ${jsonRows(rows)} as t (id bigint, result_id bigint, unscored boolean, next_change_at timestamptz)
    where l.id = t.id`.execute(tx);
}

/** A lead that could not be scored is listed with each of its records; one that could is no longer. */
async function recordFailures(
  tx: Tx,
  scored: readonly ScoredLead[],
  due: readonly DueLead[],
  now: Date,
): Promise<void> {
  const failures = new Map(scored.flatMap(({ leadId, failure }) => (failure === undefined ? [] : [[leadId, failure]])));
  const records = due.flatMap((lead) => lead.records.map((record) => ({ record, failure: failures.get(lead.id) })));
  for (const [crm, each] of Map.groupBy(records, ({ record }) => record.crm)) {
    const well = each.filter(({ failure }) => failure === undefined);
    await clearErrors(
      tx,
      crm,
      'score',
      well.map(({ record }) => record),
    );
    const problems = each.flatMap(({ record: { object, id }, failure }) => {
      if (failure === undefined) return [];
      return [{ ref: { object, id }, stage: 'score' as const, field: '', code: 'NOT_SCORED', message: failure }];
    });
    await recordErrors(tx, crm, problems, now);
  }
}

async function applyDecisions(
  tx: Tx,
  scored: readonly ScoredLead[],
  due: readonly DueLead[],
  results: ReadonlyMap<number, number>,
  now: Date,
): Promise<void> {
  const byId = new Map(due.map((lead) => [lead.id, lead]));
  const rows = scored.flatMap((lead) =>
    lead.records.map((record) => ({
      crm: record.crm,
      object: record.object,
      id: record.id,
      kind: record.kind,
      patch: record.kind === 'write' ? record.patch : null,
      result_id: lead.unscored ? null : (results.get(lead.leadId) ?? byId.get(lead.leadId)?.previous?.id ?? null),
      priority: byId.get(lead.leadId)?.priority ?? PRIORITY.change,
    })),
  );
  if (rows.length === 0) return;
  const decisions = sql`${jsonRows(rows)} as t (crm text, object text, id text, kind text, patch jsonb, result_id bigint,
    priority smallint)`;
  await sql`
    insert into leadgrade.outbox as o (crm, object, record_id, result_id, patch, queued_at, priority)
    select crm, object, id, result_id, patch, ${now}, priority from ${decisions} where kind = 'write'
    on conflict (crm, object, record_id)
    do update set result_id = excluded.result_id, patch = excluded.patch, attempts = 0, retry_at = null,
      priority = least(o.priority, excluded.priority),
      version = nextval('leadgrade.outbox_versions')`.execute(tx);
  // What the CRM holds already, and who is left alone, needs no writing, even if an older result was waiting to be written.
  await sql`
    delete from leadgrade.outbox o using ${decisions}
    where t.kind <> 'write' and o.crm = t.crm and o.object = t.object and o.record_id = t.id`.execute(tx);
  await sql`
    update leadgrade.records r
    set synced_result_id = case when t.kind = 'in_sync' then t.result_id end,
        last_written_values = case when t.kind = 'in_sync' then coalesce(r.last_written_values, r.crm_values)
          else r.last_written_values end
    from ${decisions} where r.crm = t.crm and r.object = t.object and r.id = t.id`.execute(tx);
}
