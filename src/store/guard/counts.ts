// How many leads left their band, and how many may still do so.
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { COUNTED_CAUSES } from '../../domain/limits/guard.ts';
import { isDueUntil } from '../leads/mark-due.ts';
import { CURRENT_RESULT_ID } from '../models/other-results.ts';
import { canBeRead } from '../set-aside/skip-set-aside.ts';
import type { Tables } from '../tables/tables.ts';
import { countedSince, modelColumn } from './moves.ts';

export interface GuardCounts {
  /** Leads outside their band. */
  readonly moved: number;
  /** Leads with a score that will be scored for a reason that can count, or whose records will be read before. */
  readonly pending: number;
}

interface Scope {
  /** The CRMs that are set up. */
  readonly crms: readonly string[];
  readonly now: Date;
}

/** Throttled leads that are due later do not count. */
const SOON_MS = 60_000;

function soonAfter(now: Date): Date {
  return new Date(now.getTime() + SOON_MS);
}

/** Whether the lead `l` has a score by the model; null = by the first one. */
function hasScore(model: string | null): RawBuilder<boolean> {
  if (model === null) return sql<boolean>`l.result_id is not null`;
  return sql<boolean>`exists (select from leadgrade.lead_results c where c.lead_id = l.id and c.model = ${model})`;
}

/** Records of a CRM that is down cannot move a lead now. */
function countPending({ crms, now }: Scope, isScored: RawBuilder<boolean>, upTo: number | null): RawBuilder<number> {
  return sql<number>`((select count(*) from (
      select from leadgrade.leads l where ${isDueUntil(soonAfter(now))}
        and coalesce(due_reason, 'changed') = any(${COUNTED_CAUSES.always}::text[]) and ${isScored} limit ${upTo}
    ) d) + (select count(*) from (
      select from leadgrade.records r join leadgrade.leads l on l.id = r.lead_id and ${isScored}
      where r.dirty_at is not null and r.crm = any(${crms}::text[]) and ${canBeRead(now)} and not exists (
        select from leadgrade.crm_pauses p where p.crm = r.crm and p.direction = 'read'
      ) limit ${upTo}
    ) r))::integer`;
}

/**
 * The counts over all models, and whether a hold is in force, in one statement that reads few rows.
 * @param upTo more are not counted
 */
export async function glanceAtMoves(
  db: Kysely<Tables>,
  scope: Scope,
  upTo: number,
): Promise<GuardCounts & { readonly isHeld: boolean }> {
  const isScored = sql<boolean>`${CURRENT_RESULT_ID} is not null`;
  const { rows } = await sql<GuardCounts & { readonly isHeld: boolean }>`
    select exists (select from leadgrade.guard_holds where ended_at is null) as "isHeld",
      (select count(*) from (
        select from leadgrade.guard_moves where moved_at > ${countedSince(scope.now)} limit ${upTo}
      ) m)::integer as moved, ${countPending(scope, isScored, upTo)} as pending`.execute(db);
  return rows[0] ?? { isHeld: false, moved: 0, pending: 0 };
}

/** @param model its key; null = the first one */
export async function guardCounts(db: Kysely<Tables>, model: string | null, scope: Scope): Promise<GuardCounts> {
  const { rows } = await sql<GuardCounts>`
    select (select count(*) from leadgrade.guard_moves
        where model = ${modelColumn(model)} and moved_at > ${countedSince(scope.now)})::integer as moved,
      ${countPending(scope, hasScore(model), null)} as pending`.execute(db);
  return rows[0] ?? { moved: 0, pending: 0 };
}

/**
 * The number of leads with a score by the model. Those that had one and left the scope count as well: without them,
 * the share of the moved leads would depend on where they moved.
 * @param upTo more with a score are not counted; null = all are
 */
export async function countScored(
  db: Kysely<Tables>,
  model: string | null,
  { now, upTo }: { readonly now: Date; readonly upTo: number | null },
): Promise<number> {
  const scored =
    model === null
      ? sql`leadgrade.leads where result_id is not null`
      : sql`leadgrade.lead_results where model = ${model}`;
  const { rows } = await sql<{ leads: number }>`
    select ((select count(*) from (select from ${scored} limit ${upTo}) s) + (
      select count(*) from leadgrade.guard_moves m join leadgrade.leads l on l.id = m.lead_id
      where m.model = ${modelColumn(model)} and m.moved_at > ${countedSince(now)} and not ${hasScore(model)}
    ))::integer as leads`.execute(db);
  return rows[0]?.leads ?? 0;
}

/** Whether moved leads are about to be scored again: a hold does not end between two of them. */
export async function hasDueMoves(db: Kysely<Tables>, now: Date): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (
      select from leadgrade.guard_moves m join leadgrade.leads l on l.id = m.lead_id where l.due_at <= ${soonAfter(now)}
    ) as found`.execute(db);
  return rows[0]?.found ?? false;
}
