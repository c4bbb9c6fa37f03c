// Intake: what CRMs have sent (the inbox) becomes dirty marks, and what sites have sent becomes activities. An event says only that
// something is to be read again, so that its order and its repetitions do not matter.
import type { CrmConnector } from '../connectors/connector.ts';
import { knownAccount } from '../src/store/accounts.ts';
import { ensureRecords } from '../src/store/ensure-records.ts';
import { takeFetched } from '../src/store/fetched-leads.ts';
import { haltInForce } from '../src/store/halts.ts';
import { dropEvents, isAnythingWaiting, noteTaken, waitingEvents } from '../src/store/inbox.ts';
import { takeMarks } from '../src/store/inbox-marks.ts';
import type { JobContext, MappedCrm } from './context.ts';
import { withHalts } from './failure-policy.ts';
import { matchSiteEvents } from './match-site-events.ts';
import { takeNamedItems } from './named-items.ts';
import { ownAccount } from './own-account.ts';

/** The more at a time, the more of a storm is one mark a contact. */
const CHUNK = 10_000;
/** Chunks of one CRM in a run: in a storm the others are not kept waiting for its end. */
const MOST_CHUNKS = 3;
const ERASED_AT_ONCE = 100;

export async function intake(context: JobContext): Promise<void> {
  // First: whoever did something on the site just now does not wait for a storm.
  await matchSiteEvents(context);
  for (const mapped of context.crms.values()) {
    if (context.signal.aborted) return;
    await takeEvents(context, mapped);
  }
}

async function takeEvents(context: JobContext, mapped: MappedCrm): Promise<void> {
  const { db, log } = context;
  const crm = mapped.connector.id;
  if (!(await isAnythingWaiting(db, crm))) return;
  const own = await accountOf(context, mapped.connector);
  if (own === undefined) return;
  let foreign = await takeRecords(context, crm, own);
  await unlessReadingHalted(context, crm, async () => {
    foreign += await takeNamedItems(context, mapped, own);
  });
  if (foreign > 0) log.warn({ crm, events: foreign }, `${crm}: events of another account were dropped`);
}

/** Null: nobody can tell. Undefined: the CRM must be asked and does not answer; until it does, nobody knows whose events these are. */
async function accountOf(context: JobContext, connector: CrmConnector): Promise<string | null | undefined> {
  const known = await knownAccount(context.db, connector.id);
  if (known !== null) return known;
  let account: string | null | undefined;
  await unlessReadingHalted(context, connector.id, async () => {
    account = await ownAccount(context, connector);
  });
  return account;
}

/** @returns whether the work came to its end */
async function unlessReadingHalted(context: JobContext, crm: string, work: () => Promise<void>): Promise<boolean> {
  if (await haltInForce(context.db, crm, 'read', context.clock.now())) return false;
  return withHalts(context, { crm, side: 'read' }, work, (delayMs) => context.ring('intake', {}, { delayMs }));
}

/**
 * Marks and erasures need nobody but our own store.
 * @returns how many events were of another account, and dropped
 */
async function takeRecords(context: JobContext, crm: string, own: string | null): Promise<number> {
  const { db, clock, signal, quietMs } = context;
  let foreign = await eraseNamed(context, crm, own);
  for (let chunk = 1; !signal.aborted; chunk++) {
    const taken = await takeMarks(db, { crm, own, limit: CHUNK, now: clock.now(), quietMs });
    foreign += taken.foreign;
    if (taken.marked > 0) await context.ring('refresh', { crm });
    if (taken.looked < CHUNK) break;
    if (chunk < MOST_CHUNKS) continue;
    await context.ring('intake', {});
    break;
  }
  return foreign;
}

/** A person whom the CRM has erased: also one that we never heard of leaves a tombstone, so that late events of it stay ignored. */
async function eraseNamed({ db, clock }: JobContext, crm: string, own: string | null): Promise<number> {
  let foreign = 0;
  for (;;) {
    const events = await waitingEvents(db, { crm, kind: 'erasure', limit: ERASED_AT_ONCE });
    const ours = events.filter(({ account }) => own === null || account === own);
    const others = events.filter((event) => !ours.includes(event));
    await dropEvents(db, others);
    foreign += others.length;
    const now = clock.now();
    const gone = ours.map(({ object, id }) => ({ kind: 'gone' as const, ref: { object, id }, erased: true }));
    await db.transaction().execute((tx) => ensureRecords(tx, crm, ours, now));
    await takeFetched(db, gone, { crm, now, askedAt: now, erases: true });
    await noteTaken(db, ours, now);
    if (events.length < ERASED_AT_ONCE) return foreign;
  }
}
