// Counters of records: which moved since their things were dated, and how far each was dated. A counter that a better stream
// has taken the place of is closed, and what it gave is dropped.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Counters, DatedCounter, DatedEvents, RecordRef } from '../../domain/crm-changes.ts';
import { saveActivities, tombstoneActivities } from '../activities/activities.ts';
import type { Claim } from '../claim.ts';
import { jsonRows } from '../json-rows.ts';
import { lockLeadsOfRecords, markDue } from '../leads/mark-due.ts';
import { type RecordProblem, recordErrors } from '../leads/record-errors.ts';
import { refKey } from '../records/save-snapshots.ts';
import type { Tables } from '../tables/tables.ts';
import { markStreamAvailable, markStreamUnavailable, type Unavailability } from './streams.ts';

type Tx = Transaction<Tables>;

interface CounterKey {
  readonly crm: string;
  /** The id of its stream. */
  readonly counter: string;
}

/** A counter of a record as it was dated last. */
export interface StoredCounter extends DatedCounter {
  /** What the record showed then. */
  readonly shown: number;
  /** All of it is to be shown again. */
  readonly again: boolean;
}

export interface ClaimedCounters extends RecordRef {
  readonly counters_changed_at: Date;
  /** As the record was last read. */
  readonly counters: Counters;
  readonly dated: Readonly<Record<string, StoredCounter>>;
}

/**
 * Takes records whose counters moved, the longest waiting first; by nothing else, as a backfill marks all at one instant, and
 * each claim would sort them all. A claim ends by itself, or when the same claimant comes again.
 */
export async function claimChangedCounters(db: Kysely<Tables>, claim: Claim): Promise<readonly ClaimedCounters[]> {
  const { rows } = await sql<ClaimedCounters>`
    with t as materialized (
      select object, id from leadgrade.records
      where crm = ${claim.crm} and counters_changed_at is not null and state = 'live'
        and (claimed_until is null or claimed_until <= ${claim.now} or claimed_by = ${claim.by})
      order by counters_changed_at limit ${claim.limit} for update skip locked
    ),
    claimed as (
      update leadgrade.records r set claimed_by = ${claim.by}, claimed_until = ${claim.until}
      from t where r.crm = ${claim.crm} and r.object = t.object and r.id = t.id
      returning r.object, r.id, r.counters_changed_at, r.counters
    )
    select c.*, ${datedOf(claim.crm, sql`c`)} as dated from claimed c`.execute(db);
  return rows;
}

function datedOf(crm: string, record: ReturnType<typeof sql>) {
  return sql`coalesce((
    select jsonb_object_agg(k.counter, jsonb_build_object('value', k.value, 'last_number', k.last_number, 'crm_value', k.crm_value, 'redate', k.redate,
      'dated_at', extract(epoch from k.dated_at) * 1000))
    from leadgrade.counter_positions k where k.crm = ${crm} and k.object = ${record}.object and k.record_id = ${record}.id
  ), '{}')`;
}

/**
 * Keeps what dating found, and how far it got, in one transaction. A record that was dated by somebody else meanwhile, or a
 * counter that was closed, is left as it is: it is asked for again, or nobody wants it any more.
 */
