// Records: a person in one CRM, as it was last read. Every statement takes a chunk.
import { isDeepStrictEqual } from 'node:util';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { DirtyRecord, LeadSnapshot, RecordLink, RecordRef } from '../../domain/crm-changes.ts';
import type { Fields } from '../../domain/lead.ts';
import { PRIORITY, type Priority } from '../../domain/priority.ts';
import type { ScoreFieldValues } from '../../domain/score-fields.ts';
import { saveLifecycleOutcomes } from '../activities/outcomes.ts';
import type { Claim } from '../claim.ts';
import { enqueueForMatching } from '../identity/match-queue.ts';
import { equalLinks, LINKS_OF_RECORD, saveLinks } from '../identity/record-links.ts';
import { jsonRows } from '../json-rows.ts';
import { ensureRecords } from '../leads/ensure-records.ts';
import { lockLeadsOfRecords, markDue } from '../leads/mark-due.ts';
import { replaceReadErrors } from '../leads/record-errors.ts';
import type { RecordState, Tables } from '../tables/tables.ts';
import { detectConflicts, type EditPolicy, saveConflicts } from './field-conflicts.ts';
import { debounceInterval } from './mark-dirty.ts';

interface StoredRecord {
  readonly object: string;
  readonly id: string;
  readonly lead_id: number;
  readonly state: RecordState;
  readonly fields: Fields;
  readonly crm_values: ScoreFieldValues;
  readonly last_written_values: ScoreFieldValues | null;
  readonly unsent: ScoreFieldValues | null;
  readonly read_at: Date | null;
  readonly links: readonly RecordLink[];
}

type Tx = Transaction<Tables>;

export function refKey(ref: RecordRef): string {
  return `${ref.object}/${ref.id}`;
}

async function lookUp(tx: Tx, crm: string, refs: readonly RecordRef[]): Promise<Map<string, StoredRecord>> {
  const { rows } = await sql<StoredRecord>`
    select r.object, r.id, r.lead_id, r.state, r.fields, r.crm_values, r.last_written_values, o.patch as unsent, r.read_at,
      ${LINKS_OF_RECORD} as links
    from leadgrade.records r
    left join leadgrade.outbox o on o.crm = r.crm and o.object = r.object and o.record_id = r.id
    join ${jsonRows(refs)} as t (object text, id text) on r.object = t.object and r.id = t.id
    where r.crm = ${crm}`.execute(tx);
  return new Map(rows.map((row) => [refKey(row), row]));
}

export interface SaveOptions {
  readonly crm: string;
  readonly now: Date;
  /** Just before the CRM was asked: what was read later than that is newer, and stays. */
  readonly askedAt: Date;
  readonly fullSyncRunId?: number | null;
  /** What is done when somebody else has written one of our fields, for the history. Absent: it is overwritten. */
  readonly whenEdited?: EditPolicy;
  /** One that was marked again while it was read is not read again before this has passed (ms). Absent: at once. */
  readonly debounceMs?: number;
  /** The dirty marks that this read answers; one that was made anew since stays. */
  readonly claimed?: readonly ClaimedRecord[];
}

export interface ClaimedRecord extends RecordRef {
  readonly dirty_at: Date;
  readonly priority: Priority;
}

