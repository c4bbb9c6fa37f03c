// What names a person and belongs to no record: parts of webhooks that were not understood, and what a site told. It is erased by id and
// address, before any lead is held, as who gives events of a site to leads holds the events first; and once more when the erasure is
// committed, as somebody may be storing such a thing meanwhile who cannot see yet that there is nobody to store it of.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { RecordRef } from '../../domain/crm-changes.ts';
import type { NamedRecord } from '../../domain/person.ts';
import { eraseFromQuarantine } from '../inbox/quarantine.ts';
import { eraseSiteEvents } from '../site-events/retention.ts';
import type { Tables } from '../tables/tables.ts';

/** Of one record: how many rows of which table; those of none are left out. */
export interface UnlinkedCounts extends RecordRef {
  readonly counts: Readonly<Record<string, number>>;
}

/** To be called by whoever holds no leads yet. */
export async function eraseUnlinked(
  tx: Transaction<Tables>,
  crm: string,
  named: readonly NamedRecord[],
): Promise<readonly UnlinkedCounts[]> {
  if (named.length === 0) return [];
  const parts = await eraseFromQuarantine(tx, crm, named);
  const erased: UnlinkedCounts[] = [];
  for (const { object, id, emails } of named) {
    const quarantine = parts.find((part) => part.object === object && part.id === id)?.parts ?? 0;
    const site = await eraseSiteEvents(tx, { emails, refs: [{ crm, id }] });
    const counts = Object.entries({ quarantine, ...site }).filter(([, rows]) => rows > 0);
    erased.push({ object, id, counts: Object.fromEntries(counts) });
  }
  return erased;
}

/** To be called when the erasure of these is committed. */
export async function eraseLateUnlinked(db: Kysely<Tables>, crm: string, named: readonly NamedRecord[]): Promise<void> {
  if (named.length === 0) return;
  const begun = new Set(await writers(db));
  while ((await writers(db)).some((writer) => begun.has(writer))) await sleep(LOOK_AGAIN_MS);
  await db.transaction().execute((tx) => eraseUnlinked(tx, crm, named));
}

const LOOK_AGAIN_MS = 20;

/** The transactions that are storing such things now. They are asked for, as a lock on the tables would keep everybody waiting. */
async function writers(db: Kysely<Tables>): Promise<readonly string[]> {
  const { rows } = await sql<{ writer: string }>`
    select distinct virtualtransaction as writer from pg_locks
    where mode = 'RowExclusiveLock' and granted and pid <> pg_backend_pid()
      and database = (select oid from pg_database where datname = current_database())
      and relation in ('leadgrade.quarantine'::regclass, 'leadgrade.site_events'::regclass, 'leadgrade.site_identities'::regclass)`.execute(
    db,
  );
  return rows.map(({ writer }) => writer);
}
