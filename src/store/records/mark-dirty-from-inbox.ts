// Turns the inbox events that name records into dirty flags. In a burst of events nearly all of
// them name records that are dirty already; the database filters these out.
import { type Kysely, sql, type Transaction } from 'kysely';
import { deleteInboxEvents, isOwnAccount } from '../inbox/inbox.ts';
import { processApart } from '../process-apart.ts';
import { type SetAsideThing, saveSetAside } from '../set-aside/set-aside.ts';
import type { Tables } from '../tables/tables.ts';
import { markDirtyFromWebhook, type WebhookRecord } from './mark-dirty-from-webhook.ts';
import { refKey } from './ref-key.ts';

interface DrainOptions {
  readonly crm: string;
  /** The account of the stored records; null = unknown. */
  readonly own: string | null;
  readonly limit: number;
  readonly now: Date;
  readonly debounceMs: number;
}

export interface DrainResult {
  /** Number of ids in the processed events; less than `limit` if the inbox is empty. */
  readonly total: number;
  /** Number of records that were marked. */
  readonly marked: number;
  /** Number of ids from another account, which were deleted. */
  readonly foreign: number;
  /** Records that the database refuses, and that were not set aside before. */
  readonly setAside: readonly SetAsideThing[];
}

interface DrainedEvents {
  readonly seqs: readonly number[] | null;
  readonly total: number;
  readonly foreign: number;
  readonly unmarked: readonly WebhookRecord[] | null;
}

/**
 * Processes a chunk of events by priority, then age, in one transaction. A row is processed as a
 * whole, so a chunk can exceed `limit`. A record that the database refuses is set aside: it is read
 * by its ID, as the event asks for.
 */
export async function drainRecordEvents(db: Kysely<Tables>, options: DrainOptions): Promise<DrainResult> {
  const { crm, now } = options;
  let records: readonly WebhookRecord[] = [];
  const drain = (mark: (tx: Transaction<Tables>) => Promise<readonly SetAsideThing[]>) =>
    db.transaction().execute(async (tx) => {
      const { seqs, total = 0, foreign = 0, unmarked } = await peekRecordEvents(tx, options);
      records = unmarked ?? [];
      const setAside = await mark(tx);
      await deleteInboxEvents(
        tx,
        (seqs ?? []).map((seq) => ({ seq })),
      );
      return { total, marked: records.length, foreign, setAside };
    });
  try {
    return await drain(async (tx) => {
      await markDirtyFromWebhook(tx, crm, records, options);
      return [];
    });
  } catch (error) {
    const refused = await processApart(records, error, (part) =>
      db.transaction().execute((tx) => markDirtyFromWebhook(tx, crm, part, options)),
    );
    const parts = [...refused].map(([{ object, id }, why]) => ({ stream: object, kind: 'record', id, failure: why }));
    const keys = new Set([...refused.keys()].map(refKey));
    return drain(async (tx) => {
      const others = records.filter((record) => !keys.has(refKey(record)));
      await markDirtyFromWebhook(tx, crm, others, options);
      return saveSetAside(tx, crm, parts, now);
    });
  }
}

async function peekRecordEvents(
  tx: Transaction<Tables>,
  { crm, own, limit }: DrainOptions,
): Promise<Partial<DrainedEvents>> {
  const { rows } = await sql<DrainedEvents>`
    with waiting as (
      select * from leadgrade.inbox where crm = ${crm} and kind = 'record' order by priority, seq limit ${limit}
    ), e as materialized (
      select seq, object_or_stream as object, ids, id_count, priority, ${isOwnAccount(own)} as is_own
      from (select *, sum(id_count) over (order by priority, seq) - id_count as before from waiting) w
      where before < ${limit}
    ), wanted as (
      select object, id, min(priority) as priority from e cross join unnest(ids) as id where is_own group by object, id
    )
    select (select json_agg(seq) from e) as seqs,
      (select coalesce(sum(id_count), 0)::int from e) as total,
      (select coalesce(sum(id_count), 0)::int from e where not is_own) as "foreign",
      (select json_agg(w) from wanted w where not exists (
        select from leadgrade.records r where r.crm = ${crm} and r.object = w.object and r.id = w.id
          and r.dirty_at is not null and r.claimed_by is null and r.priority <= w.priority
      )) as unmarked`.execute(tx);
  return rows[0] ?? {};
}
