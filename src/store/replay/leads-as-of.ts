// What leads were scored from at an instant in the past: only what Leadgrade had read by then.
import { type Kysely, sql } from 'kysely';
import type { Fields } from '../../domain/lead.ts';
import { SITE_EVENTS_STREAM } from '../../domain/site-event.ts';
import type { DueActivity } from '../leads/input/scoring-activities.ts';
import type { EarlierResult } from '../leads/previous-result.ts';
import type { Tables } from '../tables/tables.ts';

export interface ResultThen extends EarlierResult {
  readonly as_of: Date;
}

export interface LeadAsOf {
  readonly id: number;
  readonly records: readonly {
    readonly crm: string;
    readonly object: string;
    readonly id: string;
    readonly fields: Fields;
  }[];
  readonly activities: readonly DueActivity[];
  /** When its records last changed; a score from before cannot be replayed. */
  readonly recordsChangedAt: Date | null;
  /** Activities that changed after the instant: they count as they are now. */
  readonly changedActivities: number;
  /** The last result of each model until then, by the key of the model; null = the first model. */
  readonly results: ReadonlyMap<string | null, ResultThen>;
}

interface Options {
  readonly at: Date;
  /** The CRMs that are set up. */
  readonly crms: readonly string[];
}

/** Those of the leads that had a record by then. */
export async function leadsAsOf(
  db: Kysely<Tables>,
  leadIds: readonly number[],
  options: Options,
): Promise<readonly LeadAsOf[]> {
  if (leadIds.length === 0) return [];
  const records = Map.groupBy(await recordsAsOf(db, leadIds, options), (record) => record.lead_id);
  const activities = Map.groupBy(await activitiesAsOf(db, leadIds, options), (activity) => activity.lead_id);
  const results = Map.groupBy(await resultsAsOf(db, leadIds, options.at), (result) => result.lead_id);
  const leads = await leadRows(db, leadIds);
  return leads.flatMap(({ id, records_changed_at }) => {
    const own = records.get(id) ?? [];
    const done = activities.get(id) ?? [];
    const last = results.get(id) ?? [];
    return own.length === 0
      ? []
      : [
          {
            id,
            records: own.map(({ lead_id: _, ...record }) => record),
            activities: done.map(({ crm, id: activity, type, at, attributes, isFromSite }) => {
              return { crm, id: activity, type, at, attributes, isFromSite };
            }),
            recordsChangedAt: records_changed_at,
            changedActivities: done.filter(({ changed }) => changed).length,
            results: new Map(last.map(({ lead_id: _, model, ...result }) => [model, result])),
          },
        ];
  });
}

interface LeadRow {
  readonly id: number;
  readonly records_changed_at: Date | null;
}

function leadRows(db: Kysely<Tables>, leadIds: readonly number[]): Promise<readonly LeadRow[]> {
  const leads = db.selectFrom('leads').select(['id', 'records_changed_at']).where('id', 'in', leadIds);
  return leads.orderBy('id').execute();
}

interface ResultRow extends ResultThen {
  readonly lead_id: number;
  readonly model: string | null;
}

async function resultsAsOf(db: Kysely<Tables>, leadIds: readonly number[], at: Date): Promise<readonly ResultRow[]> {
  const { rows } = await sql<ResultRow>`
    select distinct on (lead_id, model) lead_id, model, status, model_hash, as_of, fit_score, behavior_score, thresholds
    from leadgrade.results where lead_id = any(${leadIds}::bigint[]) and as_of <= ${at}
    order by lead_id, model, id desc`.execute(db);
  return rows;
}

type RecordRow = LeadAsOf['records'][number] & { readonly lead_id: number };

/** The fields by the last value that was read until then. */
async function recordsAsOf(
  db: Kysely<Tables>,
  leadIds: readonly number[],
  { at, crms }: Options,
): Promise<readonly RecordRow[]> {
  const { rows } = await sql<RecordRow>`
    select r.lead_id, r.crm, r.object, r.id, f.fields
    from leadgrade.records r cross join lateral (
      select jsonb_object_agg(field, value) filter (where value <> 'null') as fields, count(*) as known from (
        select distinct on (field) field, value from leadgrade.field_values v
        where v.crm = r.crm and v.object = r.object and v.record_id = r.id and v.seen_at <= ${at}
        order by field, seen_at desc, valid_from desc
      ) latest
    ) f
    where r.lead_id = any(${leadIds}::bigint[]) and r.state = 'live' and r.crm = any(${crms}::text[]) and f.known > 0
    order by r.crm, r.object, r.id`.execute(db);
  return rows.map((row) => ({ ...row, fields: row.fields ?? {} }));
}

type ActivityRow = DueActivity & { readonly lead_id: number; readonly changed: boolean };

async function activitiesAsOf(
  db: Kysely<Tables>,
  leadIds: readonly number[],
  { at, crms }: Options,
): Promise<readonly ActivityRow[]> {
  const { rows } = await sql<Omit<ActivityRow, 'at'> & { readonly at: Date }>`
    select a.lead_id, a.crm, a.id, a.type, a.at, a.attributes, a.stream = ${SITE_EVENTS_STREAM} as "isFromSite",
      coalesce(a.changed_at > ${at}, false) as changed
    from leadgrade.activities a
    join leadgrade.records r on r.crm = a.crm and r.object = a.object and r.id = a.record_id and r.lead_id = a.lead_id
    where a.lead_id = any(${leadIds}::bigint[]) and a.seen_at <= ${at} and (a.gone_at is null or a.gone_at > ${at})
      and (r.state = 'live' and r.crm = any(${crms}::text[])
        or a.stream = ${SITE_EVENTS_STREAM} and r.state <> 'merged' and r.erased_at is null)
    order by a.lead_id, a.at, a.id`.execute(db);
  return rows.map((row) => ({ ...row, at: row.at.getTime() }));
}

/** The ids of the next leads, in their order. */
export async function leadIdsAfter(db: Kysely<Tables>, after: number, limit: number): Promise<readonly number[]> {
  const rows = await db.selectFrom('leads').select('id').where('id', '>', after).orderBy('id').limit(limit).execute();
  return rows.map(({ id }) => id);
}
