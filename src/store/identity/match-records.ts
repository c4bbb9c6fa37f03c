// Matches queued records to persons: loads their connected component, lets the caller group it, and
// moves records to the leads of their persons.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { ReadFailure } from '../../domain/crm-changes.ts';
import { type MatchRecord, type PersonGroup, recordKey } from '../../domain/person.ts';
import { type LockedLeads, lockMoreLeads, withLockedLeadIds } from '../leads/lock-leads.ts';
import { markDue } from '../leads/mark-due.ts';
import { processApart } from '../process-apart.ts';
import { saveRecordsChanged } from '../replay/records-changed.ts';
import { type ChangedSetAside, type CrmThing, clearSetAside, saveSetAside } from '../set-aside/set-aside.ts';
import { requeueByRecord } from '../site-events/requeue-site-events.ts';
import type { Tables } from '../tables/tables.ts';
import { disableJit } from '../without-jit.ts';
import { connectedRecords, type Expansion } from './connected-records.ts';
import { claimMatchQueue, deleteFromMatchQueue, type MatchQueueRow } from './match-queue.ts';
import { type LeadMerge, mergeLeads, type RecordMove, reassignRecords } from './reassign-records.ts';

type Tx = Transaction<Tables>;

export interface MatchChunk extends Expansion {
  readonly limit: number;
  readonly now: Date;
}

/** Groups records into persons. The result must not depend on the order of the records. */
type Group = (records: readonly MatchRecord[]) => readonly PersonGroup[];

type QueuedRecord = Pick<MatchRecord, 'crm' | 'object' | 'id'>;

export interface MatchedChunk extends ChangedSetAside {
  /** Less than `limit` if the queue is empty. */
  readonly processed: number;
}

/**
 * Matches up to `limit` queued records. Leads with a changed set of records become due, and events
 * of a site that waited for such a record are matched again. A record that fails is set aside: it
 * stays with the lead that it has.
 */
export async function matchRecords(db: Kysely<Tables>, chunk: MatchChunk, group: Group): Promise<MatchedChunk> {
  const claimed: MatchQueueRow[] = [];
  const recovered: CrmThing[] = [];
  const match = (only?: readonly MatchQueueRow[]) =>
    db.transaction().execute(async (tx) => {
      await disableJit(tx);
      const queued = await claimMatchQueue(tx, { limit: chunk.limit, only });
      if (only === undefined) claimed.push(...queued);
      if (queued.length === 0) return;
      await requeueByRecord(tx, queued, chunk.now);
      await matchComponent(tx, queued, chunk, group);
      await deleteFromMatchQueue(tx, queued);
      recovered.push(...(await clearMatched(tx, queued)));
    });
  try {
    await match();
    return { processed: claimed.length, setAside: [], recovered };
  } catch (error) {
    const failed = await processApart(claimed, error, match);
    return { processed: claimed.length, setAside: await setFailedAside(db, failed, chunk.now), recovered };
  }
}

const MATCH = 'match';

async function clearMatched(tx: Tx, queued: readonly MatchQueueRow[]): Promise<readonly CrmThing[]> {
  const things: CrmThing[] = [];
  for (const [crm, rows] of Map.groupBy(queued, (row) => row.crm)) {
    const keys = rows.map(({ object, id }) => ({ stream: object, kind: MATCH, id }));
    things.push(...(await clearSetAside(tx, crm, keys)).map((thing) => ({ ...thing, crm })));
  }
  return things;
}

async function setFailedAside(
  db: Kysely<Tables>,
  failed: ReadonlyMap<MatchQueueRow, ReadFailure>,
  now: Date,
): Promise<readonly CrmThing[]> {
  return db.transaction().execute(async (tx) => {
    const things: CrmThing[] = [];
    for (const [crm, rows] of Map.groupBy(failed, ([{ crm }]) => crm)) {
      const parts = rows.map(([{ object, id }, failure]) => ({ stream: object, kind: MATCH, id, failure }));
      const added = await saveSetAside(tx, crm, parts, now);
      things.push(...added.map((thing) => ({ ...thing, crm })));
    }
    await deleteFromMatchQueue(tx, [...failed.keys()]);
    return things;
  });
}

/**
 * Most records belong to no other person, and nothing changes. This is found out without a lock.
 * Only leads whose records change are locked; then the records are loaded and grouped again,
 * because another transaction may have changed them before.
 */
async function matchComponent(tx: Tx, queued: readonly QueuedRecord[], chunk: MatchChunk, group: Group): Promise<void> {
  let records = await connectedRecords(tx, queued, chunk);
  await withLockedLeadIds(tx, [], async (locked) => {
    for (;;) {
      const changed = group(records).filter(isChange);
      const leads = changed.flatMap((person) => person.records.map((record) => record.leadId));
      if (!(await lockMoreLeads(locked, leads))) return regroup(locked, records, changed, chunk.now);
      records = await connectedRecords(tx, records, chunk);
    }
  });
}

function isChange({ leadId, records }: PersonGroup): boolean {
  return leadId === null || records.some((record) => record.leadId !== leadId);
}

async function regroup(
  locked: LockedLeads,
  all: readonly MatchRecord[],
  changed: readonly PersonGroup[],
  now: Date,
): Promise<void> {
  if (changed.length === 0) return;
  const newLeads = await createLeads(locked.tx, changed.filter(({ leadId }) => leadId === null).length, now);
  const persons = changed.map(({ leadId, records }) => ({ leadId: leadId ?? newLeads.pop() ?? 0, records }));
  const moves = persons.flatMap(({ leadId, records }) =>
    records.flatMap((record): (RecordMove & { readonly from: number })[] => {
      const { crm, object, id, leadId: from } = record;
      return from === leadId ? [] : [{ crm, object, id, from, to: leadId }];
    }),
  );
  await reassignRecords(locked, moves);
  const merges = emptiedLeads(all, moves);
  await mergeLeads(locked, merges);
  const deleted = new Set(merges.map(({ from }) => from));
  const affected = moves.flatMap(({ from, to }) => [from, to]).filter((lead) => !deleted.has(lead));
  await saveRecordsChanged(locked, affected, now);
  await markDue(locked, affected, 'person', now);
}

/**
 * Leads that lost all live records. Each is merged into the lead of the first record that left it.
 */
function emptiedLeads(
  all: readonly MatchRecord[],
  moves: readonly (RecordMove & { readonly from: number })[],
): readonly LeadMerge[] {
  const moved = new Set(moves.map(recordKey));
  const remaining = new Set(all.filter((record) => !moved.has(recordKey(record))).map((record) => record.leadId));
  const destinations = new Set(moves.map(({ to }) => to));
  const into = new Map<number, number>();
  for (const { from, to } of moves) {
    if (!remaining.has(from) && !destinations.has(from) && !into.has(from)) into.set(from, to);
  }
  return [...into].map(([from, to]) => ({ from, into: to }));
}

async function createLeads(tx: Tx, count: number, now: Date): Promise<number[]> {
  if (count === 0) return [];
  const { rows } = await sql<{ id: number }>`
    insert into leadgrade.leads (created_at) select ${now}::timestamptz from generate_series(1, ${count}::int)
    returning id`.execute(tx);
  return rows.map(({ id }) => id);
}
