// Erases personal data that belongs to no record: parts of webhooks in quarantine, and events of
// the team's site. They are found by id and address.
//
// Lock order: these rows before leads, as the job that assigns site events locks in this order. A
// second pass after the commit deletes rows that a concurrent transaction stored before it could
// see the erasure.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import type { RecordEmails } from '../../domain/person.ts';
import { eraseFromQuarantine } from '../inbox/quarantine.ts';
import { eraseSiteEvents } from '../site-events/retention.ts';
import type { Tables } from '../tables/tables.ts';

/** The number of erased rows of one record by table; tables without rows are left out. */
export interface UnlinkedCounts extends RecordRef {
  readonly counts: Readonly<Record<string, number>>;
}

/** Must be called before the transaction locks a lead. */
export async function eraseUnlinked(
  tx: Transaction<Tables>,
  crm: string,
  records: readonly RecordEmails[],
): Promise<readonly UnlinkedCounts[]> {
  if (records.length === 0) return [];
  const parts = await eraseFromQuarantine(tx, crm, records);
  const erased: UnlinkedCounts[] = [];
  for (const { object, id, emails } of records) {
    const quarantine = parts.find((part) => part.object === object && part.id === id)?.parts ?? 0;
    const site = await eraseSiteEvents(tx, { emails, refs: [{ crm, id }] });
    const counts = Object.entries({ quarantine, ...site }).filter(([, rows]) => rows > 0);
    erased.push({ object, id, counts: Object.fromEntries(counts) });
  }
  return erased;
}

/**
 * Must be called after the commit of the erasure. Waits for the transactions that could not see it
 * yet.
 */
export async function eraseLateUnlinked(
  db: Kysely<Tables>,
  crm: string,
  records: readonly RecordEmails[],
): Promise<void> {
  if (records.length === 0) return;
  const earlier = new Set(await writingTransactions(db));
  while ((await writingTransactions(db)).some((id) => earlier.has(id))) await sleep(CHECK_EVERY_MS);
  await db.transaction().execute((tx) => eraseUnlinked(tx, crm, records));
}

const CHECK_EVERY_MS = 20;

/**
 * The transactions that write such rows now. A table lock would find them too, but would block all
 * writers.
 */
async function writingTransactions(db: Kysely<Tables>): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select distinct virtualtransaction as id from pg_locks
    where mode = 'RowExclusiveLock' and granted and pid <> pg_backend_pid()
      and database = (select oid from pg_database where datname = current_database())
      and relation in ('leadgrade.quarantine'::regclass, 'leadgrade.site_events'::regclass, 'leadgrade.site_identities'::regclass)`.execute(
    db,
  );
  return rows.map(({ id }) => id);
}
