// Saves the dated events of counters as activities, with the new counter positions, in one
// transaction.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Counters, DatedEvents, RecordRef } from '../../domain/crm-changes.ts';
import { saveActivities, tombstoneActivities } from '../activities/activities.ts';
import { jsonRows } from '../json-rows.ts';
import { withLockedLeads } from '../leads/lock-leads.ts';
import { type RecordProblem, recordErrors } from '../leads/record-errors.ts';
import { refKey } from '../records/ref-key.ts';
import type { Tables } from '../tables/tables.ts';
import { type ClaimedCounters, positionsOf } from './claim-counters.ts';

type Tx = Transaction<Tables>;

interface SaveOptions {
  readonly crm: string;
  readonly now: Date;
  readonly claimed: readonly ClaimedCounters[];
}

/**
 * Saves the events and positions of the claimed records. Two kinds of findings are dropped: those
 * of a record with other positions than at the claim, which stays marked, and those of a disabled
 * counter.
 */
export async function saveDatedEvents(
  db: Kysely<Tables>,
  found: DatedEvents,
  { crm, now, claimed }: SaveOptions,
): Promise<void> {
  if (claimed.length === 0) return;
  await db.transaction().execute(async (tx) => {
    const counters = found.records.flatMap((record) => record.counters.map(({ counter }) => counter));
    const enabled = await lockEnabledCounters(tx, crm, [...new Set(counters)]);
    await withLockedLeads(tx, crm, claimed, async (locked) => {
      const unchanged = await lockUnchanged(tx, crm, claimed);
      const isUnchanged = (ref: RecordRef) => unchanged.has(refKey(ref));
      const events = found.activities.filter(({ ref, stream }) => isUnchanged(ref) && enabled.has(stream));
      for (const [stream, activities] of Map.groupBy(events, (activity) => activity.stream)) {
        await saveActivities(locked, activities, { crm, stream, now, fullSyncRunId: null });
      }
      await tombstoneActivities(
        locked,
        crm,
        found.gone.filter(({ ref }) => isUnchanged(ref)),
        now,
      );
      const positions = found.records
        .filter(({ ref }) => isUnchanged(ref))
        .flatMap((record) => record.counters.map((counter) => ({ ...counter, ref: record.ref })))
        .filter(({ counter }) => enabled.has(counter));
      await savePositions(tx, crm, positions);
      await replaceCounterErrors(tx, crm, positions, now);
      await releaseClaims(tx, crm, claimsToRelease(claimed.filter(isUnchanged), positions, found.notReturned), now);
    });
  });
}

/**
 * The enabled ones of these counters. They stay enabled until the transaction ends: only their
 * stream rows are locked, before the leads. A transaction that saves a page of another stream locks
 * leads and that stream, and cannot deadlock with this one.
 */
async function lockEnabledCounters(tx: Tx, crm: string, counters: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ stream: string }>`
    select stream from leadgrade.streams
    where crm = ${crm} and stream = any(${counters}::text[]) and unavailable_reason is null order by stream for share`.execute(
    tx,
  );
  return new Set(rows.map(({ stream }) => stream));
}

/** Locks the live records and returns those whose positions have not changed since the claim. */
async function lockUnchanged(tx: Tx, crm: string, claimed: readonly ClaimedCounters[]): Promise<ReadonlySet<string>> {
  const rows = claimed.map(({ object, id, dated }) => ({ object, id, dated }));
  const { rows: live } = await sql<RecordRef>`
    select r.object, r.id from leadgrade.records r
    join ${jsonRows(rows)} as t (object text, id text, dated jsonb) on r.object = t.object and r.id = t.id
    where r.crm = ${crm} and r.state = 'live' order by r.object, r.id for update of r`.execute(tx);
  // A statement of its own: it sees the commits that the lock above has waited for.
  const { rows: same } = await sql<RecordRef>`
    select t.object, t.id from ${jsonRows(rows)} as t (object text, id text, dated jsonb)
    where t.dated = ${positionsOf(crm, sql`t`)}`.execute(tx);
  const sameKeys = new Set(same.map(refKey));
  return new Set(live.map(refKey).filter((key) => sameKeys.has(key)));
}

