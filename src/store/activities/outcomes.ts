// Deal outcomes, for the review of a model: upserted by the source's id like activities. They are
// never scored, so no change here makes a lead due.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { LeadSnapshot, LinkDiff, SourcedDealOutcome } from '../../domain/crm-changes.ts';
import type { DealOutcome } from '../../domain/outcome.ts';
import { jsonRows } from '../json-rows.ts';
import { ensureLockedRecords, type LockedLeads } from '../leads/lock-leads.ts';
import { isRefusedItem } from '../set-aside/skip-set-aside.ts';
import type { Tables } from '../tables/tables.ts';

type Tx = Transaction<Tables>;

interface SaveOptions {
  readonly crm: string;
  readonly now: Date;
  /** The full sync of the stream that listed the outcomes; null = none. */
  readonly fullSyncRunId: number | null;
}

/** Upserts outcomes. @returns the number of new or changed ones */
export async function saveOutcomes(
  locked: LockedLeads,
  outcomes: readonly SourcedDealOutcome[],
  options: SaveOptions,
): Promise<number> {
  if (outcomes.length === 0) return 0;
  const { crm, now, fullSyncRunId } = options;
  // A statement can change a row only once.
  const latest = new Map(outcomes.map((outcome) => [`${outcome.ref.object}/${outcome.ref.id}/${outcome.id}`, outcome]));
  await ensureLockedRecords(
    locked,
    crm,
    outcomes.map(({ ref }) => ref),
    now,
  );
  const { numAffectedRows = 0n } = await sql`
    insert into leadgrade.deal_outcomes as o (crm, object, record_id, id, lead_id, source, pipeline, stage, state, amount,
      currency, created_at, closed_at, stages, seen_at, last_full_sync_run_id)
    select ${crm}, t.object, t.record_id, t.id, r.lead_id, t.source, t.pipeline, t.stage, t.state, t.amount, t.currency,
      t.created_at, t.closed_at, t.stages, ${now}, ${fullSyncRunId}::bigint
    from ${jsonRows([...latest.values()].map(toRow))} as t (object text, record_id text, id text, source text, pipeline text,
      stage text, state text, amount double precision, currency text, created_at timestamptz, closed_at timestamptz,
      stages jsonb)
    join leadgrade.records r on r.crm = ${crm} and r.object = t.object and r.id = t.record_id and r.erased_at is null
    on conflict (crm, object, record_id, id)
    do update set pipeline = excluded.pipeline, stage = excluded.stage, state = excluded.state, amount = excluded.amount,
      currency = excluded.currency, created_at = excluded.created_at, closed_at = excluded.closed_at,
      stages = excluded.stages, gone_at = null, last_full_sync_run_id = coalesce(excluded.last_full_sync_run_id, o.last_full_sync_run_id)
    where o.gone_at is not null or excluded.last_full_sync_run_id <> coalesce(o.last_full_sync_run_id, 0)
      or (o.pipeline, o.stage, o.state, o.amount, o.currency, o.created_at, o.closed_at, o.stages) is distinct from
        (excluded.pipeline, excluded.stage, excluded.state, excluded.amount, excluded.currency, excluded.created_at,
         excluded.closed_at, excluded.stages)`.execute(locked.tx);
  return Number(numAffectedRows);
}

function toRow({ ref, ...outcome }: SourcedDealOutcome) {
  const { id, source, pipeline, stage, state, amount, currency } = outcome;
  return {
    object: ref.object,
    record_id: ref.id,
    ...{ id, source, pipeline, stage, state, amount, currency },
    created_at: toIso(outcome.createdAt),
    closed_at: toIso(outcome.closedAt),
    stages: outcome.stages,
  };
}

function toIso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

/**
 * Saves the outcomes that are part of a record. Those that a read no longer contains get a
 * tombstone.
 */
export async function saveLifecycleOutcomes(
  locked: LockedLeads,
  read: readonly LeadSnapshot[],
  { crm, now }: { crm: string; now: Date },
): Promise<void> {
  if (read.length === 0) return;
  const rows = read.map(({ ref, outcomes }) => ({ ...ref, outcome_ids: outcomes.map(({ id }) => id) }));
  const outcomes = read.flatMap(({ ref, outcomes: own }) => own.map((outcome) => ({ ...outcome, ref })));
  await saveOutcomes(locked, outcomes, { crm, now, fullSyncRunId: null });
  await sql`
    update leadgrade.deal_outcomes o set gone_at = ${now}
    from ${jsonRows(rows)} as t (object text, id text, outcome_ids jsonb)
    where o.crm = ${crm} and o.object = t.object and o.record_id = t.id and o.source = 'lifecycle' and o.gone_at is null
      and not t.outcome_ids ? o.id`.execute(locked.tx);
}

/** Sets the tombstone of outcomes that no longer exist, or belong to another record now. @returns their number */
export async function tombstoneOutcomes(
  tx: Tx,
  crm: string,
  gone: LinkDiff['goneOutcomes'],
  now: Date,
): Promise<number> {
  if (gone.length === 0) return 0;
  const rows = gone.map(({ ref, outcomeId }) => ({ object: ref.object, record_id: ref.id, id: outcomeId }));
  const { numAffectedRows = 0n } = await sql`
    update leadgrade.deal_outcomes o set gone_at = ${now}
    from ${jsonRows(rows)} as t (object text, record_id text, id text)
    where o.crm = ${crm} and o.object = t.object and o.record_id = t.record_id and o.id = t.id
      and o.gone_at is null`.execute(tx);
  return Number(numAffectedRows);
}

/**
 * Sets the tombstone of outcomes that a completed full sync of a stream did not list. Newer ones
 * stay.
 */
export async function tombstoneUnlistedOutcomes(
  tx: Tx,
  { crm, stream, fullSyncRunId }: { crm: string; stream: string; fullSyncRunId: number },
  now: Date,
): Promise<void> {
  await sql`
    update leadgrade.deal_outcomes set gone_at = ${now}
    where crm = ${crm} and source = ${stream} and last_full_sync_run_id is distinct from ${fullSyncRunId} and gone_at is null
      and seen_at < (select started_at from leadgrade.runs where id = ${fullSyncRunId})
      and not ${isRefusedItem({ crm, stream }, sql`deal_outcomes.id`)}`.execute(tx);
}

/** The outcomes of a lead without tombstones, oldest first. */
export async function outcomesOf(db: Kysely<Tables>, leadId: number): Promise<readonly DealOutcome[]> {
  const rows = await db
    .selectFrom('deal_outcomes')
    .selectAll()
    .where('lead_id', '=', leadId)
    .where('gone_at', 'is', null)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return rows.map(({ id, source, pipeline, stage, state, amount, currency, stages, created_at, closed_at }) => ({
    ...{ id, source, pipeline, stage, state, amount, currency, stages },
    createdAt: created_at?.getTime() ?? null,
    closedAt: closed_at?.getTime() ?? null,
  }));
}
