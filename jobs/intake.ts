// Intake: what CRMs have sent (the inbox) becomes dirty marks, and what sites have sent becomes activities. An event says only that
// something is to be read again, so that its order and its repetitions do not matter.
import type { CrmConnector } from '../connectors/connector.ts';
import { chunksOf } from '../src/domain/chunks.ts';
import { knownAccount } from '../src/store/accounts.ts';
import { ensureRecords } from '../src/store/ensure-records.ts';
import { takeFetched } from '../src/store/fetched-leads.ts';
import { haltInForce } from '../src/store/halts.ts';
import { dropEvents, noteTaken, type WaitingEvent, waitingEvents } from '../src/store/inbox.ts';
import { markPushed } from '../src/store/pushed-records.ts';
import type { JobContext, MappedCrm } from './context.ts';
import { withHalts } from './failure-policy.ts';
import { matchSiteEvents } from './match-site-events.ts';
import { takeNamedItems } from './named-items.ts';
import { ownAccount } from './own-account.ts';

const CHUNK = 2_000;

export async function intake(context: JobContext): Promise<void> {
  for (const mapped of context.crms.values()) {
    if (context.signal.aborted) return;
    await takeEvents(context, mapped);
  }
  await matchSiteEvents(context);
}

async function takeEvents(context: JobContext, mapped: MappedCrm): Promise<void> {
  const { db, log } = context;
  const crm = mapped.connector.id;
  const [first] = await waitingEvents(db, { crm, kinds: ['record', 'erasure', 'item'], limit: 1 });
  if (first === undefined) return;
  const own = await accountOf(context, mapped.connector);
  if (own === undefined) return;
  const isOurs = (event: WaitingEvent) => own === null || event.account === own;
  let others = await takeRecords(context, crm, isOurs);
  await unlessReadingHalted(context, crm, async () => {
    others += await takeNamedItems(context, mapped, isOurs);
  });
  if (others > 0) log.warn({ crm, events: others }, `${crm}: events of another account were dropped`);
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
async function takeRecords(
  context: JobContext,
  crm: string,
  isOurs: (event: WaitingEvent) => boolean,
): Promise<number> {
  const { db, clock, signal, quietMs } = context;
  let others = 0;
  for (;;) {
    const events = await waitingEvents(db, { crm, kinds: ['record', 'erasure'], limit: CHUNK });
    const foreign = events.filter((event) => !isOurs(event));
    await dropEvents(db, foreign);
    others += foreign.length;
    const { record: marked = [], erasure: erased = [] } = Object.groupBy(events.filter(isOurs), ({ kind }) => kind);
    const now = clock.now();
    await db.transaction().execute(async (tx) => {
      await markPushed(tx, crm, marked, { now, quietMs });
      await noteTaken(tx, marked, now);
    });
    await eraseNamed(context, crm, erased);
    if (events.length > 0) await context.ring('refresh', { crm });
    if (events.length < CHUNK || signal.aborted) return others;
  }
}

/** A person whom the CRM has erased: also one that we never heard of leaves a tombstone, so that late events of it stay ignored. */
async function eraseNamed({ db, clock }: JobContext, crm: string, events: readonly WaitingEvent[]): Promise<void> {
  for (const chunk of chunksOf(events, 100)) {
    const now = clock.now();
    const gone = chunk.map(({ object, id }) => ({ kind: 'gone' as const, ref: { object, id }, erased: true }));
    await db.transaction().execute((tx) => ensureRecords(tx, crm, chunk, now));
    await takeFetched(db, gone, { crm, now, askedAt: now, erases: true });
    await noteTaken(db, chunk, now);
  }
}