type NewPosition = DatedEvents['records'][number]['counters'][number] & { readonly ref: RecordRef };

async function savePositions(tx: Tx, crm: string, positions: readonly NewPosition[]): Promise<void> {
  if (positions.length === 0) return;
  const rows = positions.map(({ ref, counter, dated: { value, lastNumber, datedAt }, crmValue }) => {
    const dated_at = datedAt === null ? null : new Date(datedAt).toISOString();
    return { ...ref, counter, value, last_number: lastNumber, dated_at, crm_value: crmValue };
  });
  await sql`
    insert into leadgrade.counter_positions (crm, object, record_id, counter, value, last_number, dated_at, crm_value)
    select ${crm}, object, id, counter, value, last_number, dated_at, crm_value
    from ${jsonRows(rows)} as t (object text, id text, counter text, value bigint, last_number bigint, dated_at timestamptz,
      crm_value bigint)
    on conflict (crm, object, record_id, counter)
    do update set value = excluded.value, last_number = excluded.last_number, dated_at = excluded.dated_at,
      crm_value = excluded.crm_value, redate = false`.execute(tx);
}

/** Replaces the read errors of these counters by the present problems. */
async function replaceCounterErrors(tx: Tx, crm: string, positions: readonly NewPosition[], now: Date): Promise<void> {
  const rows = positions.map(({ ref, counter }) => ({ ...ref, counter }));
  if (rows.length === 0) return;
  await sql`
    delete from leadgrade.record_errors e using ${jsonRows(rows)} as t (object text, id text, counter text)
    where e.crm = ${crm} and e.object = t.object and e.record_id = t.id and e.stage = 'read' and e.field = t.counter`.execute(
    tx,
  );
  const problems = positions.flatMap(({ ref, counter, problems: messages }): RecordProblem[] => {
    const [first] = messages;
    if (first === undefined) return [];
    const message = messages.length === 1 ? first : `${first}, and ${messages.length - 1} more`;
    return [{ ref, stage: 'read', field: counter, code: 'BAD_COUNT', message, fix: 'The value is ignored.' }];
  });
  await recordErrors(tx, crm, problems, now);
}

interface ReleasedClaim extends RecordRef {
  readonly counters_changed_at: Date;
  readonly counters: Counters;
  /** The CRM returned no result for the record. */
  readonly missing: boolean;
}

/**
 * The counters of a record are those of the last read, and for a dated counter its value during the
 * dating.
 */
function claimsToRelease(
  claimed: readonly ClaimedCounters[],
  positions: readonly NewPosition[],
  notReturned: readonly RecordRef[],
): readonly ReleasedClaim[] {
  const missing = new Set(notReturned.map(refKey));
  const byRecord = Map.groupBy(positions, ({ ref }) => refKey(ref));
  return claimed.map(({ object, id, counters_changed_at, counters: known }) => {
    const key = refKey({ object, id });
    const dated = (byRecord.get(key) ?? []).map(({ counter, crmValue }) => [counter, crmValue] as const);
    const counters = Object.entries({ ...known, ...Object.fromEntries(dated) }).filter(([, count]) => count > 0);
    return { object, id, counters_changed_at, counters: Object.fromEntries(counters), missing: missing.has(key) };
  });
}

/**
 * A record whose counters changed again stays marked. A record that the CRM did not return is read
 * again.
 */
async function releaseClaims(tx: Tx, crm: string, claims: readonly ReleasedClaim[], now: Date): Promise<void> {
  const isChangedAgain = sql`r.counters_changed_at is distinct from t.counters_changed_at`;
  await sql`
    update leadgrade.records r
    set counters_changed_at = case when ${isChangedAgain} then r.counters_changed_at end,
        counters = case when t.missing then '{}' when ${isChangedAgain} then r.counters else t.counters end,
        dirty_at = case when t.missing then ${now} else r.dirty_at end, claimed_by = null, claimed_until = null
    from ${jsonRows(claims)} as t (object text, id text, counters_changed_at timestamptz, counters jsonb, missing boolean)
    where r.crm = ${crm} and r.object = t.object and r.id = t.id`.execute(tx);
}