export async function saveDatedEvents(
  db: Kysely<Tables>,
  found: DatedEvents,
  { crm, now, claimed }: { crm: string; now: Date; claimed: readonly ClaimedCounters[] },
): Promise<void> {
  if (claimed.length === 0) return;
  await db.transaction().execute(async (tx) => {
    const asked = found.records.flatMap(({ counters }) => counters.map(({ counter }) => counter));
    const open = await openAmong(tx, crm, [...new Set(asked)]);
    await lockLeadsOfRecords(tx, crm, claimed);
    const current = await unchanged(tx, crm, claimed);
    const of = (ref: RecordRef) => current.has(refKey(ref));
    const things = found.activities.filter(({ ref, stream }) => of(ref) && open.has(stream));
    for (const [stream, activities] of Map.groupBy(things, (activity) => activity.stream)) {
      await saveActivities(tx, activities, { crm, stream, now, fullSyncRunId: null });
    }
    await tombstoneActivities(
      tx,
      crm,
      found.gone.filter(({ ref }) => of(ref)),
      now,
    );
    const dated = found.records.flatMap(({ ref, counters }) => {
      return of(ref) ? counters.flatMap((each) => (open.has(each.counter) ? [{ ...each, ref }] : [])) : [];
    });
    await saveDatedRows(tx, crm, dated);
    await listVersionProblems(tx, crm, dated, now);
    const unanswered = new Set(found.unanswered.map(refKey));
    await settle(
      tx,
      crm,
      claimed.filter(of).map((claim) => ({
        ...claim,
        counters: shownNow(claim, dated),
        lost: unanswered.has(refKey(claim)),
      })),
      now,
    );
  });
}

/**
 * Those of the counters that are open to us; they stay so until the transaction ends. Only their rows are held: whoever keeps a
 * page of another stream holds its leads first and then that stream, and would wait for us while we wait for the leads.
 */
async function openAmong(tx: Tx, crm: string, counters: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ stream: string }>`
    select stream from leadgrade.streams
    where crm = ${crm} and stream = any(${counters}::text[]) and unavailable_reason is null order by stream for share`.execute(
    tx,
  );
  return new Set(rows.map(({ stream }) => stream));
}

/** The records that are still dated as far as they were when they were claimed; they stay so until the transaction ends. */
async function unchanged(tx: Tx, crm: string, claimed: readonly ClaimedCounters[]): Promise<ReadonlySet<string>> {
  const rows = claimed.map(({ object, id, dated }) => ({ object, id, dated }));
  const { rows: live } = await sql<RecordRef>`
    select r.object, r.id from leadgrade.records r
    join ${jsonRows(rows)} as t (object text, id text, dated jsonb) on r.object = t.object and r.id = t.id
    where r.crm = ${crm} and r.state = 'live' order by r.object, r.id for update of r`.execute(tx);
  // In a statement of its own: it sees what others did while this one waited for the records.
  const { rows: same } = await sql<RecordRef>`
    select t.object, t.id from ${jsonRows(rows)} as t (object text, id text, dated jsonb)
    where t.dated = ${datedOf(crm, sql`t`)}`.execute(tx);
  const keys = new Set(same.map(refKey));
  return new Set(live.map(refKey).filter((key) => keys.has(key)));
}

type DatedRow = DatedEvents['records'][number]['counters'][number] & { readonly ref: RecordRef };

