// Records that somebody else told us of (a webhook): marked for re-reading at once, unless they were read a moment ago. However many
// events tell of one, it is one mark.
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import { chunksOf } from '../../domain/chunks.ts';
import type { RecordRef } from '../../domain/crm-changes.ts';
import { PRIORITY, type Priority } from '../../domain/priority.ts';
import { jsonRows } from '../json-rows.ts';
import { ensureRecords } from '../leads/ensure-records.ts';
import { lockLeadsOfRecords } from '../leads/mark-due.ts';
import type { Tables } from '../tables/tables.ts';

export interface WebhookRecord extends RecordRef {
  readonly priority: Priority;
}

export interface DirtyOptions {
  readonly now: Date;
  readonly debounceMs: number;
}

/**
 * A mark that is being answered right now is replaced by a later one, so that what the read under way has not seen is read again.
 * Records that are erased stay so.
 */
export async function markDirtyFromWebhook(
  tx: Transaction<Tables>,
  crm: string,
  pushed: readonly WebhookRecord[],
  { now, debounceMs }: DirtyOptions,
): Promise<void> {
  if (pushed.length === 0) return;
  const unique = new Map<string, WebhookRecord>();
  for (const each of pushed) {
    const key = `${each.object}/${each.id}`;
    const known = unique.get(key);
    if (known === undefined || each.priority < known.priority) unique.set(key, each);
  }
  const records = [...unique.values()];
  const quiet = debounceInterval(
    debounceMs,
    sql`case when r.dirty_at is null then t.priority else least(r.priority, t.priority) end`,
  );
  // As everybody does who changes several records: two who want the same never wait for each other. Those that are there come first,
  // as somebody who holds them may be about to make the same new ones.
  await lockLeadsOfRecords(tx, crm, records);
  await ensureRecords(tx, crm, records, now);
  await lockLeadsOfRecords(tx, crm, records);
  await sql`
    update leadgrade.records r
    set dirty_at = case when r.dirty_at is null then ${now}
          when r.claimed_by is null then r.dirty_at
          else greatest(${now}::timestamptz, r.dirty_at + interval '1 millisecond') end,
        priority = case when r.dirty_at is null or r.read_at is null and r.dirty_at = ${now} then t.priority
          else least(r.priority, t.priority) end,
        debounced_until = case when r.read_at + ${quiet} > ${now} then r.read_at + ${quiet} end
    from ${jsonRows(records)} as t (object text, id text, priority smallint)
    where r.crm = ${crm} and r.object = t.object and r.id = t.id and r.erased_at is null`.execute(tx);
}

/** Records a transaction: a company may have tens of thousands, and nobody waits for all of them. */
const PAGE = 2_000;

/** However many they are. One that is killed half way is to be done again. */
export async function markDirtyInPages(
  db: Kysely<Tables>,
  crm: string,
  pushed: readonly WebhookRecord[],
  manner: DirtyOptions,
): Promise<void> {
  for (const page of chunksOf(pushed, PAGE)) {
    await db.transaction().execute((tx) => markDirtyFromWebhook(tx, crm, page, manner));
  }
}

/** Whoever was read with one of these companies. A CRM that has deleted a company names nobody who was its. */
export async function markDirtyByCompany(
  db: Kysely<Tables>,
  { crm, companies, priority }: { crm: string; companies: readonly string[]; priority: Priority },
  manner: DirtyOptions,
): Promise<void> {
  let after: RecordRef = { object: '', id: '' };
  for (;;) {
    const { rows } = await sql<RecordRef>`
      select object, id from leadgrade.records
      where crm = ${crm} and company_id = any(${companies}::text[]) and state = 'live'
        and (object, id) > (${after.object}, ${after.id})
      order by object, id limit ${PAGE}`.execute(db);
    const page = rows.map((ref) => ({ ...ref, priority }));
    await db.transaction().execute((tx) => markDirtyFromWebhook(tx, crm, page, manner));
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = last;
  }
}

/** Imports come by the thousand and are in no hurry: each record waits for so many times as long for what else is to come. */
const OF_IMPORTS = 6;

/** How long a record of that priority rests after it was read. An interval. */
export function debounceInterval(debounceMs: number, priority: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(case when (${priority}) = ${PRIORITY.import}::smallint then ${debounceMs * OF_IMPORTS}::double precision
    else ${debounceMs}::double precision end * interval '1 millisecond')`;
}
