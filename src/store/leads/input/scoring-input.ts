// The stored inputs of a scoring: the records of leads and their activities.
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Fields } from '../../../domain/lead.ts';
import type { ScoreFieldValues } from '../../../domain/score-fields.ts';
import type { Tables } from '../../tables/tables.ts';
import { type DueActivity, loadActivities } from './scoring-activities.ts';

/** A record of a lead in one CRM, with the present values of the score fields. */
export interface DueRecord {
  readonly crm: string;
  readonly object: string;
  readonly id: string;
  readonly fields: Fields;
  /** Null: not loaded, because the CRM holds the lead's present result. */
  readonly crm_values: ScoreFieldValues | null;
  readonly last_written_values: ScoreFieldValues | null;
  readonly synced_result_id: number | null;
}

/** What the scoring of stored leads depends on besides them. */
export interface InputOptions {
  /** The CRMs that are set up. */
  readonly crms: readonly string[];
  /** The activity types that the model reads; others are not loaded. */
  readonly types: readonly string[];
}

export interface ScoringInput {
  /** Sorted by CRM, object and id. */
  readonly records: readonly DueRecord[];
  /** In any order. */
  readonly activities: readonly DueActivity[];
}

type RecordRow = DueRecord & { readonly lead_id: number; readonly is_scored: boolean };

/**
 * The live records of these leads that were read, of the CRMs `crms`, and the activities of these
 * records, by lead. Activities on the team's own site count whichever record they are stored with.
 */
export async function loadInputs(
  db: Kysely<Tables>,
  leadIds: readonly number[],
  { crms, types }: InputOptions,
): Promise<ReadonlyMap<number, ScoringInput>> {
  if (leadIds.length === 0) return new Map();
  const { rows } = await sql<RecordRow>`
    select lead_id, crm, object, id, ${isScored(crms)} as is_scored, fields, crm_values, last_written_values, synced_result_id
    from leadgrade.records r where lead_id = any(${leadIds}::bigint[]) order by crm, object, id`.execute(db);
  const byLead = Map.groupBy(rows, ({ lead_id }) => lead_id);
  const ofLeads = leadIds.map((id) => [id, byLead.get(id) ?? []] as const);
  const ids = (wanted: (records: readonly RecordRow[]) => boolean) =>
    ofLeads.flatMap(([id, records]) => (wanted(records) ? [id] : []));
  const isMixed = (records: readonly RecordRow[]) => records.some(({ is_scored }) => !is_scored);
  const activities = await loadActivities(db, {
    types,
    ofOneRecord: ids((records) => records.length === 1 && !isMixed(records)),
    ofSeveral: ids((records) => records.length > 1 && !isMixed(records)),
    ofMixed: ids(isMixed),
    isScored: isScored(crms),
  });
  return new Map(
    ofLeads.map(([id, records]) => [
      id,
      new StoredInput(
        records.filter(({ is_scored }) => is_scored),
        activities.get(id),
      ),
    ]),
  );
}

/** Reads the activities when they are asked for, so that those of a chunk are never in memory at once. */
class StoredInput implements ScoringInput {
  readonly records: readonly DueRecord[];
  readonly #read: (() => readonly DueActivity[]) | undefined;

  constructor(records: readonly DueRecord[], read: (() => readonly DueActivity[]) | undefined) {
    this.records = records;
    this.#read = read;
  }

  get activities(): readonly DueActivity[] {
    return this.#read?.() ?? [];
  }
}

/** A lead, and its present result. */
interface LeadResult {
  readonly id: number;
  readonly resultId: number;
}

/** The same records by lead, without fields, and without the CRM's values of those that hold the present result. */
export async function loadRecordKeys(
  db: Kysely<Tables>,
  leads: readonly LeadResult[],
  { crms }: InputOptions,
): Promise<ReadonlyMap<number, readonly DueRecord[]>> {
  if (leads.length === 0) return new Map();
  const ids = leads.map(({ id }) => id);
  const results = leads.map(({ resultId }) => resultId);
  // `offset 0`: without table statistics, the plan would read all records.
  const { rows } = await sql<Omit<RecordRow, 'fields' | 'is_scored'>>`
    select r.* from unnest(${ids}::bigint[], ${results}::bigint[]) as l (id, result_id)
    cross join lateral (
      select lead_id, crm, object, id, synced_result_id,
        case when synced_result_id is distinct from l.result_id then crm_values end as crm_values,
        case when synced_result_id is distinct from l.result_id then last_written_values end as last_written_values
      from leadgrade.records r where r.lead_id = l.id and ${isScored(crms)} offset 0
    ) r`.execute(db);
  return Map.groupBy(
    rows.map((row) => ({ ...row, fields: {} })),
    ({ lead_id }) => lead_id,
  );
}

function isScored(crms: readonly string[]): RawBuilder<boolean> {
  return sql<boolean>`(r.state = 'live' and r.read_at is not null and r.crm = any(${crms}::text[]))`;
}