async function saveDatedRows(tx: Tx, crm: string, dated: readonly DatedRow[]): Promise<void> {
  if (dated.length === 0) return;
  const rows = dated.map(({ ref, counter, dated: { value, n, at }, shown }) => {
    return { ...ref, counter, value, n, at: at === null ? null : new Date(at).toISOString(), shown };
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

/** What was found wrong takes the place of what was found wrong before. */
async function listVersionProblems(tx: Tx, crm: string, dated: readonly DatedRow[], now: Date): Promise<void> {
  const rows = dated.map(({ ref, counter }) => ({ ...ref, counter }));
  if (rows.length === 0) return;
  await sql`
    delete from leadgrade.record_errors e using ${jsonRows(rows)} as t (object text, id text, counter text)
    where e.crm = ${crm} and e.object = t.object and e.record_id = t.id and e.stage = 'read' and e.field = t.counter`.execute(
    tx,
  );
  const problems = dated.flatMap(({ ref, counter, problems: found }): RecordProblem[] => {
    const [first] = found;
    if (first === undefined) return [];
    const message = found.length === 1 ? first : `${first}, and ${found.length - 1} more`;
    return [{ ref, stage: 'read', field: counter, code: 'BAD_COUNT', message, fix: 'It is passed over.' }];
  });
  await recordErrors(tx, crm, problems, now);
}

/** The record's counters, with those that were just dated as the CRM showed them then. */
function shownNow(claim: ClaimedCounters, dated: readonly DatedRow[]): Counters {
  const own = dated.filter(({ ref }) => refKey(ref) === refKey(claim));
  const all = { ...claim.counters, ...Object.fromEntries(own.map(({ counter, shown }) => [counter, shown])) };
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0));
}

/** Ends the claims. A record whose counters moved meanwhile stays marked; one that the CRM did not answer for is read whole. */
async function settle(
  tx: Tx,
  crm: string,
  records: readonly (ClaimedCounters & { readonly lost: boolean })[],
  now: Date,
): Promise<void> {
  const rows = records.map(({ object, id, counters_changed_at, counters, lost }) => ({
    object,
    id,
    counters_changed_at,
    counters,
    lost,
  }));
  await sql`
    update leadgrade.records r
    set counters_changed_at = case when r.counters_changed_at is distinct from t.counters_changed_at then r.counters_changed_at end,
        counters = case when t.lost then '{}' when r.counters_changed_at is distinct from t.counters_changed_at then r.counters else t.counters end,
        dirty_at = case when t.lost then ${now} else r.dirty_at end, claimed_by = null, claimed_until = null
    from ${jsonRows(rows)} as t (object text, id text, counters_changed_at timestamptz, counters jsonb, lost boolean)
    where r.crm = ${crm} and r.object = t.object and r.id = t.id`.execute(tx);
}

/** All things of a counter are dated again, as far as the CRM still tells: the mapping may see them in another way now. */
export async function redateCounter(db: Kysely<Tables>, key: CounterKey, now: Date): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx
      .updateTable('counter_positions')
      .set({ redate: true })
      .where('crm', '=', key.crm)
      .where('counter', '=', key.counter)
      .execute();
    await markUndated(tx, key, now);
  });
}

async function markUndated(tx: Tx, { crm, counter }: CounterKey, now: Date): Promise<void> {
  await sql`
    update leadgrade.records set counters_changed_at = ${now}
    where crm = ${crm} and state = 'live' and counters ? ${counter}`.execute(tx);
}

/** A better stream shows each thing: what the counter gave is gone, and forgotten. */
export async function disableCounter(
  db: Kysely<Tables>,
  { crm, counter }: CounterKey,
  closed: { unavailable: Unavailability; mappingHash: string; now: Date },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    // The row first: whoever keeps things of this counter just now ends before, or finds it closed.
    await markStreamUnavailable(tx, { crm, stream: counter }, closed);
    await dropGiven(tx, { crm, stream: counter, types: null }, closed.now);
    await tx.deleteFrom('counter_positions').where('crm', '=', crm).where('counter', '=', counter).execute();
  });
}

/** Tombstones for what a stream gave; `types` null: all of it. */
async function dropGiven(
  tx: Tx,
  { crm, stream, types }: { crm: string; stream: string; types: readonly string[] | null },
  now: Date,
): Promise<void> {
  const { rows } = await sql<{ lead_id: number }>`
    update leadgrade.activities set gone_at = ${now}
    where crm = ${crm} and stream = ${stream} and gone_at is null
      and (${types}::text[] is null or type = any(${types}::text[]))
    returning lead_id`.execute(tx);
  const leads = rows.map((row) => row.lead_id);
  await markDue(tx, leads, 'activity', now);
}

/**
 * The counter is all that there is to see: every record that has it is to be dated.
 * @param brokenOff the better stream, where it was never read to its end, with the types that the counter shows: what it gave
 *   of them is gone, as nobody can tell which things of the counter those are
 */
export async function enableCounter(
  db: Kysely<Tables>,
  key: CounterKey,
  { now, brokenOff }: { now: Date; brokenOff: { readonly stream: string; readonly types: readonly string[] } | null },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await markStreamAvailable(tx, { crm: key.crm, stream: key.counter }, now);
    if (brokenOff !== null) await dropGiven(tx, { crm: key.crm, ...brokenOff }, now);
    await markUndated(tx, key, now);
  });
}
