// Intake: what CRMs have sent (the inbox) becomes dirty marks. An event says only that something is to be read again, so that its order
// and its repetitions do not matter. It needs nobody but our own store: what a CRM must be asked for, the job `items` reads, so
// that no mark waits for a CRM.

import { deleteInboxEvents, hasPending, peekInbox } from '../../src/store/inbox/inbox.ts';
import { ensureRecords } from '../../src/store/leads/ensure-records.ts';
import { drainRecordEvents } from '../../src/store/records/mark-dirty-from-inbox.ts';
import { saveFetchedRecords } from '../../src/store/records/save-fetched.ts';
import { storedAccount } from '../../src/store/sync/crm-accounts.ts';
import type { JobContext } from '../context.ts';

/** The more at a time, the more of a storm is one mark a contact. */
const CHUNK = 10_000;
/** Chunks of one CRM in a run: in a storm the others are not kept waiting for its end. */
const MOST_CHUNKS = 3;
const ERASED_AT_ONCE = 100;

export async function processInbox(context: JobContext): Promise<void> {
  const ended = await Promise.allSettled([...context.crms.keys()].map((crm) => takeEvents(context, crm)));
  // What went wrong with one CRM has held up no other; it is tried again.
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
}

async function takeEvents(context: JobContext, crm: string): Promise<void> {
  const { db } = context;
  const hasRecords = await hasPending(db, crm, ['record', 'erasure']);
  const hasItems = await hasPending(db, crm, ['item']);
  if (!hasRecords && !hasItems) return;
  const own = await storedAccount(db, crm);
  // Whose events these are, the CRM must be asked first.
  if (hasItems || own === null) await context.enqueue('fetch-items', { crm });
  if (hasRecords && own !== null) await processRecordEvents(context, crm, own);
}

/** Takes what names records, and who was erased. @param own the account that our records are from; null = nobody can tell */
export async function processRecordEvents(context: JobContext, crm: string, own: string | null): Promise<void> {
  const { db, clock, signal, debounceMs } = context;
  let foreign = await eraseNamed(context, crm, own);
  for (let chunk = 1; !signal.aborted; chunk++) {
    const taken = await drainRecordEvents(db, { crm, own, limit: CHUNK, now: clock.now(), debounceMs });
    foreign += taken.foreign;
    if (taken.marked > 0) await context.enqueue('refresh-records', { crm });
    if (taken.looked < CHUNK) break;
    if (chunk < MOST_CHUNKS) continue;
    await context.enqueue('process-inbox', {});
    break;
  }
  logForeignEvents(context, crm, foreign);
}

export function logForeignEvents({ log }: JobContext, crm: string, events: number): void {
  if (events > 0) log.warn({ crm, events }, `${crm}: events of another account were dropped`);
}

/**
 * A person whom the CRM has erased: also one that we never heard of leaves a tombstone, so that late events of it stay ignored.
 * @returns how many events were of another account, and dropped
 */
async function eraseNamed({ db, clock }: JobContext, crm: string, own: string | null): Promise<number> {
  let dropped = 0;
  for (;;) {
    const { looked, ours, foreign } = await peekInbox(db, { crm, own, kind: 'erasure', limit: ERASED_AT_ONCE });
    if (looked === 0) return dropped;
    dropped += foreign;
    const now = clock.now();
    const gone = ours.map(({ object, id }) => ({ kind: 'gone' as const, ref: { object, id }, erased: true }));
    await db.transaction().execute((tx) => ensureRecords(tx, crm, ours, now));
    await saveFetchedRecords(db, gone, { crm, now, askedAt: now, erases: true });
    await deleteInboxEvents(db, ours);
    if (looked < ERASED_AT_ONCE) return dropped;
  }
}
