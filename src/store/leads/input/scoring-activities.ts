// The activities that leads are scored from, one row for each lead: twenty rows of a lead cost Postgres and Node
// more than everything else of its scoring.
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Activity, Fields } from '../../../domain/lead.ts';
import { SITE_EVENTS_STREAM } from '../../../domain/site-event.ts';
import type { Tables } from '../../tables/tables.ts';

export interface DueActivity extends Activity {
  readonly crm: string;
  /** It comes from the team's own site or product (`POST /events`), from no CRM. */
  readonly isFromSite: boolean;
}

interface Wanted {
  /** The activity types that matter; others are left out. */
  readonly types: readonly string[];
  /** Leads with one record, which is scored. Their activities need neither a CRM nor an id: each is there once. */
  readonly ofOneRecord: readonly number[];
  /** Leads with several records, all of which are scored. */
  readonly ofSeveral: readonly number[];
  /** Leads with a record that is not scored. */
  readonly ofMixed: readonly number[];
  /** Whether a record `r` is scored. */
  readonly isScored: RawBuilder<boolean>;
}

type ReadActivities = () => readonly DueActivity[];

/** By lead, a function that parses its activities; a lead without activities is absent. */
export async function loadActivities(
  db: Kysely<Tables>,
  { types, ofOneRecord, ofSeveral, ofMixed, isScored }: Wanted,
): Promise<ReadonlyMap<number, ReadActivities>> {
  const short = await listsOf(db, ofOneRecord, types, shortList(types));
  const full = await listsOf(db, ofSeveral, types, fullList(types));
  const ofScored = await listsOf(db, ofMixed, types, fullList(types), isOfScoredRecord(isScored));
  return new Map([
    ...short.map(({ lead_id, list }) => [lead_id, () => parseShort(list, types)] as const),
    ...[...full, ...ofScored].map(({ lead_id, list }) => [lead_id, () => parseFull(list, types)] as const),
  ]);
}

/** For leads with a record that is not scored. Others need no look-up of the record of each activity. */
function isOfScoredRecord(isScored: RawBuilder<boolean>): RawBuilder<boolean> {
  return sql<boolean>`exists (
        select from leadgrade.records r
        where r.crm = a.crm and r.object = a.object and r.id = a.record_id and r.lead_id = a.lead_id
          and (${isScored} or a.stream = ${SITE_EVENTS_STREAM} and r.state <> 'merged' and r.erased_at is null)
      )`;
}

/** The number of the type, the instant in milliseconds, and the attributes. */
function keyParts(types: readonly string[]): RawBuilder<unknown> {
  return sql`array_position(${types}::text[], type), ',', (date_part('epoch', at) * 1000)::bigint, ',', attributes`;
}

/** Not in order: the index returns the oldest first, and scoring sorts them otherwise. */
function shortList(types: readonly string[]): RawBuilder<string> {
  return sql<string>`string_agg(concat(${keyParts(types)}), '],[')`;
}

function fullList(types: readonly string[]): RawBuilder<string> {
  return sql<string>`string_agg(concat(${keyParts(types)}, ',', to_json(crm), ',', to_json(id), ',',
          case when stream = ${SITE_EVENTS_STREAM} then 'true' else 'false' end), '],[' order by at, id)`;
}

interface ListRow {
  readonly lead_id: number;
  readonly list: string;
}

/** Lateral: otherwise a plan without statistics reads the activities of all leads. */
async function listsOf(
  db: Kysely<Tables>,
  leadIds: readonly number[],
  types: readonly string[],
  list: RawBuilder<string>,
  counts: RawBuilder<boolean> = sql`true`,
): Promise<readonly ListRow[]> {
  if (leadIds.length === 0) return [];
  const { rows } = await sql<ListRow>`
    select l.id as lead_id, a.list from unnest(${leadIds}::bigint[]) as l (id)
    cross join lateral (
      select ${list} as list from leadgrade.activities a
      where a.lead_id = l.id and a.gone_at is null and type = any(${types}::text[]) and ${counts}
    ) a where a.list is not null`.execute(db);
  return rows;
}

type Short = readonly [type: number, at: number, attributes: Fields];
type Full = readonly [...Short, crm: string, id: string, isFromSite: boolean];

function parseShort(list: string, types: readonly string[]): readonly DueActivity[] {
  const parsed: readonly Short[] = JSON.parse(`[[${list}]]`);
  return parsed.map(([type, at, attributes], index) => {
    return { crm: '', id: String(index), type: types[type - 1] ?? '', at, attributes, isFromSite: false };
  });
}

function parseFull(list: string, types: readonly string[]): readonly DueActivity[] {
  const parsed: readonly Full[] = JSON.parse(`[[${list}]]`);
  return parsed.map(([type, at, attributes, crm, id, isFromSite]) => {
    return { crm, id, type: types[type - 1] ?? '', at, attributes, isFromSite };
  });
}
