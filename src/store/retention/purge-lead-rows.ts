// Deletes the old activities and former field values of leads, in batches of leads of one transaction
// each. Each night looks at a seventh of the leads: what became old in a day is too little for its reading.
// The position is saved with each batch, so a killed purge goes on there.
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import { withLockedLeadIds } from '../leads/lock-leads.ts';
import type { Tables } from '../tables/tables.ts';
import { lockPosition, savePosition } from './positions.ts';

interface PurgeOptions {
  /** Field values that were replaced before are deleted. */
  readonly replacedBefore: Date;
  /** Ends the purge after a batch. */
  readonly signal: AbortSignal;
}

export interface PurgedLeadRows {
  readonly activities: number;
  readonly fieldValues: number;
}

const NIGHTS = 7;
/** Leads that one batch looks at. */
const BATCH = 2_000;

/** Activities are deleted as `activity_bounds` says. */
export async function purgeLeadRows(db: Kysely<Tables>, options: PurgeOptions): Promise<PurgedLeadRows> {
  const { rows } = await sql<{ last: number }>`select coalesce(max(id), 0) as last from leadgrade.leads`.execute(db);
  const last = rows[0]?.last ?? 0;
  const purged = { activities: 0, fieldValues: 0 };
  const target = Math.ceil(last / NIGHTS);
  for (let seen = 0; seen < target && !options.signal.aborted; ) {
    const batch = await db.transaction().execute((tx) => purgeBatch(tx, { ...options, last, limit: target - seen }));
    purged.activities += batch.activities;
    purged.fieldValues += batch.fieldValues;
    seen += batch.leads;
  }
  return purged;
}

interface BatchOptions extends PurgeOptions {
  /** The last lead. Behind it, the purge begins at the first one. */
  readonly last: number;
  readonly limit: number;
}

async function purgeBatch(
  tx: Transaction<Tables>,
  { last, limit, replacedBefore }: BatchOptions,
): Promise<PurgedLeadRows & { readonly leads: number }> {
  const position = await lockPosition(tx, 'leads');
  const from = position >= last ? 0 : position;
  const to = Math.min(last, from + Math.min(BATCH, limit));
  const leads = { after: from, until: to };
  const activities = await deleteActivities(tx, leads);
  const fieldValues = await deleteFieldValues(tx, leads, replacedBefore);
  await savePosition(tx, 'leads', to);
  return { activities, fieldValues, leads: to - from };
}

interface LeadRange {
  readonly after: number;
  readonly until: number;
}

/** The leads are locked first, as by every change of activities: two such transactions cannot deadlock. */
async function deleteActivities(tx: Transaction<Tables>, { after, until }: LeadRange): Promise<number> {
  const expired = expiredActivities(sql`a.lead_id > ${after} and a.lead_id <= ${until}`);
  const { rows } = await sql<{ lead_id: number }>`select distinct lead_id from (${expired}) e`.execute(tx);
  if (rows.length === 0) return 0;
  const ids = rows.map(({ lead_id }) => lead_id);
  return withLockedLeadIds(tx, ids, async () => {
    const { numAffectedRows = 0n } = await sql`
      delete from leadgrade.activities a using (${expiredActivities(sql`a.lead_id = any(${ids}::bigint[])`)}) e
      where a.crm = e.crm and a.object = e.object and a.record_id = e.record_id and a.id = e.id`.execute(tx);
    return Number(numAffectedRows);
  });
}

/**
 * Those before their bound but for the latest of each record, stream and type: an absence rule needs one, however
 * old. It is that of the record, because a record can move to another lead.
 */
function expiredActivities(ofLeads: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select crm, object, record_id, id, lead_id from (
      select a.crm, a.object, a.record_id, a.id, a.lead_id,
        row_number() over (partition by a.crm, a.object, a.record_id, a.stream, a.type order by a.at desc, a.id) as place
      from leadgrade.activities a
      join leadgrade.activity_bounds b on b.crm = a.crm and b.stream = a.stream and b.type = a.type and a.at < b.kept_from
      where ${ofLeads} and a.at < (select max(kept_from) from leadgrade.activity_bounds) and a.gone_at is null
    ) old where place > 1`;
}

async function deleteFieldValues(tx: Transaction<Tables>, { after, until }: LeadRange, before: Date): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from leadgrade.field_values v using leadgrade.records r
    where r.lead_id > ${after} and r.lead_id <= ${until}
      and v.crm = r.crm and v.object = r.object and v.record_id = r.id and v.seen_at < ${before}
      and exists (
        select from leadgrade.field_values n
        where n.crm = v.crm and n.object = v.object and n.record_id = v.record_id and n.field = v.field
          and n.seen_at > v.seen_at and n.seen_at < ${before}
      )`.execute(tx);
  return Number(numAffectedRows);
}

/** Tombstones that one statement deletes. */
const TOMBSTONES = 5_000;

/**
 * Deletes the tombstones of activities and deal outcomes. An item that the CRM lists again is saved as a
 * new one, as it would be restored.
 * @returns their number
 */
export async function purgeTombstones(
  db: Kysely<Tables>,
  { before, signal }: { readonly before: Date; readonly signal: AbortSignal },
): Promise<number> {
  let deleted = 0;
  for (const table of ['activities', 'deal_outcomes'] as const) {
    let count = TOMBSTONES;
    while (count === TOMBSTONES && !signal.aborted) {
      count = await db.transaction().execute((tx) => deleteTombstones(tx, table, before));
      deleted += count;
    }
  }
  return deleted;
}

async function deleteTombstones(
  tx: Transaction<Tables>,
  table: 'activities' | 'deal_outcomes',
  before: Date,
): Promise<number> {
  // A row that another transaction restores now is left to the next night.
  const { numAffectedRows = 0n } = await sql`
    delete from ${sql.table(`leadgrade.${table}`)} where (crm, object, record_id, id) in (
      select crm, object, record_id, id from ${sql.table(`leadgrade.${table}`)}
      where gone_at < ${before} limit ${TOMBSTONES} for update skip locked
    )`.execute(tx);
  return Number(numAffectedRows);
}
