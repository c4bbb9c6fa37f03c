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
  readonly activities: readonly OfLead<DueActivity>[];
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
  const activities = [
    ...(await allActivities(
      db,
      leadIds.filter((id) => !mixed.has(id)),
    )),
    ...(await activitiesOfScored(db, [...mixed], crms)),
  ];
  return { records, activities };
}

function isScored(crms: readonly string[]): RawBuilder<boolean> {
  return sql<boolean>`r.state = 'live' and r.read_at is not null and r.crm = any(${crms}::text[])`;
}

const COLUMNS = sql`a.lead_id, a.crm, a.id, a.type, (extract(epoch from a.at) * 1000)::double precision as at, a.attributes,
      a.stream = ${SITE_EVENTS_STREAM} as "isFromSite"`;

/** Of leads all of whose records are scored: the usual case, without a look-up of each activity's record. */
async function allActivities(db: Kysely<Tables>, leadIds: readonly number[]): Promise<readonly OfLead<DueActivity>[]> {
  if (leadIds.length === 0) return [];
  // Lateral: otherwise a plan without statistics reads the activities of all leads.
  const { rows } = await sql<OfLead<DueActivity>>`
    select a.* from unnest(${leadIds}::bigint[]) as l (id)
    cross join lateral (
      select ${COLUMNS} from leadgrade.activities a where a.lead_id = l.id and a.gone_at is null order by a.at, a.id
    ) a`.execute(db);
  return rows;
}

/** Of leads with a record that is not scored. */
async function activitiesOfScored(
  db: Kysely<Tables>,
  leadIds: readonly number[],
  crms: readonly string[],
): Promise<readonly OfLead<DueActivity>[]> {
  if (leadIds.length === 0) return [];
  const { rows } = await sql<OfLead<DueActivity>>`
    select ${COLUMNS} from leadgrade.activities a
    join leadgrade.records r on r.crm = a.crm and r.object = a.object and r.id = a.record_id
      and r.lead_id = any(${leadIds}::bigint[])
      and (${isScored(crms)} or a.stream = ${SITE_EVENTS_STREAM} and r.state <> 'merged' and r.erased_at is null)
    where a.lead_id = any(${leadIds}::bigint[]) and a.gone_at is null
    order by a.at, a.id`.execute(db);
  return rows;
}
