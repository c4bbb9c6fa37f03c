// The stored states of leads: a cache of what their fields and activities give (src/domain/lead.ts). Only
// the scoring of a lead that is due because time passed reads its state. Whatever changes fields, activities or
// records makes the lead due for another reason (`markDue`), and its scoring makes the state anew.
import { sql, type Transaction } from 'kysely';
import { arrayRows, jsonLines } from '../../array-rows.ts';
import { storableJson } from '../../json-rows.ts';
import type { Tables } from '../../tables/tables.ts';
import type { LockedLeads } from '../lock-leads.ts';
import type { ScoredLead } from '../scored-lead.ts';

type Tx = Transaction<Tables>;

export interface StateVersion {
  /** Hash of everything besides the lead that a state depends on. */
  readonly stateVersion: string;
  /** The instant for which leads are scored. */
  readonly asOf: Date;
}

/** The states of these leads that are valid, as JSON; a missing one is made from the lead's fields and activities. */
export async function loadStates(
  tx: Tx,
  leadIds: readonly number[],
  { stateVersion, asOf }: StateVersion,
): Promise<ReadonlyMap<number, string>> {
  if (leadIds.length === 0) return new Map();
  const { rows } = await sql<{ lead_id: number; state: string }>`
    select lead_id, state::text from leadgrade.lead_states
    where lead_id = any(${leadIds}::bigint[]) and version = ${stateVersion} and valid_from <= ${asOf}`.execute(tx);
  return new Map(rows.map(({ lead_id, state }) => [lead_id, state]));
}

export async function saveStates(
  tx: Tx,
  scored: readonly ScoredLead[],
  { stateVersion, asOf }: StateVersion,
): Promise<void> {
  // Without a next change, no scoring reads the state.
  const ended = scored.flatMap(({ leadId, nextChangeAt }) => (nextChangeAt === null ? [leadId] : []));
  if (ended.length > 0)
    await sql`delete from leadgrade.lead_states where lead_id = any(${ended}::bigint[])`.execute(tx);
  const states = scored.flatMap(({ leadId, state }) => (state ? [{ leadId, json: storableJson(state) }] : []));
  if (states.length === 0) return;
  const rows = arrayRows(['bigint', states.map(({ leadId }) => leadId)], jsonLines(states.map(({ json }) => json)));
  await sql`
    insert into leadgrade.lead_states (lead_id, version, valid_from, state)
    select lead_id, ${stateVersion}, ${asOf}, state::json from ${rows} as t (lead_id, state)
    on conflict (lead_id) do update
    set version = excluded.version, valid_from = excluded.valid_from, state = excluded.state`.execute(tx);
}

/** For leads that are deleted, or whose personal data is. */
export async function deleteStates({ tx }: LockedLeads, leadIds: readonly number[]): Promise<void> {
  await sql`delete from leadgrade.lead_states where lead_id = any(${leadIds}::bigint[])`.execute(tx);
}