/** Keeps records as they were read; marks the leads due whose fields or whose fields of ours differ from what was known. */
export async function saveSnapshots(tx: Tx, read: readonly LeadSnapshot[], options: SaveOptions): Promise<void> {
  if (read.length === 0) return;
  const { crm, now, askedAt } = options;
  const refs = read.map((snapshot) => snapshot.ref);
  await ensureRecords(tx, crm, refs, now, 'being-read');
  await lockLeadsOfRecords(tx, crm, refs);
  const known = await lookUp(tx, crm, refs);
  const marks = new Map((options.claimed ?? []).map((claim) => [refKey(claim), claim.dirty_at]));
  const snapshots = read.filter(({ ref }) => (known.get(refKey(ref))?.read_at ?? askedAt) <= askedAt);
  const changed = snapshots.filter((snapshot) => differs(known.get(refKey(snapshot.ref)), snapshot));
  await keepHistory(tx, crm, changed, known, now);
  const conflicts = changed.flatMap(({ ref, crmValues }) => {
    const before = known.get(refKey(ref));
    if (before === undefined) return [];
    const { crm_values, last_written_values: lastWritten, unsent } = before;
    return detectConflicts({ ...ref, before: crm_values, crmValues, lastWritten, unsent });
  });
  await saveConflicts(tx, crm, conflicts, { policy: options.whenEdited ?? 'overwrite', now });
  await enqueueForMatching(
    tx,
    crm,
    snapshots.filter((snapshot) => isTiedAnew(known.get(refKey(snapshot.ref)), snapshot)).map(({ ref }) => ref),
  );
  await saveLinks(
    tx,
    crm,
    snapshots.filter(({ ref, links }) => !equalLinks(known.get(refKey(ref))?.links, links)),
  );
  const isChanged = new Set(changed);
  // What is there already is not sent again: most that is read again in a storm is as it was.
  const rows = snapshots.map((snapshot) => ({
    ...snapshot.ref,
    ...(isChanged.has(snapshot) ? { fields: snapshot.fields, held: snapshot.crmValues } : {}),
    company_id: snapshot.companyId,
    modified_at: snapshot.modifiedAt,
    claimed_mark: marks.get(refKey(snapshot.ref)) ?? null,
    counters: snapshot.counters ?? {},
  }));
  await sql`
    update leadgrade.records r
    set state = 'live', merged_into = null, merged_into_object = null, erased_at = null, fields = coalesce(t.fields, r.fields), company_id = t.company_id, modified_at = t.modified_at,
        read_at = ${askedAt}, crm_values = coalesce(t.crm_values, r.crm_values), last_full_sync_run_id = coalesce(${options.fullSyncRunId ?? null}::bigint, r.last_full_sync_run_id),
        synced_result_id = case when r.crm_values = coalesce(t.crm_values, r.crm_values) then r.synced_result_id end,
        dirty_at = case when r.dirty_at is distinct from t.claimed_mark then r.dirty_at end,
        claimed_by = case when t.claimed_mark is null then r.claimed_by end,
        claimed_until = case when t.claimed_mark is null then r.claimed_until end, counters = t.counters,
        debounced_until = case when r.dirty_at is distinct from t.claimed_mark
          then ${askedAt}::timestamptz + ${debounceInterval(options.debounceMs ?? 0, sql`r.priority`)} end,
        priority = case when r.dirty_at is distinct from t.claimed_mark then r.priority else ${PRIORITY.change}::smallint end,
        counters_changed_at = case when r.counters = t.counters then r.counters_changed_at else ${now} end
    from ${jsonRows(rows)} as t (object text, id text, fields jsonb, crm_values jsonb, company_id text,
      modified_at timestamptz, claimed_mark timestamptz, counters jsonb)
    where r.crm = ${crm} and r.object = t.object and r.id = t.id`.execute(tx);
  const priorities = new Map((options.claimed ?? []).map((claim) => [refKey(claim), claim.priority]));
  const byPriority = Map.groupBy(changed, ({ ref }) => priorities.get(refKey(ref)) ?? PRIORITY.change);
  for (const [priority, each] of byPriority) {
    const due = each.flatMap(({ ref }) => known.get(refKey(ref))?.lead_id ?? []);
    await markDue(tx, due, 'changed', now, { priority });
  }
  await saveLifecycleOutcomes(tx, snapshots, { crm, now });
  await replaceReadErrors(tx, crm, snapshots, now);
}

function differs(stored: StoredRecord | undefined, snapshot: LeadSnapshot): boolean {
  if (!stored || stored.read_at === null || stored.state !== 'live') return true;
  return (
    !isDeepStrictEqual(stored.fields, snapshot.fields) || !isDeepStrictEqual(stored.crm_values, snapshot.crmValues)
  );
}

/** Whether it may be another person's record than was thought, as far as it says so itself. */
function isTiedAnew(stored: StoredRecord | undefined, { fields, links }: LeadSnapshot): boolean {
  if (!stored || stored.read_at === null || stored.state !== 'live') return true;
  const address = (of: Fields) => of['contact.email'] ?? null;
  return !isDeepStrictEqual(address(stored.fields), address(fields)) || !equalLinks(stored.links, links);
}

async function keepHistory(
  tx: Tx,
  crm: string,
  changed: readonly LeadSnapshot[],
  known: ReadonlyMap<string, StoredRecord>,
  now: Date,
): Promise<void> {
  const rows = changed.flatMap(({ ref, fields, modifiedAt }) => {
    const before = known.get(refKey(ref))?.fields ?? {};
    const moved = Object.entries(fields).filter(([field, value]) => !isDeepStrictEqual(before[field] ?? null, value));
    return moved.map(([field, value]) => ({ ...ref, field, value, valid_from: modifiedAt }));
  });
  if (rows.length === 0) return;
  await sql`
    insert into leadgrade.field_values (crm, object, record_id, field, value, valid_from, seen_at)
    select ${crm}, object, id, field, coalesce(value, 'null'), valid_from, ${now}
    from ${jsonRows(rows)} as t (object text, id text, field text, value jsonb, valid_from timestamptz)
    on conflict do nothing`.execute(tx);
}

