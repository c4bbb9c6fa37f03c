// Enables and disables counters. A counter is disabled while a better stream lists the events
// themselves.
import { type Kysely, sql, type Transaction } from 'kysely';
import { tombstoneStream } from '../activities/activities.ts';
import type { Tables } from '../tables/tables.ts';
import { markStreamAvailable, markStreamUnavailable, type Unavailability } from './stream-availability.ts';
import type { StreamKey } from './streams.ts';

interface CounterKey {
  readonly crm: string;
  /** The id of its stream. */
  readonly counter: string;
}

/**
 * Dates all events of a counter again, as far as the CRM still returns them: the mapping has
 * changed.
 */
export async function redateCounter(db: Kysely<Tables>, key: CounterKey, now: Date): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx
      .updateTable('counter_positions')
      .set({ redate: true })
      .where('crm', '=', key.crm)
      .where('counter', '=', key.counter)
      .execute();
    await markCountersChanged(tx, key, now);
  });
}

async function markCountersChanged(tx: Transaction<Tables>, { crm, counter }: CounterKey, now: Date): Promise<void> {
  await sql`
    update leadgrade.records set counters_changed_at = ${now}
    where crm = ${crm} and state = 'live' and counters ? ${counter}`.execute(tx);
}

/**
 * Disables a counter because a better stream lists its events: its activities get a tombstone, its
 * positions are deleted.
 */
export async function disableCounter(
  db: Kysely<Tables>,
  { crm, counter }: CounterKey,
  disabled: { unavailable: Unavailability; mappingHash: string; now: Date },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    // First the stream row: a transaction that saves events of this counter commits before, or
    // finds it disabled.
    await markStreamUnavailable(tx, { crm, stream: counter }, disabled);
    await tombstoneStream(tx, { crm, stream: counter, types: null }, disabled.now);
    await tx.deleteFrom('counter_positions').where('crm', '=', crm).where('counter', '=', counter).execute();
  });
}

/** The stream that lists the events which a counter counts. */
export interface BetterStream {
  readonly stream: string;
  /** The activity types that the counter gives. */
  readonly types: readonly string[];
  /** Its items up to then are stored; null = none. */
  readonly knownUntil: Date | null;
}

/**
 * Enables a counter because no better stream can be read: the events of all its records are to be
 * dated, from the last end of the better stream on. What the better stream returned after its end gets a
 * tombstone, because it is unknown which events of the counter these are. When it can be read again,
 * it starts at its beginning.
 */
export async function enableCounter(
  db: Kysely<Tables>,
  key: CounterKey,
  { now, better }: { now: Date; better: BetterStream | null },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await markStreamAvailable(tx, { crm: key.crm, stream: key.counter }, now);
    if (better !== null) {
      const { stream, types, knownUntil } = better;
      await tombstoneStream(tx, { crm: key.crm, stream, types, after: knownUntil }, now);
      const ofStream = tx.updateTable('streams').set({ cursor: null }).where('crm', '=', key.crm);
      await ofStream.where('stream', '=', stream).execute();
    }
    await markCountersChanged(tx, key, now);
  });
}

/** Counts a stream as never read until its end is reached: no lead is scored without its content. */
export async function awaitStream(db: Kysely<Tables>, { crm, stream }: StreamKey): Promise<void> {
  await sql`
    update leadgrade.streams set completed_before = coalesce(completed_at, completed_before), completed_at = null
    where crm = ${crm} and stream = ${stream}`.execute(db);
}
