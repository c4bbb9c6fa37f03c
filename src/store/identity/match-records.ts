// Matching, seen from the store: marked records are taken with all that is around them, grouped into persons by the caller, and
// given to the leads that they belong to.
import { type Kysely, sql, type Transaction } from 'kysely';
import { type MatchRecord, type PersonGroup, recordKey } from '../../domain/person.ts';
import { lockLeads, markDue } from '../leads/mark-due.ts';
import { requeueByRecord } from '../site-events/requeue-site-events.ts';
import type { Tables } from '../tables/tables.ts';
import { disableJit } from '../without-jit.ts';
import { connectedRecords } from './connected-records.ts';
import { claimMatchQueue, deleteFromMatchQueue } from './match-queue.ts';
import { type LeadMerge, mergeLeads, type RecordMove, reassignRecords } from './reassign-records.ts';

type Tx = Transaction<Tables>;

export interface MatchChunk {
  readonly limit: number;
  readonly now: Date;
  /** So many of one address, or of one link, match nobody when there is one more. */
  readonly most: number;
}

/** Groups records into persons; the same records give the same groups, in whatever order they come. */
type Group = (records: readonly MatchRecord[]) => readonly PersonGroup[];

/**
 * Matches up to `limit` marked records; leads of which anything moved become due, and events of a site that waited for such a record
 * are to be looked at.
 * @returns how many marks were answered; less than `limit` when there are no more
 */
export async function matchRecords(db: Kysely<Tables>, chunk: MatchChunk, group: Group): Promise<number> {
  return db.transaction().execute(async (tx) => {
    await disableJit(tx);
    const marks = await claimMatchQueue(tx, chunk.limit);
    if (marks.length === 0) return 0;
    await requeueByRecord(tx, marks, chunk.now);
    await matchAround(tx, marks, chunk, group);
    await deleteFromMatchQueue(tx, marks);
    return marks.length;
  });
}

/**
 * Most records are nobody else's, and nothing changes: that is found out without holding anybody. Only what is to change is held,
 * and looked at again: others may have changed it before.
 */
async function matchAround(tx: Tx, marks: readonly MarkedRecord[], chunk: MatchChunk, group: Group): Promise<void> {
  const held = new Set<number>();
  let records = await connectedRecords(tx, marks, chunk.most);
  for (;;) {
    const changed = group(records).filter(isChange);
    const leads = changed.flatMap((each) => each.records.map((record) => record.leadId));
    const rest = leads.filter((lead) => !held.has(lead));
    if (rest.length === 0) return regroup(tx, records, changed, chunk.now);
    await lockLeads(tx, rest);
    for (const lead of rest) held.add(lead);
    records = await connectedRecords(tx, records, chunk.most);
  }
}

type MarkedRecord = Pick<MatchRecord, 'crm' | 'object' | 'id'>;

function isChange({ leadId, records }: PersonGroup): boolean {
  return leadId === null || records.some((record) => record.leadId !== leadId);
}

async function regroup(tx: Tx, all: readonly MatchRecord[], changed: readonly PersonGroup[], now: Date): Promise<void> {
  if (changed.length === 0) return;
  const anew = await createLeads(tx, changed.filter(({ leadId }) => leadId === null).length, now);
  const persons = changed.map(({ leadId, records }) => ({ leadId: leadId ?? anew.pop() ?? 0, records }));
  const moves = persons.flatMap(({ leadId, records }) =>
    records.flatMap((record): (RecordMove & { readonly from: number })[] => {
      const { crm, object, id, leadId: from } = record;
      return from === leadId ? [] : [{ crm, object, id, from, to: leadId }];
    }),
  );
  await reassignRecords(tx, moves);
  const unions = leftLeads(all, moves);
  await mergeLeads(tx, unions);
  const gone = new Set(unions.map(({ from }) => from));
  const touched = moves.flatMap(({ from, to }) => [from, to]).filter((lead) => !gone.has(lead));
  await markDue(tx, touched, 'person', now);
}

/** Leads that no record is left with that is there: the person of the first of those that were is theirs, too. */
function leftLeads(
  all: readonly MatchRecord[],
  moves: readonly (RecordMove & { readonly from: number })[],
): readonly LeadMerge[] {
  const moved = new Set(moves.map(recordKey));
  const kept = new Set(all.filter((record) => !moved.has(recordKey(record))).map((record) => record.leadId));
  const arrivedAt = new Set(moves.map(({ to }) => to));
  const into = new Map<number, number>();
  for (const { from, to } of moves) {
    if (!kept.has(from) && !arrivedAt.has(from) && !into.has(from)) into.set(from, to);
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