/** Marks records for re-reading; one whose seen values equal what is stored is left alone. Gives the number marked. */
export async function markDirty(tx: Tx, crm: string, dirty: readonly DirtyRecord[], now: Date): Promise<number> {
  if (dirty.length === 0) return 0;
  const refs = dirty.map((each) => each.ref);
  await ensureRecords(tx, crm, refs, now);
  await lockLeadsOfRecords(tx, crm, refs);
  const known = await lookUp(tx, crm, refs);
  const isAsSeen = (each: DirtyRecord) => isKnownAsSeen(known.get(refKey(each.ref)), each);
  await noteCounters(tx, crm, dirty.filter(isAsSeen), now);
  const marked = dirty.filter((each) => !isAsSeen(each)).map((each) => each.ref);
  if (marked.length === 0) return 0;
  await sql`
    update leadgrade.records r set dirty_at = ${now}
    from ${jsonRows(marked)} as t (object text, id text)
    where r.crm = ${crm} and r.object = t.object and r.id = t.id and r.erased_at is null`.execute(tx);
  return marked.length;
}

/** Keeps the counters that a search showed; those that moved are to be dated (counters.ts). */
async function noteCounters(tx: Tx, crm: string, dirty: readonly DirtyRecord[], now: Date): Promise<void> {
  const rows = dirty.flatMap(({ ref, seen }) =>
    seen?.counters === undefined ? [] : [{ ...ref, counters: seen.counters }],
  );
  if (rows.length === 0) return;
  await sql`
    update leadgrade.records r set counters = t.counters, counters_changed_at = ${now}
    from ${jsonRows(rows)} as t (object text, id text, counters jsonb)
    where r.crm = ${crm} and r.object = t.object and r.id = t.id and r.counters <> t.counters`.execute(tx);
}

function isKnownAsSeen(stored: StoredRecord | undefined, { seen }: DirtyRecord): boolean {
  if (!stored || !seen || stored.read_at === null || stored.state !== 'live') return false;
  const fields = Object.entries(seen.fields).every(([field, value]) =>
    isDeepStrictEqual(stored.fields[field] ?? null, value),
  );
  const links = seen.links === undefined || equalLinks(stored.links, seen.links);
  return fields && links && isDeepStrictEqual(stored.crm_values, seen.crmValues);
}

/**
 * Takes dirty records for re-reading, the most wanted and then the oldest first; by nothing else, as many may have one instant. Those
 * that were read a moment ago wait. A claim ends by itself, or when the same claimant comes again.
 */
export async function claimDirty(db: Kysely<Tables>, claim: Claim): Promise<readonly ClaimedRecord[]> {
  // Materialized: a plan that runs the selection once a row would take more than the limit.
  const { rows } = await sql<ClaimedRecord>`
    with t as materialized (
      select object, id from leadgrade.records
      where crm = ${claim.crm} and dirty_at is not null
        and (claimed_until is null or claimed_until <= ${claim.now} or claimed_by = ${claim.by})
        and (debounced_until is null or debounced_until <= ${claim.now})
      order by priority, dirty_at limit ${claim.limit} for update skip locked
    )
    update leadgrade.records r set claimed_by = ${claim.by}, claimed_until = ${claim.until}
    from t where r.crm = ${claim.crm} and r.object = t.object and r.id = t.id
    returning r.object, r.id, r.dirty_at, r.priority`.execute(db);
  // They come as the plan has it.
  return rows.toSorted((a, b) => a.priority - b.priority || a.dirty_at.getTime() - b.dirty_at.getTime());
}

/** When the next of the records that wait because they were read a moment ago may be read; null = none waits. */
export async function nextDebounceEnd(db: Kysely<Tables>, crm: string, now: Date): Promise<Date | null> {
  const { rows } = await sql<{ end: Date | null }>`
    select min(debounced_until) as end from leadgrade.records
    where crm = ${crm} and dirty_at is not null and debounced_until > ${now}`.execute(db);
  return rows[0]?.end ?? null;
}
