// The stored inputs of a scoring: the records of leads and their activities.
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Activity, Fields } from '../../domain/lead.ts';
import type { ScoreFieldValues } from '../../domain/score-fields.ts';
import { SITE_EVENTS_STREAM } from '../../domain/site-event.ts';
import type { Tables } from '../tables/tables.ts';

/** A record of a lead in one CRM, with the present values of the score fields. */
export interface DueRecord {
  readonly crm: string;
  readonly object: string;
  readonly id: string;
  readonly fields: Fields;
  readonly crm_values: ScoreFieldValues;
  readonly last_written_values: ScoreFieldValues | null;
  readonly synced_result_id: number | null;
}

export interface DueActivity extends Activity {
  readonly crm: string;
  /** It comes from the team's own site or product (`POST /events`), from no CRM. */
  readonly isFromSite: boolean;
}

type OfLead<T> = T & { readonly lead_id: number };

interface ScoringInput {
  readonly records: readonly OfLead<DueRecord>[];
  /** By lead; a lead without activities is absent. The oldest first. */
  readonly activities: ReadonlyMap<number, readonly DueActivity[]>;
}

/**
 * Loads the live records of these leads that were read, of the CRMs `crms`, and the activities of
 * these records. Activities on the team's own site count whichever record they are stored with.
 */
export async function recordsAndActivities(
  db: Kysely<Tables>,
  leadIds: readonly number[],
  crms: readonly string[],
): Promise<ScoringInput> {
  const { rows } = await sql<OfLead<DueRecord> & { is_scored: boolean }>`
    select lead_id, crm, object, id, is_scored, fields, crm_values, last_written_values, synced_result_id
    from leadgrade.records r
    cross join lateral (select ${isScored(crms)} as is_scored) s
    where lead_id = any(${leadIds}::bigint[]) order by crm, object, id`.execute(db);
  const records = rows.flatMap(({ is_scored, ...record }) => (is_scored ? [record] : []));
  const mixed = new Set(rows.flatMap(({ is_scored, lead_id }) => (is_scored ? [] : [lead_id])));
  const plain = leadIds.filter((id) => !mixed.has(id));
  const ofPlain = await activitiesOf(db, plain, sql`true`);
  const ofMixed = await activitiesOf(db, [...mixed], isOfScoredRecord(crms));
  return { records, activities: new Map([...ofPlain, ...ofMixed]) };
}

function isScored(crms: readonly string[]): RawBuilder<boolean> {
  return sql<boolean>`r.state = 'live' and r.read_at is not null and r.crm = any(${crms}::text[])`;
}

/** For leads with a record that is not scored. Others need no look-up of the record of each activity. */
function isOfScoredRecord(crms: readonly string[]): RawBuilder<boolean> {
  return sql<boolean>`exists (
        select from leadgrade.records r
        where r.crm = a.crm and r.object = a.object and r.id = a.record_id and r.lead_id = a.lead_id
          and (${isScored(crms)} or a.stream = ${SITE_EVENTS_STREAM} and r.state <> 'merged' and r.erased_at is null)
      )`;
}

type ListedActivity = readonly [
  keys: readonly [crm: string, id: string, type: string],
  at: number,
  attributes: Fields,
  isFromSite: boolean,
];

/**
 * One row for each lead, with its activities as JSON: twenty rows of a lead cost Postgres and Node more
 * than everything else of its scoring. Lateral: otherwise a plan without statistics reads the
 * activities of all leads.
 */
async function activitiesOf(
  db: Kysely<Tables>,
  leadIds: readonly number[],
  counts: RawBuilder<boolean>,
): Promise<ReadonlyMap<number, readonly DueActivity[]>> {
  if (leadIds.length === 0) return new Map();
  const { rows } = await sql<{ lead_id: number; list: string | null }>`
    select l.id as lead_id, a.list from unnest(${leadIds}::bigint[]) as l (id)
    cross join lateral (
      select string_agg('[' || to_json(array[crm, id, type]) || ',' || round(date_part('epoch', at) * 1000) || ','
        || attributes || ',' || (stream = ${SITE_EVENTS_STREAM}) || ']', ',') as list
      from (
        select * from leadgrade.activities a where a.lead_id = l.id and a.gone_at is null and ${counts} order by a.at, a.id
      ) a
    ) a where a.list is not null`.execute(db);
  return new Map(rows.map(({ lead_id, list }) => [lead_id, parseList(list ?? '')]));
}

function parseList(list: string): readonly DueActivity[] {
  const parsed: readonly ListedActivity[] = JSON.parse(`[${list}]`);
  return parsed.map(([[crm, id, type], at, attributes, isFromSite]) => ({ crm, id, type, at, attributes, isFromSite }));
}
