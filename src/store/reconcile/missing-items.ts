// The end of a comparison: stored items of its scope that the CRM did not list no longer exist. They
// get a tombstone, unless the listing is suspiciously short.
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import { tombstoneActivities } from '../activities/activities.ts';
import { tombstoneOutcomes } from '../activities/outcomes.ts';
import { withLockedLeads } from '../leads/lock-leads.ts';
import type { StreamKey } from '../sync/streams.ts';
import type { Tables } from '../tables/tables.ts';

/** Conditions that hold for every compared item; absent = all items of the stream. */
export interface Scope {
  readonly part?: string;
  readonly activityId?: string;
  readonly between?: { readonly after: number; readonly before: number | null };
  readonly isCounted?: true;
}

export type ComparisonEnd =
  | { readonly kind: 'compared'; readonly deleted: number }
  /** Too many items are missing: nothing was deleted. */
  | { readonly kind: 'not-trusted'; readonly known: number; readonly listed: number };

// An account loses few of its items in a day. If less than this share of the stored items of a
// scope is listed (a token with fewer rights, an outage that answers with an empty list), nothing is
// deleted.
const MIN_LISTED_SHARE = 0.5;
// A few missing items are no sign of an outage, whatever their share. If they were, the next night
// would restore them.
const ALWAYS_TRUSTED = 20;

/** @param startedAt items that were first read later are not compared */
export async function endComparison(
  db: Kysely<Tables>,
  key: StreamKey,
  scope: Scope,
  { startedAt, now }: { readonly startedAt: Date; readonly now: Date },
): Promise<ComparisonEnd> {
  const activities = await compareTable(db, key, { table: 'activities', scope, startedAt });
  const outcomes = await compareTable(db, key, { table: 'deal_outcomes', scope, startedAt });
  const known = activities.known + outcomes.known;
  const missing = activities.missing.length + outcomes.missing.length;
  const isTrusted =
    scope.isCounted === true || missing <= ALWAYS_TRUSTED || known - missing >= known * MIN_LISTED_SHARE;
  if (!isTrusted) return { kind: 'not-trusted', known, listed: known - missing };
  if (missing === 0) return { kind: 'compared', deleted: 0 };
  const deleted = await db.transaction().execute((tx) => {
    const refs = [...activities.missing, ...outcomes.missing].map(({ ref }) => ref);
    return withLockedLeads(tx, key.crm, refs, async (locked) => {
      const gone = activities.missing.map(({ ref, id }) => ({ ref, activityId: id }));
      const goneOutcomes = outcomes.missing.map(({ ref, id }) => ({ ref, outcomeId: id }));
      const removed = await tombstoneActivities(locked, key.crm, gone, now);
      return removed.length + (await tombstoneOutcomes(tx, key.crm, goneOutcomes, now));
    });
  });
  return { kind: 'compared', deleted };
}

interface Compared {
  readonly table: 'activities' | 'deal_outcomes';
  readonly scope: Scope;
  readonly startedAt: Date;
}

/**
 * Only items of live records: those of a deleted record stay for the review of the model, although
 * the CRM deletes them with the record.
 */
async function compareTable(
  db: Kysely<Tables>,
  { crm, stream }: StreamKey,
  { table, scope, startedAt }: Compared,
): Promise<{ known: number; missing: readonly { ref: RecordRef; id: string }[] }> {
  const known = sql`
    from ${sql.table(`leadgrade.${table}`)} a
    join leadgrade.records r on r.crm = a.crm and r.object = a.object and r.id = a.record_id and r.state = 'live'
    where a.crm = ${crm} and ${sql.ref(table === 'activities' ? 'a.stream' : 'a.source')} = ${stream}
      and a.gone_at is null and a.seen_at < ${startedAt} and ${scopeCondition(table, scope)}`;
  const { rows: counts } = await sql<{ known: number }>`select count(*)::int as known ${known}`.execute(db);
  const { rows } = await sql<{ object: string; record_id: string; id: string }>`
    select a.object, a.record_id, a.id ${known} and not exists (
      select from leadgrade.item_listing l
      where l.crm = a.crm and l.stream = ${stream} and l.object = a.object and l.record_id = a.record_id and l.id = a.id
    )`.execute(db);
  const missing = rows.map(({ object, record_id, id }) => ({ ref: { object, id: record_id }, id }));
  return { known: counts[0]?.known ?? 0, missing };
}

function scopeCondition(table: Compared['table'], { part, activityId, between }: Scope): RawBuilder<boolean> {
  const isLimited = part !== undefined || activityId !== undefined || between !== undefined;
  // An outcome has neither a part nor an instant.
  if (table === 'deal_outcomes') return isLimited ? sql<boolean>`false` : sql<boolean>`true`;
  const ofPart = part === undefined ? sql`true` : sql`a.part = ${part}`;
  const ofId = activityId === undefined ? sql`true` : sql`a.id = ${activityId}`;
  const ofTime = between === undefined ? sql`true` : timeCondition(between);
  return sql<boolean>`(${ofPart} and ${ofId} and ${ofTime})`;
}

function timeCondition({ after, before }: NonNullable<Scope['between']>): RawBuilder<unknown> {
  const isAfter = sql`a.at > ${new Date(after)}`;
  return before === null ? isAfter : sql`${isAfter} and a.at < ${new Date(before)}`;
}
