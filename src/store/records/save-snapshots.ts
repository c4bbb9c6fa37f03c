// Saves records as they were read from a CRM, with their history, links, outcomes and errors. Every
// statement handles the whole chunk.
import { sql } from 'kysely';
import type { LeadSnapshot } from '../../domain/crm-changes.ts';
import { PRIORITY } from '../../domain/priority.ts';
import { saveLifecycleOutcomes } from '../activities/outcomes.ts';
import { enqueueForMatching } from '../identity/match-queue.ts';
import { addressesOf, equalAddresses, saveAddresses } from '../identity/record-addresses.ts';
import { equalLinks, saveLinks } from '../identity/record-links.ts';
import { jsonRows } from '../json-rows.ts';
import { ensureLockedRecords, type LockedLeads } from '../leads/lock-leads.ts';
import { markDue } from '../leads/mark-due.ts';
import { replaceReadErrors } from '../leads/record-errors.ts';
import { saveRecordsChanged } from '../replay/records-changed.ts';
import type { ClaimedRecord } from './claim-dirty.ts';
import { debounceInterval } from './debounce.ts';
import { detectConflicts, type EditPolicy, saveConflicts } from './field-conflicts.ts';
import { saveFieldHistory } from './field-history.ts';
import { refKey } from './ref-key.ts';
import { findStoredRecords, isChanged, isIdentityChanged, type StoredRecords } from './stored-records.ts';

export interface SaveOptions {
  readonly crm: string;
  readonly now: Date;
  /**
   * The instant just before the request to the CRM. A record that was read later is newer and
   * stays.
   */
  readonly askedAt: Date;
  readonly fullSyncRunId?: number | null;
  /** Stored with each conflict, for the history. Default: `overwrite`. */
  readonly editPolicy?: EditPolicy;
  /** Debounce window (ms) of a record that was marked dirty again during the read. Default: 0. */
  readonly debounceMs?: number;
  /** The dirty flags that this read clears. A flag that was set again since then stays. */
  readonly claimed?: readonly ClaimedRecord[];
}

/** Saves records. Leads become due if mapped fields or score fields of their record changed. */
export async function saveSnapshots(
  locked: LockedLeads,
  read: readonly LeadSnapshot[],
  options: SaveOptions,
): Promise<void> {
  if (read.length === 0) return;
  const { crm, now, askedAt } = options;
  const { tx } = locked;
  const refs = read.map((snapshot) => snapshot.ref);
  await ensureLockedRecords(locked, crm, refs, now, 'being-read');
  const stored = await findStoredRecords(tx, crm, refs);
  const snapshots = read.filter(({ ref }) => (stored.get(refKey(ref))?.read_at ?? askedAt) <= askedAt);
  const changed = snapshots.filter((snapshot) => isChanged(stored.get(refKey(snapshot.ref)), snapshot));
  await saveFieldHistory(tx, crm, changed, stored, now);
  await saveEdits(locked, changed, stored, options);
  await saveRecordsChanged(locked, leadsOfRestored(changed, stored), now);
  await enqueueForMatching(
    tx,
    crm,
    snapshots.filter((snapshot) => isIdentityChanged(stored.get(refKey(snapshot.ref)), snapshot)).map(({ ref }) => ref),
  );
  await saveLinks(
    tx,
    crm,
    snapshots.filter(({ ref, links }) => !equalLinks(stored.get(refKey(ref))?.links, links)),
  );
  await saveAddresses(
    tx,
    crm,
    snapshots.filter((snapshot) => {
      return !equalAddresses(stored.get(refKey(snapshot.ref))?.addresses ?? [], addressesOf(snapshot));
    }),
  );
  await updateRecords(locked, snapshots, new Set(changed), options);
  await markChangedDue(locked, changed, stored, options);
  await saveLifecycleOutcomes(locked, snapshots, { crm, now });
  await replaceReadErrors(tx, crm, snapshots, now);
}

/** A record that was deleted or merged, and is there again. */
function leadsOfRestored(changed: readonly LeadSnapshot[], stored: StoredRecords): readonly number[] {
  return changed.flatMap(({ ref }) => {
    const before = stored.get(refKey(ref));
    return before === undefined || before.state === 'live' ? [] : [before.lead_id];
  });
}

