// Keys of received events, for deduplication: a repeated delivery inserts nothing. A key is purged
// when its event can no longer be delivered again.
import { hash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../tables/tables.ts';

const INSTANT_DIGITS = 12;
const HASH_DIGITS = 20;

/**
 * The 32 hexadecimal digits of a UUID: the instant, then a hash. With the instant first, new keys
 * are neighbors in the index, however many keys it has.
 */
export function eventKey({ key, occurredAt }: { readonly key: string; readonly occurredAt: number | null }): string {
  return (occurredAt ?? 0).toString(16).padStart(INSTANT_DIGITS, '0') + hash('sha256', key).slice(0, HASH_DIGITS);
}

/** When the last event of each CRM arrived, within the retention time of the keys. */
export async function lastEventTimes(db: Kysely<Tables>): Promise<ReadonlyMap<string, Date>> {
  const { rows } = await sql<{ crm: string; at: Date }>`
    select crm, max(received_at) as at from leadgrade.processed_event_keys group by crm`.execute(db);
  return new Map(rows.map(({ crm, at }) => [crm, at]));
}

// HubSpot and Salesforce deliver an event again for up to a day, and clocks differ.
const RETENTION_MS = 3 * 86_400_000;
const CHUNK = 10_000;

/** @returns the number of deleted keys */
export async function purgeEventKeys(db: Kysely<Tables>, now: Date): Promise<number> {
  const before = new Date(now.getTime() - RETENTION_MS);
  let deleted = 0;
  for (;;) {
    const result = await sql`
      delete from leadgrade.processed_event_keys where (crm, key) in (
        select crm, key from leadgrade.processed_event_keys where received_at < ${before} limit ${CHUNK}
      )`.execute(db);
    const count = Number(result.numAffectedRows ?? 0n);
    deleted += count;
    if (count < CHUNK) return deleted;
  }
}
