// Deletes old results, in batches of one transaction each. How far a rule has come is stored with each
// batch, so that a night costs what became old since the last one, and a killed purge goes on there.
//
// The current result of a lead is never deleted, however old it is.
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { PurgeRule } from '../tables/retention.ts';
import type { Tables } from '../tables/tables.ts';
import { lockPosition, savePosition } from './positions.ts';

export interface ResultRetention {
  /** Days for which results are kept that change points only. */
  readonly historyDays: number;
  /** Days for which changes of grade or status are kept; at least `historyDays`. */
  readonly statusHistoryDays: number;
}

interface PurgeOptions {
  readonly now: Date;
  readonly retention: ResultRetention;
  /** Ends the purge after a batch. */
  readonly signal: AbortSignal;
}

/** Results that one batch looks at. */
const BATCH = 5_000;
const DAY_MS = 86_400_000;

/** @returns the number of deleted results */
export async function purgeResults(db: Kysely<Tables>, options: PurgeOptions): Promise<number> {
  const { now, retention } = options;
  const before = (days: number) => new Date(now.getTime() - days * DAY_MS);
  const history = before(retention.historyDays);
  const statusHistory = before(Math.max(retention.statusHistoryDays, retention.historyDays));
  const rules: readonly Rule[] = [
    { name: 'results', until: history, remove: (range) => deleteOld(range, history, statusHistory) },
    { name: 'status-results', until: statusHistory, remove: (range) => deleteOld(range, history, statusHistory) },
    // A result that was the current one when it became old is deleted when a newer one has replaced it. A day
    // later, as the ids of a running transaction may be lower than those that are committed.
    { name: 'replaced-results', until: before(1), remove: (range) => deleteReplaced(range, history, statusHistory) },
  ];
  let deleted = 0;
  for (const rule of rules) deleted += await runRule(db, rule, options);
  return deleted;
}

interface Range {
  readonly tx: Transaction<Tables>;
  /** The first and the last id. */
  readonly from: number;
  readonly to: number;
}

interface Rule {
  readonly name: PurgeRule;
  /** Results until then are looked at. */
  readonly until: Date;
  readonly remove: (range: Range) => Promise<number>;
}

async function runRule(db: Kysely<Tables>, rule: Rule, { now, signal }: PurgeOptions): Promise<number> {
  let deleted = 0;
  while (!signal.aborted) {
    const batch = await db.transaction().execute((tx) => runBatch(tx, rule, now));
    if (batch === null) return deleted;
    deleted += batch;
  }
  return deleted;
}

/**
 * A result from the future, of a clock that was ahead, holds up none of the later ones.
 * @returns the number of deleted results; null if no more are old
 */
async function runBatch(tx: Transaction<Tables>, { name, until, remove }: Rule, now: Date): Promise<number | null> {
  const position = await lockPosition(tx, name);
  const { rows } = await sql<{ last: number | null }>`
    with next as (
      select id, as_of < ${until} as is_old
      from leadgrade.results where id > ${position} and as_of <= ${now} order by id limit ${BATCH}
    )
    select max(id) as last from next
    where is_old and id < coalesce((select min(id) from next where not is_old), ${Number.MAX_SAFE_INTEGER}::bigint)`.execute(
    tx,
  );
  const last = rows[0]?.last ?? position;
  if (last <= position) return null;
  const deleted = await remove({ tx, from: position + 1, to: last });
  await savePosition(tx, name, last);
  return deleted;
}

/** A result is a change of grade or status if the one before had another; the first of a lead is one. */
const IS_STATUS_CHANGE = sql`(r.status, r.grade) is distinct from (r.previous_status, r.previous_grade)`;

function isExpired(history: Date, statusHistory: Date): RawBuilder<unknown> {
  return sql`r.as_of < case when ${IS_STATUS_CHANGE} then ${statusHistory}::timestamptz else ${history}::timestamptz end
    and not exists (select from leadgrade.leads l where l.id = r.lead_id and l.result_id = r.id)
    and not exists (select from leadgrade.lead_results c where c.lead_id = r.lead_id and c.result_id = r.id)`;
}

async function deleteOld({ tx, from, to }: Range, history: Date, statusHistory: Date): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from leadgrade.results r
    where r.id between ${from} and ${to} and ${isExpired(history, statusHistory)}`.execute(tx);
  return Number(numAffectedRows);
}

async function deleteReplaced({ tx, from, to }: Range, history: Date, statusHistory: Date): Promise<number> {
  // `offset 0`: one look-up for each new result, whatever the statistics are.
  const { numAffectedRows = 0n } = await sql`
    delete from leadgrade.results r using (
      select before.id from leadgrade.results n
      cross join lateral (
        select p.id, p.as_of from leadgrade.results p where p.lead_id = n.lead_id and p.id < n.id
          and p.model is not distinct from n.model order by p.id desc limit 1 offset 0
      ) before
      where n.id between ${from} and ${to} and before.as_of < ${history}
    ) old
    where r.id = old.id and ${isExpired(history, statusHistory)}`.execute(tx);
  return Number(numAffectedRows);
}
