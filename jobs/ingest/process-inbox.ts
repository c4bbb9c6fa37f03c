// Turns inbox events into dirty records. An event only says that a record must be read again, so
// the order and the repetition of events do not matter. Uses only our own store: events that need a
// call to the CRM are left to the job fetch-items, so no record waits for a CRM before it is marked
// dirty.
import type { ReadFailure } from '../../src/domain/crm-changes.ts';
import { saveAndErase } from '../../src/store/erasure/save-and-erase.ts';
import { deleteInboxEvents, hasPending, peekInbox, type WaitingEvent } from '../../src/store/inbox/inbox.ts';
import { ensureRecords } from '../../src/store/leads/ensure-records.ts';
import { processApart } from '../../src/store/process-apart.ts';
import { drainRecordEvents } from '../../src/store/records/mark-dirty-from-inbox.ts';
import { refKey } from '../../src/store/records/ref-key.ts';
import { setAsideOf } from '../../src/store/set-aside/list-set-aside.ts';
import { saveSetAside } from '../../src/store/set-aside/set-aside.ts';
import { storedAccount } from '../../src/store/sync/crm-accounts.ts';
import type { JobContext } from '../context.ts';
import { logRecovered, logSetAside } from '../failures/set-aside.ts';

/** Larger chunks collapse more events of an import into one dirty flag per contact. */
const CHUNK = 10_000;
/** Chunks of one CRM per job: during a burst, the events of other CRMs do not wait for its end. */
const MAX_CHUNKS = 3;
const ERASURE_CHUNK = 100;

export async function processInbox(context: JobContext): Promise<void> {
  const results = await Promise.allSettled([...context.crms.keys()].map((crm) => processEventsOfCrm(context, crm)));
  // The failure of one CRM has not stopped the others. Throw, so that BullMQ retries the job.
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function processEventsOfCrm(context: JobContext, crm: string): Promise<void> {
  const { db } = context;
  const hasRecords = await hasPending(db, crm, ['record', 'erasure']);
  const hasItems = await hasPending(db, crm, ['item']);
  if (!hasRecords && !hasItems) return;
  const ownAccount = await storedAccount(db, crm);
  // While our account is unknown, the CRM must be asked before any event can be attributed to it.
  if (hasItems || ownAccount === null) await context.enqueue('fetch-items', { crm });
  if (hasRecords && ownAccount !== null) await processRecordEvents(context, crm, ownAccount);
}

/**
 * Processes events that name records, and erasures.
 * @param ownAccount the account that our records are from; null = unknown, events of all accounts
 *   count
 */
export async function processRecordEvents(context: JobContext, crm: string, ownAccount: string | null): Promise<void> {
  const { db, clock, signal, debounceMs } = context;
  let foreign = await eraseNamedRecords(context, crm, ownAccount);
  for (let chunk = 1; !signal.aborted; chunk++) {
    const drained = await drainRecordEvents(db, { crm, own: ownAccount, limit: CHUNK, now: clock.now(), debounceMs });
    foreign += drained.foreign;
    logSetAside(context, crm, drained.setAside);
    if (drained.marked > 0) await context.enqueue('refresh-records', { crm });
    if (drained.total < CHUNK) break;
    if (chunk < MAX_CHUNKS) continue;
    await context.enqueue('process-inbox', {});
    break;
  }
  logForeignEvents(context, crm, foreign);
}

export function logForeignEvents({ log }: JobContext, crm: string, events: number): void {
  if (events > 0) log.warn({ crm, events }, `${crm}: events of another account were dropped`);
}

/**
 * Erases the records that the CRM has erased. A record that was never read leaves a tombstone too,
 * so that its late events are ignored. A record whose erasure the database refuses is set aside;
 * its event stays.
 * @returns the number of events of another account, which were dropped
 */
async function eraseNamedRecords(context: JobContext, crm: string, ownAccount: string | null): Promise<number> {
  const { db, clock } = context;
  let foreignCount = 0;
  for (;;) {
    const now = clock.now();
    const options = { crm, own: ownAccount, kind: 'erasure', limit: ERASURE_CHUNK, now } as const;
    const { total, ours, foreign } = await peekInbox(db, options);
    if (total === 0) return foreignCount;
    foreignCount += foreign;
    const refused = await eraseApart(ours, (part) => eraseRecordsOf(context, crm, part, now));
    const parts = [...refused].map(([{ object, id }, failure]) => ({ stream: object, kind: 'erasure', id, failure }));
    logSetAside(context, crm, await saveSetAside(db, crm, parts, now));
    if (total < ERASURE_CHUNK) return foreignCount;
  }
}

/** @returns the events whose records could not be erased */
async function eraseApart(
  events: readonly WaitingEvent[],
  erase: (part: readonly WaitingEvent[]) => Promise<void>,
): Promise<ReadonlyMap<WaitingEvent, ReadFailure>> {
  try {
    await erase(events);
    return new Map();
  } catch (error) {
    return processApart(events, error, erase);
  }
}

async function eraseRecordsOf(
  context: JobContext,
  crm: string,
  events: readonly WaitingEvent[],
  now: Date,
): Promise<void> {
  const { db } = context;
  const ids = new Set(events.map(refKey));
  const things = await setAsideOf(db, { crm, kind: 'erasure' });
  const waiting = things.filter(({ stream, id }) => ids.has(refKey({ object: stream, id })));
  const gone = events.map(({ object, id }) => ({ kind: 'gone' as const, ref: { object, id }, erased: true }));
  await db.transaction().execute((tx) => ensureRecords(tx, crm, events, now));
  await saveAndErase(db, gone, { crm, now, askedAt: now });
  await deleteInboxEvents(db, events);
  // They were cleared with the record.
  logRecovered(context, crm, waiting);
}