/** Saves the edits of score fields by others. */
async function saveEdits(
  { tx }: LockedLeads,
  changed: readonly LeadSnapshot[],
  stored: StoredRecords,
  { crm, now, editPolicy = 'overwrite' }: SaveOptions,
): Promise<void> {
  const conflicts = changed.flatMap(({ ref, crmValues }) => {
    const before = stored.get(refKey(ref));
    if (before === undefined) return [];
    const { crm_values, last_written_values: lastWritten, unsent } = before;
    return detectConflicts({ ...ref, before: crm_values, crmValues, lastWritten, unsent });
  });
  await saveConflicts(tx, crm, conflicts, { policy: editPolicy, now });
}

async function updateRecords(
  { tx }: LockedLeads,
  snapshots: readonly LeadSnapshot[],
  changed: ReadonlySet<LeadSnapshot>,
  { crm, now, askedAt, fullSyncRunId = null, debounceMs = 0, claimed = [] }: SaveOptions,
): Promise<void> {
  const dirtyAt = new Map(claimed.map((claim) => [refKey(claim), claim.dirty_at]));
  // Equal values are not sent again: during a burst, most records that are read again are
  // unchanged.
  const rows = snapshots.map((snapshot) => ({
    ...snapshot.ref,
    ...(changed.has(snapshot) ? { fields: snapshot.fields, crm_values: snapshot.crmValues } : {}),
    company_id: snapshot.companyId,
    modified_at: snapshot.modifiedAt,
    claimed_dirty_at: dirtyAt.get(refKey(snapshot.ref)) ?? null,
    counters: snapshot.counters ?? {},
  }));
  const isDirtyAgain = sql`r.dirty_at is distinct from t.claimed_dirty_at`;
  await sql`
    update leadgrade.records r
    set state = 'live', merged_into = null, merged_into_object = null, erased_at = null,
        fields = coalesce(t.fields, r.fields), company_id = t.company_id, modified_at = t.modified_at,
        read_at = ${askedAt}, crm_values = coalesce(t.crm_values, r.crm_values),
        last_full_sync_run_id = coalesce(${fullSyncRunId}::bigint, r.last_full_sync_run_id),
        synced_result_id = case when r.crm_values = coalesce(t.crm_values, r.crm_values) then r.synced_result_id end,
        dirty_at = case when ${isDirtyAgain} then r.dirty_at end,
        claimed_by = case when t.claimed_dirty_at is null then r.claimed_by end,
        claimed_until = case when t.claimed_dirty_at is null then r.claimed_until end, counters = t.counters,
        debounced_until = case when ${isDirtyAgain}
          then ${askedAt}::timestamptz + ${debounceInterval(debounceMs, sql`r.priority`)} end,
        priority = case when ${isDirtyAgain} then r.priority else ${PRIORITY.change}::smallint end,
        counters_changed_at = case when r.counters = t.counters then r.counters_changed_at else ${now} end
    from ${jsonRows(rows)} as t (object text, id text, fields jsonb, crm_values jsonb, company_id text,
      modified_at timestamptz, claimed_dirty_at timestamptz, counters jsonb)
    where r.crm = ${crm} and r.object = t.object and r.id = t.id`.execute(tx);
}

/** A lead gets the priority of the dirty flag that caused the read. */
async function markChangedDue(
  locked: LockedLeads,
  changed: readonly LeadSnapshot[],
  stored: StoredRecords,
  { now, claimed = [] }: SaveOptions,
): Promise<void> {
  const priorities = new Map(claimed.map((claim) => [refKey(claim), claim.priority]));
  const byPriority = Map.groupBy(changed, ({ ref }) => priorities.get(refKey(ref)) ?? PRIORITY.change);
  for (const [priority, snapshots] of byPriority) {
    const leads = snapshots.flatMap(({ ref }) => stored.get(refKey(ref))?.lead_id ?? []);
    await markDue(locked, leads, 'changed', now, { priority });
  }
}
