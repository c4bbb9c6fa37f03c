// The leads that left their band without a change of the model or the settings, by live model.
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import { arrayRows } from '../array-rows.ts';
import type { ScoredLead } from '../leads/scored-lead.ts';
import type { Tables } from '../tables/tables.ts';

/** A movement of so long ago is the state that later ones are compared with. */
const WINDOW_HOURS = 24;

/** The instant after which a move counts. A hold keeps those that count when it begins. */
export function countedSince(now: Date): RawBuilder<Date> {
  return sql<Date>`(coalesce((select since from leadgrade.guard_holds where ended_at is null), ${now}::timestamptz)
    - ${WINDOW_HOURS} * interval '1 hour')`;
}

/** The column `model` of `guard_moves`. */
export function modelColumn(key: string | null): string {
  return key ?? '';
}

interface StoredMove {
  readonly lead_id: number;
  readonly model: string;
  readonly from_status: string;
  readonly signal: string | null;
  readonly is_expired: boolean;
  /** The lead is scored for the first time since the model or a setting was changed. */
  readonly is_first: boolean;
}

/**
 * Saves the moves of leads that were scored, and deletes those that are over. Call it before `scored_at` is updated: the
 * first scoring of a lead after a change of the model or the settings never counts.
 */
export async function saveMoves(tx: Transaction<Tables>, scored: readonly ScoredLead[], now: Date): Promise<void> {
  const leads = new Map(scored.flatMap((lead) => (lead.failure === undefined ? [[lead.leadId, lead]] : [])));
  if (leads.size === 0) return;
  const { rows: stored } = await sql<StoredMove>`
    select m.lead_id, m.model, m.from_status, m.signal, m.moved_at <= ${countedSince(now)} as is_expired,
      coalesce(l.scored_at <= (select config_changed_at from leadgrade.scoring_config), false) as is_first
    from leadgrade.guard_moves m join leadgrade.leads l on l.id = m.lead_id
    where m.lead_id = any(${[...leads.keys()]}::bigint[])`.execute(tx);
  const over: StoredMove[] = [];
  // The way back is not a move of its own.
  const back = new Set<string>();
  for (const move of stored) {
    const lead = leads.get(move.lead_id);
    if (lead === undefined) continue;
    const isBack = !move.is_expired && statusBy(lead, move.model) === move.from_status;
    if (isBack) back.add(keyOf(move.lead_id, move.model));
    if (isBack || move.is_expired || isObsolete(move, lead)) over.push(move);
  }
  await deleteMoves(tx, over);
  const moved = [...leads.values()].flatMap(({ leadId, guard }) =>
    (guard?.moves ?? []).flatMap(({ model, ...move }) => {
      const column = modelColumn(model);
      return back.has(keyOf(leadId, column)) ? [] : [{ leadId, model: column, ...move }];
    }),
  );
  if (moved.length === 0) return;
  const rows = arrayRows(
    ['bigint', moved.map(({ leadId }) => leadId)],
    ['text', moved.map(({ model }) => model)],
    ['text', moved.map(({ from }) => from)],
    ['text', moved.map(({ signal }) => signal)],
  );
  await sql`
    insert into leadgrade.guard_moves (lead_id, model, from_status, signal, moved_at)
    select t.id, t.model, t.from_status, t.signal, ${now}::timestamptz from ${rows} as t (id, model, from_status, signal)
    join leadgrade.leads l on l.id = t.id
    where coalesce(l.scored_at > (select config_changed_at from leadgrade.scoring_config), true)
    on conflict (lead_id, model) do update set signal = coalesce(excluded.signal, leadgrade.guard_moves.signal)`.execute(
    tx,
  );
}

/**
 * Whether the move says nothing any more: the lead was deleted, or the operator has changed the model or the settings.
 * While the criterion that moved the lead still reads a field that the CRM does not show, a change has not repaired it.
 */
function isObsolete({ model, signal, is_first }: StoredMove, { guard }: ScoredLead): boolean {
  if (guard?.isGone === true) return true;
  const isUnreadable = (guard?.unreadable ?? []).some((each) => {
    return modelColumn(each.model) === model && each.signal === signal;
  });
  return is_first && !isUnreadable;
}

/** Undefined: it is as it was, or the model does not score the lead. */
function statusBy({ result, others }: ScoredLead, model: string): string | undefined {
  return (model === '' ? result : others?.get(model)?.result)?.status;
}

function keyOf(leadId: number, model: string): string {
  return `${leadId}/${model}`;
}

async function deleteMoves(tx: Transaction<Tables>, moves: readonly StoredMove[]): Promise<void> {
  if (moves.length === 0) return;
  const rows = arrayRows(['bigint', moves.map((move) => move.lead_id)], ['text', moves.map(({ model }) => model)]);
  await sql`
    delete from leadgrade.guard_moves m using ${rows} as t (lead_id, model)
    where m.lead_id = t.lead_id and m.model = t.model`.execute(tx);
}

/** Deletes the moves that do not count any more. */
export async function purgeOldMoves(db: Kysely<Tables>, now: Date): Promise<void> {
  await sql`delete from leadgrade.guard_moves where moved_at <= ${countedSince(now)}`.execute(db);
}
