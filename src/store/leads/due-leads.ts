// Locks the next due leads and loads what they are scored from.
import { sql, type Transaction } from 'kysely';
import type { LeadStates } from '../../domain/lead.ts';
import type { Priority } from '../../domain/priority.ts';
import {
  currentResultId,
  joinOtherResults,
  type OtherModel,
  type OtherRow,
  toOthers,
} from '../models/other-results.ts';
import type { Tables } from '../tables/tables.ts';
import { loadStates, type StateVersion } from './input/lead-states.ts';
import type { DueActivity } from './input/scoring-activities.ts';
import {
  type DueRecord,
  type InputOptions,
  loadInputs,
  loadRecordKeys,
  type ScoringInput,
} from './input/scoring-input.ts';
import { PREVIOUS_COLUMNS, type PreviousResult, type PreviousRow, toPrevious } from './previous-result.ts';
import type { RescoreCount } from './rescore-limit.ts';

export type { PreviousResult } from './previous-result.ts';

type Tx = Transaction<Tables>;

export interface DueLead {
  readonly id: number;
  readonly cause: string;
  readonly priority: Priority;
  readonly records: readonly DueRecord[];
  /** The activities of all its records, in any order; parsed each time that they are asked for. */
  readonly activities: readonly DueActivity[];
  /** Whether it was in scope at its last scoring; a lead that was never scored counts as in scope. */
  readonly wasInScope: boolean;
  /** The last result of the first model. */
  readonly previous: PreviousResult | null;
  /** The last results of the other models, by name; absent with one model. */
  readonly others?: ReadonlyMap<string, PreviousResult>;
  /** Its last scoring had the present inputs: the present models gave it the points of its last results. */
  readonly isCurrent: boolean;
  /**
   * In place of fields and activities: of a lead that has not changed since it was made. Parsed each time that it is
   * asked for.
   */
  readonly state?: LeadStates;
}

export interface LockedDueLead extends RescoreCount {
  readonly priority: Priority;
  readonly wasInScope: boolean;
  readonly previous: PreviousResult | null;
  readonly others?: ReadonlyMap<string, PreviousResult>;
  readonly isCurrent: boolean;
}

/**
 * Locks up to `limit` due leads by priority, then due instant. Leads that another worker has locked
 * are skipped. So are leads with a record in the match queue, which may be about to change persons.
 */
export async function lockDueLeads(
  tx: Tx,
  {
    limit,
    now,
    inputsHash,
    others = [],
  }: {
    readonly limit: number;
    readonly now: Date;
    readonly inputsHash: string;
    readonly others?: readonly OtherModel[] | undefined;
  },
): Promise<readonly LockedDueLead[]> {
  const { rows } = await sql<LockedRow>`
    select l.id, coalesce(l.due_reason, 'changed') as cause, l.priority, l.scored_at is null as is_new, l.rescore_window_started_at, l.rescore_window_count,
      ${PREVIOUS_COLUMNS}, l.scoring_inputs_hash is not distinct from ${inputsHash} as "isCurrent"
      ${others.length === 0 ? sql`` : sql`, o.others`}
    from (
      select id, due_reason, due_at, result_id, scoring_inputs_hash, priority, scored_at, rescore_window_started_at, rescore_window_count from leadgrade.leads l
      where due_at <= ${now} and not exists (
        select from leadgrade.match_queue u
        join leadgrade.records r on r.crm = u.crm and r.object = u.object and r.id = u.id where r.lead_id = l.id
      ) order by priority, due_at, id limit ${limit} for update skip locked
    ) l
    left join leadgrade.results p on p.id = l.result_id ${joinOtherResults(others)}
    order by l.priority, l.due_at, l.id`.execute(tx);
  return rows.map((row) => {
    const { id, cause, priority, rescore_window_started_at, rescore_window_count, isCurrent, others: own } = row;
    const wasInScope = row.is_new || row.result_id !== null || (own ?? []).length > 0;
    const lead = { id, cause, priority, rescore_window_started_at, rescore_window_count, wasInScope, isCurrent };
    return { ...lead, previous: toPrevious(row), ...(own !== undefined && { others: toOthers(own ?? []) }) };
  });
}

type LockedRow = Omit<LockedDueLead, 'previous' | 'others' | 'wasInScope'> &
  PreviousRow & {
    readonly is_new: boolean;
    readonly others?: readonly OtherRow[] | null;
  };

export interface LoadOptions extends StateVersion, InputOptions {
  /** The models beside the first one; absent: there is one model. */
  readonly others?: readonly OtherModel[] | undefined;
}

/** Only this reason says that nothing but time has passed since the last scoring (mark-due.ts). */
const UNCHANGED = 'decay';

/** Leads of which only time has passed are loaded with their stored state, if it is valid, and without the rest. */
export async function loadDueLeads(
  tx: Tx,
  leads: readonly LockedDueLead[],
  options: LoadOptions,
): Promise<readonly DueLead[]> {
  const unchanged = leads.flatMap((lead) =>
    lead.cause === UNCHANGED && (lead.previous !== null || (lead.others?.size ?? 0) > 0)
      ? [{ id: lead.id, resultId: currentResultId(lead, options.others) ?? NO_RESULT }]
      : [],
  );
  const states = await loadStates(
    tx,
    unchanged.map(({ id }) => id),
    options,
  );
  const keys = await loadRecordKeys(
    tx,
    unchanged.filter(({ id }) => states.has(id)),
    options,
  );
  const inputs = await loadInputs(
    tx,
    leads.flatMap(({ id }) => (states.has(id) ? [] : [id])),
    options,
  );
  return leads.map((lead) => toDueLead(lead, states.get(lead.id), inputs.get(lead.id), keys.get(lead.id)));
}

function toDueLead(
  { id, cause, priority, wasInScope, previous, others, isCurrent }: LockedDueLead,
  state: string | undefined,
  input: ScoringInput | undefined,
  keys: readonly DueRecord[] = [],
): DueLead {
  const lead = { id, cause, priority, wasInScope, previous, isCurrent, ...(others !== undefined && { others }) };
  if (state !== undefined) {
    return {
      ...lead,
      records: keys,
      activities: [],
      get state(): LeadStates {
        return JSON.parse(state);
      },
    };
  }
  return {
    ...lead,
    records: input?.records ?? [],
    get activities() {
      return input?.activities ?? [];
    },
  };
}

/** The id of no result: no record holds it, so that the CRM's values of all records are loaded. */
const NO_RESULT = 0;

/** The same leads with the CRM's values of all their records. */
export async function withCrmValues(
  tx: Tx,
  leads: readonly DueLead[],
  options: LoadOptions,
): Promise<readonly DueLead[]> {
  const keys = await loadRecordKeys(
    tx,
    leads.map(({ id }) => ({ id, resultId: NO_RESULT })),
    options,
  );
  return leads.map((lead) => ({ ...lead, records: keys.get(lead.id) ?? [] }));
}
